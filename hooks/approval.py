"""The approval hook's handler: ECS asks whether somebody has approved a revision.

Invoked by ECS at POST_TEST_TRAFFIC_SHIFT or another stage, and again until it answers SUCCEEDED or
FAILED. It never raises and never outlives its function: outside the guard only the standard library
is used.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from testgate.hook.guard import guarded

if TYPE_CHECKING:
    from testgate.hook.flow import Call, Hook


def _approval(environment: Mapping[str, str], call: "Call") -> "Hook":
    from testgate.hook.approval import approval_from_environment

    return approval_from_environment(environment, call)


handler = guarded(_approval)
