"""What the steps of the state machine hand each other; only keys and counts travel.

Each shape is parsed and spelled here, so that no step guesses another's keys. Standard library
only; imported by state_machines/steps.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from testgate.core.errors import InputError
from testgate.core.evidence import Crash, Run
from testgate.core.fence import Fence, parse_fence
from testgate.core.plan import Suite

TASK_MARGIN_S = 90  # a shard's download, start, grace stop and upload, besides its own time
MAX_CAUSE_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRef:
    """The execution that a step runs in, from the state machine's context object."""

    arn: str
    name: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What every shard of a gate run is told. `variables` become its environment; `judged_on` is
    the day by which quarantine counts. `host`, the headers and the fence are for the relay alone,
    because a header's value may be a credential. `durations`: of each suite in shards, the digest
    of how long its tests took, where that is known; picked once, so that all shards see the same.
    `expected_s`: how long other suites took when they last passed.
    """

    input_digest: str
    plan_digest: str
    prefix: str
    base_url: str
    deadline: datetime
    judged_on: date
    variables: Mapping[str, str]
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fence: Fence = field(default_factory=Fence)
    durations: Mapping[str, str] = field(default_factory=dict)
    expected_s: Mapping[str, float] = field(default_factory=dict)

    def spell(self) -> dict[str, object]:
        """As it travels."""
        return {
            "input_digest": self.input_digest,
            "plan_digest": self.plan_digest,
            "prefix": self.prefix,
            "base_url": self.base_url,
            "deadline": spell_time(self.deadline),
            "judged_on": self.judged_on.isoformat(),
            "variables": dict(self.variables),
            "host": self.host,
            "headers": dict(self.headers),
            "fence": self.fence.spell(),
            "durations": dict(self.durations),
            "expected_s": dict(self.expected_s),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which run of which shard is asked for; its suite stands in the plan."""

    run: Run
    context: RunContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One shard to run."""

    suite: Suite
    run: Run
    context: RunContext


def spell_due(suite: Suite, shard: int) -> dict[str, object]:
    """One item of a wave. The suite itself stays in the plan, which may be long."""
    return {
        "suite": suite.name,
        "shard": shard,
        "attempt": 1,
        "task_timeout_s": suite.timeout_s + TASK_MARGIN_S,
    }


def parse_execution(raw: Mapping[str, Any]) -> ExecutionRef:
    """The `execution` of a step's event. Raises KeyError, ValueError."""
    return ExecutionRef(
        arn=str(raw["arn"]), name=str(raw["name"]), started_at=parse_time(raw["started_at"])
    )


def parse_order(raw: Mapping[str, Any]) -> Order:
    """The event of run_suite. Raises InputError, KeyError, ValueError."""
    due = raw["due"]
    return Order(
        run=Run(
            suite=str(due["suite"]),
            shard=int(due["shard"]),
            attempt=int(due["attempt"]),
            retry=int(raw["retry"]),
        ),
        context=parse_context(raw["run"]),
    )


def parse_context(raw: Mapping[str, Any]) -> RunContext:
    """A run context as it travels. Raises InputError, KeyError, ValueError."""
    return RunContext(
        input_digest=raw["input_digest"],
        plan_digest=raw["plan_digest"],
        prefix=raw["prefix"],
        base_url=raw["base_url"],
        deadline=parse_time(raw["deadline"]),
        judged_on=date.fromisoformat(raw["judged_on"]),
        variables=dict(raw["variables"]),
        host=raw["host"],
        headers=dict(raw["headers"]),
        fence=parse_fence(raw["fence"]),
        durations=dict(raw.get("durations", {})),  # of a stack that is being updated
        expected_s=dict(raw.get("expected_s", {})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where evidence lies (its run spells the key), and its digest: nothing else counts there."""

    run: Run
    digest: str

    def spell(self) -> dict[str, object]:
        """What run_suite answers."""
        return {
            "suite": self.run.suite,
            "shard": self.run.shard,
            "attempt": self.run.attempt,
            "retry": self.run.retry,
            "evidence": self.digest,
        }


def flat_results(nested: object) -> list[Any]:
    """The results of all shards: waves, shards and attempts nest them in lists."""
    if not isinstance(nested, list):
        return [nested]
    return [result for inner in nested for result in flat_results(inner)]


def parse_result(raw: object) -> Pointer | Crash:
    """One entry of the results: a pointer to evidence, or a crash. Raises InputError."""
    if not isinstance(raw, dict):
        raise InputError(
            f"a result is {repr(raw)[:200]}, expected a pointer to evidence or a crash"
        )
    try:
        run = Run(
            suite=str(raw["suite"]),
            shard=int(raw["shard"]),
            attempt=int(raw["attempt"]),
            retry=int(raw.get("retry", 0)),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise InputError(f"a result cannot be read: {exc!r}") from exc
    if "crash" not in raw:
        return Pointer(run=run, digest=str(raw.get("evidence", "")))
    error, cause = read_error(raw["crash"])
    return Crash(run=run, error=error, cause=cause)


def read_error(raw: object) -> tuple[str, str]:
    """Error name and readable cause of what a Catch put into the state.

    A Lambda function's cause is JSON with `errorMessage` (documented for `lambda:invoke`).
    """
    if not isinstance(raw, dict):
        return "unknown", ""
    cause = str(raw.get("Cause", ""))
    try:
        parsed = json.loads(cause)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict) and isinstance(parsed.get("errorMessage"), str):
        cause = parsed["errorMessage"]
    return str(raw.get("Error", "unknown")), cause.strip()[:MAX_CAUSE_CHARS]


def parse_json_object(text: str | None) -> dict[str, Any]:
    """An execution's input or output, which AWS hands over as text. Raises InputError."""
    try:
        value = json.loads(text or "null")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InputError("the execution's input is not a JSON object")
    return value


def spell_time(moment: datetime) -> str:
    """RFC 3339 in UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """An aware moment. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
