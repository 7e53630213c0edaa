"""What the state machine's steps tell when they are entered: for people who watch a gate run.

Nothing rests on it; what cannot be read is as if it had not been told. The other states follow from
the plan's shape and from the shards' progress. Standard library only; imported by Prepare, Judge
and the dashboard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from testgate.core.binding import Question
from testgate.core.layout import RunPlace, place_of
from testgate.core.plan import MAX_RUNS, Plan
from testgate.core.progress import read_moment
from testgate.core.storing import cap_sentence

STATE_SCHEMA = "testgate.state/1"


class Told(Enum):
    """What is told, as its key spells it: Prepare has begun, its plan is ready, Judge has begun."""

    PREPARE = "prepare"
    READY = "ready"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Prepare has been entered: whose gate run it is, and since when. `waits_for` is the sentence
    by which its last look at green was not the last."""

    place: RunPlace
    stage: str
    at: datetime
    waits_for: str = ""

    def spell(self) -> dict[str, object]:
        """The JSON that is stored."""
        return {
            "schema": STATE_SCHEMA,
            "cluster": self.place.cluster,
            "service": self.place.service,
            "deployment_id": self.place.deployment_id,
            "run_name": self.place.run_name,
            "stage": self.stage,
            "at": self.at.isoformat(),
            "waits_for": self.waits_for,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Prepare has left with a plan: its waves of suites, each with its number of shards."""

    gate: str
    waves: tuple[tuple[tuple[str, int], ...], ...]
    asks_identity: bool
    deadline: datetime

    def spell(self) -> dict[str, object]:
        """The JSON that is stored."""
        return {
            "schema": STATE_SCHEMA,
            "gate": self.gate,
            "waves": [
                [{"suite": suite, "shards": shards} for suite, shards in wave]
                for wave in self.waves
            ],
            "asks_identity": self.asks_identity,
            "deadline": self.deadline.isoformat(),
        }


def begun(question: Question, run_name: str, at: datetime, waits_for: str = "") -> Begun:
    """What Prepare tells of a question."""
    place = place_of(question.deployment, run_name)
    return Begun(place=place, stage=question.stage, at=at, waits_for=cap_sentence(waits_for))


def ready(plan: Plan, deadline: datetime, *, asks_identity: bool) -> Ready:
    """What Prepare tells of the plan that it has fixed."""
    waves = tuple(tuple((suite.name, suite.shards) for suite in wave) for wave in plan.waves)
    return Ready(gate=plan.gate, waves=waves, asks_identity=asks_identity, deadline=deadline)


def spell_judging(at: datetime) -> dict[str, object]:
    """What Judge tells."""
    return {"schema": STATE_SCHEMA, "at": at.isoformat()}


def parse_begun(raw: object) -> Begun | None:
    """What Prepare told when it was entered; None of what cannot be read."""
    if not isinstance(raw, Mapping) or raw.get("schema") != STATE_SCHEMA:
        return None
    try:
        return Begun(
            place=RunPlace(
                cluster=str(raw["cluster"]),
                service=str(raw["service"]),
                deployment_id=str(raw["deployment_id"]),
                run_name=str(raw["run_name"]),
            ),
            stage=str(raw["stage"]),
            at=read_moment(raw["at"]),
            waits_for=str(raw.get("waits_for") or ""),
        )
    except (KeyError, ValueError):
        return None


def parse_ready(raw: object) -> Ready | None:
    """What Prepare told when it left; None of what cannot be read."""
    if not isinstance(raw, Mapping) or raw.get("schema") != STATE_SCHEMA:
        return None
    try:
        waves = tuple(_wave(wave) for wave in raw["waves"])
        if sum(shards for wave in waves for _, shards in wave) > MAX_RUNS:
            return None
        return Ready(
            gate=str(raw["gate"]),
            waves=waves,
            asks_identity=raw["asks_identity"] is True,
            deadline=read_moment(raw["deadline"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _wave(raw: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((str(each["suite"]), int(each["shards"])) for each in raw)
