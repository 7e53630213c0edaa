"""What happens in deployments, told to subscribers at the moment it happens.

For live progress, events and tests that act at a named moment. Imported by `testgate.local`.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from testgate.local.ecs.invoker import HookResult
from testgate.local.ecs.model import DeploymentStatus, HookRecord, Stage

_log = logging.getLogger(__name__)


class TransitionKind(StrEnum):
    STATUS_CHANGED = "STATUS_CHANGED"
    STAGE_ENTERED = "STAGE_ENTERED"
    TRAFFIC_SHIFTED = "TRAFFIC_SHIFTED"
    HOOK_CHANGED = "HOOK_CHANGED"
    HOOK_CALLED = "HOOK_CALLED"
    HOOK_ANSWERED = "HOOK_ANSWERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentTransition:
    """One step of a deployment; the hook members are set for the HOOK_ kinds.

    `payload` is what the hook was called with, `answer` what came back. `ecs_deployment_id` is the
    `ecs-svc/…` of the target revision.
    """

    kind: TransitionKind
    at: datetime
    service_arn: str
    deployment_arn: str
    status: DeploymentStatus
    stage: Stage | None
    status_reason: str | None = None
    hook: HookRecord | None = None
    payload: bytes | None = None
    answer: HookResult | None = None
    ecs_deployment_id: str = ""


Subscriber = Callable[[DeploymentTransition], None]


class Transitions:
    """Subscribers are called in the thread of the deployment, which waits for them.

    They may call the API, also for the same deployment. What they raise is logged and ignored.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Returns: a function that ends the subscription."""
        with self._lock:
            self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with self._lock:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

        return unsubscribe

    def emit(self, transition: DeploymentTransition) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber(transition)
            except Exception:  # noqa: BLE001 - a watcher must not change a deployment
                _log.exception("a subscriber failed on %s", transition.kind)
