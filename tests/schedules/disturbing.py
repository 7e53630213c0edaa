"""Looks up what a schedule has in store: for the nth call, the nth event, this moment."""

import random
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from tests.schedules.schedule import (
    Act,
    ApiFault,
    ApiFaultKind,
    Disturbance,
    EventQuirk,
    Function,
    HandBack,
    HandBackKind,
    HookQuirk,
    InvokeFault,
    InvokeFaultKind,
    Lag,
    Outage,
    Schedule,
    Service,
)

T = TypeVar("T")
_USUAL_S = 0.02


def _of_type(disturbances: Iterable[Disturbance], kind: type[T]) -> list[T]:
    return [each for each in disturbances if isinstance(each, kind)]


class Disturbing:
    """The disturbances of one schedule, and how far each count has come."""

    def __init__(self, schedule: Schedule) -> None:
        given = schedule.disturbances
        self._api = {(f.function, f.nth): f.kind for f in _of_type(given, ApiFault)}
        self._invoke = {
            (f.function, f.nth + again): f.kind
            for f in _of_type(given, InvokeFault)
            for again in range(f.times)
        }
        self._hook = {quirk.nth: quirk for quirk in _of_type(given, HookQuirk)}
        self._events = {quirk.nth: quirk for quirk in _of_type(given, EventQuirk)}
        self._hand_back = sorted(_of_type(given, HandBack), key=lambda back: back.nth)
        self._lag = {lag.service: lag.seconds for lag in _of_type(given, Lag)}
        self._outages = _of_type(given, Outage)
        self.acts = _of_type(given, Act)
        self.began_s = float("inf")  # when the first hook was asked, from which moments count
        self._counts: Counter[str] = Counter()
        self._random = random.Random(schedule.setup.pace) if schedule.setup.pace else None

    def api_call(self, function: Function) -> tuple[int, ApiFaultKind | None, list[Act]]:
        """Number of this call, what becomes of it, and what somebody does right before it."""
        nth = self._count(f"api {function}")
        acts = [act for act in self.acts if act.function is function and act.at == nth]
        return nth, self._api.get((function, nth)), acts

    def invocation(self, function: Function) -> tuple[int, InvokeFaultKind | None]:
        """Number of this invocation by the state machine, and what becomes of it."""
        nth = self._count(f"invoke {function}")
        return nth, self._invoke.get((function, nth))

    def hook_call(self) -> tuple[int, HookQuirk | None]:
        """Number of this call by ECS, and what is odd about it."""
        nth = self._count("hook")
        return nth, self._hook.get(nth)

    def event(self) -> EventQuirk | None:
        """What is odd about the next event."""
        return self._events.get(self._count("event"))

    def hand_back(self, nth: int) -> HandBackKind:
        """What ECS makes of the answer to the nth call."""
        kinds = [back.kind for back in self._hand_back if back.nth <= nth]
        return kinds[-1] if kinds else HandBackKind.MERGED

    def lag_s(self, service: Service) -> int:
        """How old a service's answers are."""
        return self._lag.get(service, 0)

    def is_out(self, service: Service, at_s: float) -> bool:
        """Whether a service is out of order."""
        return any(
            outage.service is service and 0 <= at_s - self.began_s - outage.at < outage.seconds
            for outage in self._outages
        )

    def latency_s(self) -> float:
        """Half the time of an ordinary API call."""
        if self._random is None:
            return _USUAL_S
        return self._random.choice((0.003, 0.02, 0.05, 0.2, 1.0))

    def _count(self, name: str) -> int:
        self._counts[name] += 1
        return self._counts[name] - 1
