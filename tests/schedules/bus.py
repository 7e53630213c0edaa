"""EventBridge: what AWS's services tell, delivered to `finish` and `cancel` as the rules say.

Events are lost, late and doubled as the schedule has it; a function that fails is tried twice more,
as asynchronous invocations are. Imported by the simulation alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

from testgate.core.errors import InputError
from tests.schedules.disturbing import Disturbing
from tests.schedules.journal import Journal
from tests.schedules.kernel import Kernel, KilledError
from tests.schedules.schedule import EventQuirkKind, Function

# As the rules of infra/gate.yaml have them; test_simulation.py compares.
STATUSES = ("FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED")
NAMES = (
    "SERVICE_DEPLOYMENT_IN_PROGRESS",
    "SERVICE_DEPLOYMENT_COMPLETED",
    "SERVICE_DEPLOYMENT_FAILED",
    "HOOK_FAILED",
    "HOOK_TIMED_OUT",
)
_DELIVERY_S = 0.4
_AGAIN_S = (60.0, 120.0)
Event = Mapping[str, Any]


class Bus:
    """The default bus; `run` is how it reaches the functions."""

    def __init__(self, kernel: Kernel, disturbing: Disturbing, journal: Journal) -> None:
        self._kernel = kernel
        self._disturbing = disturbing
        self._journal = journal
        self.run: Callable[[Function, Event], Any] = lambda function, event: None

    def publish(self, event: Event) -> None:
        """Deliver to whom a rule names."""
        function = _target(event)
        if function is None:
            return
        quirk = self._disturbing.event()
        told = event["detail"].get("status") or event["detail"].get("eventName")
        if quirk is not None:
            self._journal.note(self._kernel.now_s, f"event {told} is {quirk.kind}")
        kind = quirk.kind if quirk else None
        if kind is EventQuirkKind.LOST:
            return
        late_s = quirk.seconds if quirk and kind is EventQuirkKind.LATE else 0
        for _ in range(2 if kind is EventQuirkKind.DOUBLED else 1):
            self._kernel.spawn(
                f"{function} by event",
                lambda: self._deliver(function, event),
                after_s=_DELIVERY_S + late_s,
            )

    def _deliver(self, function: Function, event: Event) -> None:
        for pause_s in (*_AGAIN_S, None):
            try:
                self.run(function, event)
            except InputError:
                return  # the handler says that there is nothing to do
            except (Exception, KilledError) as exc:  # noqa: BLE001 - as Lambda retries any failure
                self._journal.note(self._kernel.now_s, f"{function} failed: {exc!r}")
            else:
                if function is Function.FINISH:
                    self._journal.finished.append(event["detail"]["executionArn"])
                return
            if pause_s is None:
                return
            self._kernel.sleep(pause_s)


def _target(event: Event) -> Function | None:
    if event["source"] == "aws.states" and event["detail"]["status"] in STATUSES:
        return Function.FINISH
    if event["source"] == "aws.ecs" and event["detail"]["eventName"] in NAMES:
        return Function.CANCEL
    return None
