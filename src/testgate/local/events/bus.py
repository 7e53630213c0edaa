"""The default event bus: AWS's events go to its rules, each in the background, as on AWS.

What may happen to events on AWS (late, twice, never) happens here on demand. Assembled by
`testgate.local.world`.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from moto.core import DEFAULT_ACCOUNT_ID
from moto.events.models import events_backends

from testgate.local.clock import Clock
from testgate.local.ecs.control_plane import EcsControlPlane
from testgate.local.events import targets
from testgate.local.events.shapes import Event, deployment_event, execution_event
from testgate.local.lambdas import LambdaHost
from testgate.local.moto import execution_changes
from testgate.local.rights import Authority

_log = logging.getLogger(__name__)
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFaults:
    """What befalls the events of AWS's services: `copies` 0 loses them, 2 doubles them; `delay_s`
    is nominal, by the local AWS's clock."""

    copies: int = 1
    delay_s: float = 0.0


class LocalEvents:
    """Puts events of Step Functions and ECS on the default bus, and serves its Lambda targets.

    `faults` may be replaced at any time, and counts for events that come later.
    """

    def __init__(
        self, *, host: LambdaHost, authority: Authority, clock: Clock, region: str
    ) -> None:
        self.faults = EventFaults()
        self._host = host
        self._authority = authority
        self._clock = clock
        self._region = region
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._undo: list[Callable[[], None]] = []

    def install(self, ecs: EcsControlPlane) -> None:
        """Listen to executions and deployments until `close`; rules made earlier stay moto's."""
        self._undo.append(targets.install(self._host, self._authority))
        self._undo.append(
            execution_changes.watch(lambda changed: self.publish(execution_event(changed)))
        )
        self._undo.append(
            ecs.subscribe(lambda step: self._publish_if_any(deployment_event(step, ecs.behaviour)))
        )

    def publish(self, event: Event) -> None:
        """Let one event of a service befall the default bus, in the background."""
        faults = self.faults
        for _ in range(faults.copies):
            with self._lock:
                if self._closed.is_set():
                    return
                thread = threading.Thread(
                    target=self._deliver,
                    args=(event, faults.delay_s),
                    name="event-delivery",
                    daemon=True,
                )
                self._threads.add(thread)
                thread.start()

    def settle(self, timeout_s: float = _PATIENCE_S) -> None:
        """Wait until every event published so far has been handed to its targets."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout_s)

    def close(self) -> None:
        """Listen no more, and drop what still waits."""
        for undo in self._undo:
            undo()
        self._undo.clear()
        with self._lock:
            self._closed.set()
        self.settle()

    def _publish_if_any(self, event: Event | None) -> None:
        if event is not None:
            self.publish(event)

    def _deliver(self, event: Event, delay_s: float) -> None:
        try:
            if delay_s and self._clock.wait(self._closed, delay_s):
                return
            bus = events_backends[DEFAULT_ACCOUNT_ID][self._region].event_buses["default"]
            for rule in list(bus.rules.values()):
                rule.send_to_targets(dict(event))
        except Exception:  # noqa: BLE001 - a thread's end; the event is lost, but loudly
            _log.exception("event %s is lost", event["id"])
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
