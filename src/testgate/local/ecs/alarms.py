"""CloudWatch alarms as ECS looks at them: which of a deployment's are in ALARM.

The local CloudWatch evaluates none: a state comes from SetAlarmState, and whoever sees that call
asks here again. Imported by `testgate.local.ecs` alone.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

_CHANGES_A_STATE = frozenset({"SetAlarmState", "PutMetricAlarm", "PutCompositeAlarm"})


class Alarms:
    """`lock` is held from looking until what follows is done, so that no change is missed."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.lock = threading.RLock()
        self._client = client

    def in_alarm(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of `names` that are in ALARM, in their order; unknown names are not (assumed)."""
        if not names:
            return ()
        answer = self._client("cloudwatch").describe_alarms(
            AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        described = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        found = {each["AlarmName"] for each in described if each.get("StateValue") == "ALARM"}
        return tuple(name for name in names if name in found)


def may_change_alarms(operation: str) -> bool:
    """Whether this operation of CloudWatch, by any of its protocols' names for it, can do so."""
    return operation.rpartition("/")[2].rpartition(".")[2] in _CHANGES_A_STATE
