"""The test gate's handler: ECS asks whether a deployment may go on, an execution answers.

Invoked by ECS at POST_TEST_TRAFFIC_SHIFT, and again until it answers SUCCEEDED or FAILED. It never
raises and never outlives its function: outside the guard only the standard library is used.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from testgate.hook.guard import guarded

if TYPE_CHECKING:
    from testgate.hook.flow import Call, Hook


def _gate(environment: Mapping[str, str], call: "Call") -> "Hook":
    from testgate.hook.gate import gate_from_environment

    return gate_from_environment(environment, call)


handler = guarded(_gate)
