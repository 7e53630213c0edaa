"""What a search has met: how schedules ended, what disturbed them, what nobody could see.

Counts only; printed by the soak and the property test.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from testgate.core.events import GATED_STAGES
from tests.schedules.expectations import must_pass
from tests.schedules.oracle import earned
from tests.schedules.reading import said
from tests.schedules.schedule import (
    Act,
    ApiFault,
    Behaviour,
    Disturbance,
    EventQuirk,
    HandBack,
    HookQuirk,
    InvokeFault,
    Lag,
)
from tests.schedules.simulate import Happened


@dataclass(slots=True)
class Tally:
    """Grows with each schedule."""

    schedules: int = 0
    deployments: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    disturbances: Counter[str] = field(default_factory=Counter)
    behaviours: Counter[str] = field(default_factory=Counter)
    had_to_pass: int = 0
    unseen: int = 0  # passes while another revision served a suite and nobody looked
    api_calls: int = 0

    def add(self, happened: Happened) -> None:
        """Count one more."""
        self.schedules += 1
        self.api_calls += len(happened.journal.calls)
        self.had_to_pass += must_pass(happened.schedule)
        self.disturbances.update(map(name_of, happened.schedule.disturbances))
        self.behaviours.update(map(str, happened.journal.behaviours))
        for deployment in happened.world.deployments.by_arn.values():
            self.deployments[deployment.status] += 1
        for key, body in happened.world.storage.objects.items():
            if key.endswith("/answer.json"):
                self.verdicts[json.loads(body)["outcome"]] += 1
        self.unseen += _is_unseen(happened)

    def merge(self, other: "Tally") -> None:
        """Count what another search has met."""
        self.schedules += other.schedules
        self.had_to_pass += other.had_to_pass
        self.unseen += other.unseen
        self.api_calls += other.api_calls
        for name in ("deployments", "verdicts", "disturbances", "behaviours"):
            getattr(self, name).update(getattr(other, name))

    @property
    def summary(self) -> str:
        """In one line."""
        return f"{self.schedules} schedules; deployments: {_listed(self.deployments)}"

    def lines(self) -> Iterable[str]:
        """For people."""
        yield f"deployments: {_listed(self.deployments)}"
        yield f"verdicts: {_listed(self.verdicts)}"
        yield f"nothing spoke against {self.had_to_pass} schedules, and all of them passed"
        yield f"another revision served while nobody looked, and it passed: {self.unseen}"
        yield f"{self.api_calls} API calls; disturbances: {_listed(self.disturbances)}"
        yield f"runs of suites: {_listed(self.behaviours)}"


def name_of(disturbance: Disturbance) -> str:
    """What kind of disturbance it is."""
    match disturbance:
        case ApiFault() | InvokeFault():
            return f"{disturbance.function.value} {disturbance.kind.value}"
        case HookQuirk():
            return f"call {disturbance.kind.value}"
        case HandBack():
            return f"details {disturbance.kind.value}"
        case EventQuirk():
            return f"event {disturbance.kind.value}"
        case Lag():
            return f"lag of {disturbance.service.value}"
        case Act():
            return disturbance.kind.value
        case _:
            return f"outage of {disturbance.service.value}"


def never_seen(tally: Tally) -> list[str]:
    """The behaviours of suites that no schedule has had."""
    return sorted(set(map(str, Behaviour)) - set(tally.behaviours))


def _is_unseen(happened: Happened) -> bool:
    return any(
        said(call) == "SUCCEEDED"
        and call.mode == "enforce"
        and call.stage in GATED_STAGES
        and earned(
            happened,
            happened.world.deployments.by_arn[call.deployment],
            call.stage,
            call.ended_s,
        ).unseen
        for call in happened.journal.hook_calls
    )


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))
