"""What the hooks of a stage are given: their common context, and the outside of them.

Imported by `testgate.local.ecs` alone.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from testgate.local.clock import Clock
from testgate.local.ecs.behaviour import Behaviour
from testgate.local.ecs.decisions import Weights
from testgate.local.ecs.invoker import HookInvoker, HookResult
from testgate.local.ecs.model import HookRecord, Stage
from testgate.local.ecs.transitions import TransitionKind

# A clock that shortens waits never quite reaches a deadline by waiting for what is left of it.
LEAST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageContext:
    """What every hook event of a stage has in common."""

    stage: Stage
    deployment_arn: str
    service_arn: str
    target_revision_arn: str
    weights: Weights


class Telling(Protocol):
    """Tells subscribers about a hook."""

    def __call__(
        self,
        kind: TransitionKind,
        *,
        hook: HookRecord,
        payload: bytes | None = None,
        answer: HookResult | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPorts:
    """Functions, time, records, subscribers.

    `behaviour` is asked at each step, because it may be changed at any time.
    """

    invoke: HookInvoker
    clock: Clock
    behaviour: Callable[[], Behaviour]
    keep: Callable[[HookRecord], None]
    tell: Telling


@dataclass(frozen=True, slots=True)
class Halt:
    """How hooks learn that a stage is over.

    `stopped`: nobody is called any more. `deaf`: no answer is heard any more either.
    """

    stopped: threading.Event = field(default_factory=threading.Event)
    deaf: threading.Event = field(default_factory=threading.Event)
