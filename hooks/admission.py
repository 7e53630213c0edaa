"""The admission hook's handler: ECS asks whether a revision's images may run at all.

Invoked by ECS at PRE_SCALE_UP, of blue/green and of rolling deployments alike. It never raises and
never outlives its function: outside the guard only the standard library is used.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from testgate.hook.guard import guarded

if TYPE_CHECKING:
    from testgate.hook.flow import Call, Hook


def _admission(environment: Mapping[str, str], call: "Call") -> "Hook":
    from testgate.hook.admission import admission_from_environment

    return admission_from_environment(environment, call)


handler = guarded(_admission)
