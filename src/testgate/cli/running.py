"""A gate, or some suites of it, run against any URL: the same bundles, runner, contract and verdict
as in AWS, without AWS.

Imported by the commands `run`, `repeat` and `publish`.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import wait
from pathlib import Path

from testgate.cli.attempts import Attempt, start_attempt
from testgate.cli.publishing import Publication
from testgate.core.canonical import canonical_json, digest_of
from testgate.core.config import DEFAULT_TIMEOUT_S
from testgate.core.errors import InputError
from testgate.core.evidence import Result, Run
from testgate.core.handoff import RunContext, Task, spell_time
from testgate.core.plan import PARALLEL, Due, Plan, Runner, Suite, shards_of
from testgate.core.progress import Progress
from testgate.core.record import RunFacts, build_rehearsal, suite_times
from testgate.core.verdict import Verdict, judge, refused_so_far
from testgate.runner.remains import fresh_directory
from testgate.runner.suite import GRACE_S

LOOK_S = 0.2

Grants = Mapping[str, Mapping[str, str]]
"""By suite: the variables that hold what its plan only refers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What suites are run against, and what they are told. `jobs` shards run side by side."""

    url: str
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    jobs: int = PARALLEL
    grants: Grants = field(default_factory=dict)
    evidence: Path | None = None  # where to keep what suites leave for people, as the bucket does
    only: tuple[str, ...] = ()  # of one suite, the tests to run


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An attempt at a shard has begun."""

    run: Run
    of_shards: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """How far the shards are that run now."""

    shards: Mapping[Run, Progress]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An attempt at a shard has ended; `again` if another follows."""

    suite: Suite
    result: Result
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """What runs is ended before its time; suites may take `grace_s` to clean up."""

    grace_s: float


Happening = Started | Working | Ended | Interrupted


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of it."""

    verdict: Verdict
    record: Mapping[str, object]
    outputs: Mapping[Run, bytes]


def selected(plan: Plan, names: Sequence[str]) -> Plan:
    """The plan of these suites alone; of all of them if none is named. Raises InputError."""
    known = {suite.name for suite in plan.suites}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(
            *(f"gate {plan.gate!r} has no suite {n!r}; it has {', '.join(known)}" for n in unknown)
        )
    if not names:
        return plan
    waves = (tuple(suite for suite in wave if suite.name in names) for wave in plan.waves)
    # Who asks for an advisory suite alone wants to know of it.
    kept = tuple(wave for wave in waves if wave)
    if not any(suite.blocking for wave in kept for suite in wave):
        kept = tuple(tuple(replace(suite, blocking=True) for suite in wave) for wave in kept)
    return replace(plan, waves=kept)


def with_only(plan: Plan, tests: Sequence[str]) -> Plan:
    """The plan of one suite that runs these tests alone; the plan itself if there are none. Raises
    InputError for more suites, and for one whose framework cannot choose among its tests."""
    if not tests:
        return plan
    if len(plan.suites) != 1:
        raise InputError("a test is of one suite: name it before the test")
    (suite,) = plan.suites
    if suite.runner is Runner.HTTP:
        chosen = tuple(check for check in suite.checks if check.name in tests)
        missing = sorted(set(tests) - {check.name for check in chosen})
        if missing:
            raise InputError(f"suite {suite.name!r} has no check {missing[0]!r}")
        suite = replace(suite, checks=chosen)
    elif suite.framework != "pytest":
        raise InputError(
            f"suite {suite.name!r} is run by {suite.framework}, which is not told which tests to "
            "run: run the whole suite"
        )
    return replace(plan, waves=((replace(suite, min_tests=1, shards=1, thresholds=()),),))


def rehearse(
    publication: Publication,
    names: Sequence[str],
    against: Against,
    tell: Callable[[Happening], None],
) -> Rehearsal:
    """Run it wave by wave, as the state machine does, and judge it as Judge does."""
    plan = with_only(selected(publication.plan, names), against.only)
    started = datetime.now(UTC)
    context = context_of(plan, against, started)
    results, outputs = run_plan(publication.bundles, plan, context, against, tell)
    digest = context.input_digest
    verdict = judge(plan, results, digest, context.judged_on)
    facts = RunFacts(
        execution_arn="",
        started_at=spell_time(started),
        ended_at=spell_time(datetime.now(UTC)),
        deadline=spell_time(context.deadline),
        gate=plan.gate,
        plan_digest=plan.digest,
        plan_by="",
        image="",
        base_url=context.base_url,
        identity={"says": "none: a URL has no revision"},
        suite_times=suite_times(results),
    )
    record = build_rehearsal(verdict, facts, digest)
    return Rehearsal(verdict=verdict, record=record, outputs=outputs)


def run_plan(
    bundles: Mapping[str, bytes],
    plan: Plan,
    context: RunContext,
    against: Against,
    tell: Callable[[Happening], None],
) -> tuple[list[Result], dict[Run, bytes]]:
    """The results of every shard that was worth running, and what each attempt printed."""
    return _Work(bundles=bundles, context=context, against=against, tell=tell).run(plan)


def jobs_of(plan: Plan, against: Against) -> int:
    """How many shards run side by side: never more than in the gate."""
    return min(plan.parallel, against.jobs)


def context_of(plan: Plan, against: Against, started: datetime) -> RunContext:
    """What every shard is told, as Prepare tells it in a deployment."""
    run_id = f"local-{started:%Y%m%d-%H%M%S}-{time.monotonic_ns() % 10**6:06d}"
    # The gate's own time is made for `parallel` shards at once; fewer take longer, and rightly so.
    rounds = -(-plan.parallel // jobs_of(plan, against))
    limit_s = rounds * (plan.timeout_s or DEFAULT_TIMEOUT_S)
    return RunContext(
        input_digest=digest_of(canonical_json({"run": run_id, "url": against.url})),
        plan_digest=plan.digest,
        prefix="",
        base_url=against.url.rstrip("/"),
        deadline=started + timedelta(seconds=limit_s),
        judged_on=started.date(),
        variables=_variables(run_id, against, started + timedelta(seconds=limit_s)),
        host=against.host,
        headers=against.headers,
    )


@dataclass(slots=True, kw_only=True)
class _Work:
    bundles: Mapping[str, bytes]
    context: RunContext
    against: Against
    tell: Callable[[Happening], None]

    def run(self, plan: Plan) -> tuple[list[Result], dict[Run, bytes]]:
        """The results of every shard that was worth running, and what each attempt printed."""
        results: list[Result] = []
        outputs: dict[Run, bytes] = {}
        with fresh_directory() as scratch:
            for number, wave in enumerate(plan.waves):
                on = self.context.judged_on
                if refused_so_far(plan, number, results, on) is not None:
                    break
                due = ((suite, shard) for suite in wave for shard in shards_of(suite))
                results += self._wave(scratch, due, jobs_of(plan, self.against), outputs)
        return results, outputs

    def _wave(
        self, scratch: Path, due: Iterable[tuple[Suite, Due]], jobs: int, outputs: dict[Run, bytes]
    ) -> list[Result]:
        results: list[Result] = []
        waiting = deque((suite, Run(suite=suite.name, shard=one.shard)) for suite, one in due)
        running: list[Attempt] = []
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    running.append(self._start(scratch, *waiting.popleft()))
                wait([at.answer for at in running], timeout=LOOK_S)
                for at in [each for each in running if each.answer.poll() or not each.alive]:
                    running.remove(at)
                    result = at.result(self.against.evidence)
                    results.append(result)
                    outputs[at.run] = at.output()
                    again = at.may_follow(result)
                    self.tell(Ended(suite=at.suite, result=result, again=again))
                    if again:
                        waiting.appendleft((at.suite, replace(at.run, attempt=at.run.attempt + 1)))
                self.tell(Working(shards={at.run: at.progress() for at in running}))
        finally:
            for at in running:
                at.interrupt()
            if running:
                self.tell(Interrupted(grace_s=GRACE_S))
            for at in running:
                at.end()
        return results

    def _start(self, scratch: Path, suite: Suite, run: Run) -> Attempt:
        attempt = start_attempt(
            Task(suite=suite, run=run, context=self.context),
            self.bundles.get(suite.bundle),
            scratch / run.path.replace("/", "_"),
            granted=dict(self.against.grants.get(suite.name, {})),
            only=self.against.only,
        )
        self.tell(Started(run=run, of_shards=suite.shards))
        return attempt


def _variables(run_id: str, against: Against, deadline: datetime) -> dict[str, str]:
    told = {"TESTGATE_RUN_ID": run_id, "TESTGATE_DEADLINE": spell_time(deadline)}
    if against.host:
        told["TESTGATE_TEST_HOST"] = against.host
    return told | {f"TESTGATE_PARAMETER_{name}": text for name, text in against.parameters.items()}
