"""The metrics hook's handler: ECS asks whether metrics and alarms hold under traffic.

Invoked by ECS at POST_PRODUCTION_TRAFFIC_SHIFT or a stage before it, and again until it answers
SUCCEEDED or FAILED. It never raises and never outlives its function: outside the guard only the
standard library is used.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from testgate.hook.guard import guarded

if TYPE_CHECKING:
    from testgate.hook.flow import Call, Hook


def _metrics(environment: Mapping[str, str], call: "Call") -> "Hook":
    from testgate.hook.metrics import metrics_from_environment

    return metrics_from_environment(environment, call)


handler = guarded(_metrics)
