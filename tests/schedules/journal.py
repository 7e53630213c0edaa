"""What happened in one simulation, as facts for the invariants; and a trace for readers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.schedules.schedule import Behaviour


@dataclass(slots=True, kw_only=True)
class HookCallFact:
    """One call of the hook. `answer` is None while it runs, or if the function died."""

    deployment: str
    stage: str
    mode: str
    nth: int
    began_s: float
    ended_s: float = 0.0
    answer: Mapping[str, Any] | None = None
    raised: str = ""
    heard: bool = False


@dataclass(slots=True, kw_only=True)
class GateWait:
    """A stage of a deployment that waited for its hooks. `how` is what ended it."""

    deployment: str
    stage: str
    mode: str
    began_s: float
    ended_s: float | None = None
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFact:
    """One run of a suite that went to its own end, as it really was. `asked_green` says that its
    requests were counted, and that there were some."""

    execution: str
    suite: str
    shard: int
    behaviour: Behaviour
    began_s: float
    ended_s: float
    honest_pass: bool
    asked_green: bool


@dataclass(slots=True, kw_only=True)
class Look:
    """A function looked at the load balancer on behalf of an execution. `shown` is what it was
    told: the groups that a rule leads to, or the revisions of a group's targets. `heard` says that
    the execution got the function's answer."""

    execution: str
    about: str
    shown: frozenset[str]
    at_s: float
    heard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """From then on, requests to the rules were served by these revisions."""

    since_s: float
    test: frozenset[str]
    production: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFact:
    """A function asked to stop an execution that was running."""

    by: str
    execution: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One call to an AWS API."""

    function: str
    nth: int
    operation: str
    fault: str
    at_s: float


@dataclass(slots=True)
class Journal:
    """Filled by the simulation."""

    hook_calls: list[HookCallFact] = field(default_factory=list)
    waits: list[GateWait] = field(default_factory=list)
    suites: list[SuiteFact] = field(default_factory=list)
    behaviours: list[Behaviour] = field(default_factory=list)  # of suites that were begun
    looks: list[Look] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    stops: list[StopFact] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    emitted: list[Mapping[str, Any]] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)  # executions that `finish` dealt with
    writes: list[tuple[float, str, str, bool]] = field(default_factory=list)
    continue_seen: set[str] = field(default_factory=set)
    trace: list[tuple[float, str]] = field(default_factory=list)

    def note(self, at_s: float, text: str) -> None:
        """One line of the trace."""
        self.trace.append((at_s, text))

    def spell_trace(self) -> str:
        """The trace as it is printed beside a broken invariant."""
        return "\n".join(f"{at_s:9.2f} s  {text}" for at_s, text in self.trace)
