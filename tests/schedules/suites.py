"""`run_suite` as a model: no process, but the evidence that its real runner would leave.

Each behaviour is one way in which a suite, its function or its runner can end. The model knows what
was honest, which the verdict must find out. Imported by the simulation alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from testgate.aws.plans import load_plan
from testgate.aws.s3 import JSON_TYPE, Bucket
from testgate.core.balancing import digest_of_ids
from testgate.core.canonical import digest_of
from testgate.core.deadlines import remaining_s
from testgate.core.errors import RunnerError
from testgate.core.evidence import Collected, Evidence, RelayCounts, Run, TestResult
from testgate.core.handoff import Pointer, Task, parse_order, spell_time
from testgate.core.layout import suite_bundle_key
from testgate.core.outcomes import Outcome
from testgate.core.storing import to_json_bytes
from testgate.runner.suite import may_try_again
from tests.schedules.asking import answer_inquiry
from tests.schedules.aws.caller import Caller
from tests.schedules.aws.storage import S3Client
from tests.schedules.journal import SuiteFact
from tests.schedules.kernel import KilledError
from tests.schedules.leavings import LEFT, MIN_TESTS, Left
from tests.schedules.schedule import Behaviour, SuiteSpec
from tests.schedules.wire import BUCKET
from tests.schedules.world import World

_HONEST = frozenset(
    {
        Behaviour.PASSES,
        Behaviour.FLAKY,
        Behaviour.FLOODS,
        Behaviour.FORGES_OTHERS,
        Behaviour.ASKS_NOBODY,  # by its own tests; whether its suite asked green is another thing
    }
)
_LONG = 300_000
_GRACE_S = 10.0


_OTHER_DIGEST = "sha256:" + "0" * 64


class SuiteModel:
    """Runs suites of a world; counts the runs of each."""

    def __init__(self, world: World, specs: Mapping[str, SuiteSpec]) -> None:
        self._world = world
        self._specs = specs
        self._runs: Counter[str] = Counter()

    def run(self, caller: Caller, event: Any) -> Any:
        """The function's answer. Raises what its handler would, KilledError where it dies."""
        if "inquiry" in event:
            return answer_inquiry(self._world, caller, event)
        order = parse_order(event)
        bucket = Bucket(S3Client(caller, self._world.storage), BUCKET)
        suite = load_plan(bucket, order.context.plan_digest).suite(order.run.suite)
        task = Task(suite=suite, run=order.run, context=order.context)
        spec = self._specs[suite.name]
        nth = self._runs[spec.name]
        self._runs[spec.name] += 1
        behaviour = spec.behaviours[min(nth, len(spec.behaviours) - 1)]
        self._world.journal.behaviours.append(behaviour)
        self._world.note(f"suite {spec.name} ({task.run.path}) {behaviour}")
        return _OneRun(self._world, caller, bucket, task, spec, behaviour).go()


@dataclass(frozen=True, slots=True)
class _OneRun:
    world: World
    caller: Caller
    bucket: Bucket
    task: Task
    spec: SuiteSpec
    behaviour: Behaviour

    def go(self) -> Any:
        self.bucket.get(suite_bundle_key(self.task.suite.bundle))
        if self.behaviour is Behaviour.BUNDLE_MISSING:
            raise RunnerError("the suite's bundle is missing or cannot be read")
        began_s, began = self.world.kernel.now_s, self.world.kernel.now()
        allowed_s = min(self.task.suite.timeout_s, remaining_s(self.task.context.deadline, began))
        self._take_time(allowed_s)
        left = self._left(allowed_s)
        honest = self.behaviour in _HONEST and not left.timed_out
        fact = SuiteFact(
            execution=self.caller.execution,
            suite=self.spec.name,
            shard=self.task.run.shard,
            attempt=self.task.run.attempt,
            behaviour=self.behaviour,
            began_s=began_s,
            ended_s=self.world.kernel.now_s,
            honest_pass=honest,
            asked_green=bool(left.requests),
            ended_badly=left.ended_badly,
        )
        self.world.journal.suites.append(fact)
        evidence = self._evidence(left, spell_time(began), allowed_s)
        try:
            return self._answer(evidence)
        finally:
            if self.world.storage.objects.get(self._key) == to_json_bytes(evidence.spell()):
                fact.told_s = self.world.kernel.now_s

    def _take_time(self, allowed_s: float) -> None:
        match self.behaviour:
            case Behaviour.FREEZES:
                self.caller.sleep(float("inf"))
            case Behaviour.HANGS:
                self.caller.sleep(allowed_s)
            case Behaviour.HANGS_UNKILLABLE:
                self.caller.sleep(allowed_s + _GRACE_S)
            case Behaviour.OUT_OF_MEMORY:
                self.caller.sleep(self.spec.seconds / 2)
                raise KilledError
            case Behaviour.RAISES:
                self.caller.sleep(self.spec.seconds / 2)
                raise ValueError("the runner broke")
            case _:
                self.caller.sleep(min(self.spec.seconds, allowed_s))

    @property
    def _key(self) -> str:
        return f"{self.task.context.prefix}evidence/{self.task.run.path}/evidence.json"

    def _left(self, allowed_s: float) -> Left:
        if self.behaviour is Behaviour.HANGS_UNKILLABLE:
            return Left(None, (), "there is none", timed_out=True)
        if self.behaviour is Behaviour.HANGS or self.spec.seconds > allowed_s:
            return Left(
                2, (Outcome.PASSED,), "pytest was interrupted before its end", timed_out=True
            )
        return LEFT.get(self.behaviour, Left())

    def _evidence(self, left: Left, started_at: str, allowed_s: float) -> Evidence:
        relay = None
        if left.requests is not None and self.spec.blocking:
            statuses = {"200": left.requests} if left.requests else {}
            relay = RelayCounts(requests=left.requests, statuses=statuses)
        return Evidence(
            run=self.task.run,
            input_digest=self.task.context.input_digest,
            plan_digest=self.task.context.plan_digest,
            exit_code=left.exit_code,
            timed_out=left.timed_out,
            report_problem=left.problem,
            tests=tuple(
                TestResult(name=self._test(0 if left.one_name else index), outcome=outcome)
                for index, outcome in enumerate(left.outcomes)
            ),
            collected=self._collected(),
            started_at=started_at,
            ended_at=spell_time(self.world.kernel.now()),
            allowed_s=float(allowed_s),
            output_tail=left.output,
            relay=relay,
        )

    def _test(self, index: int, shard: int | None = None) -> str:
        return f"test_{shard or self.task.run.shard}_{index}"

    def _collected(self) -> Collected:
        """Every shard collects all tests; each runs its own."""
        shards = self.task.suite.shards
        ids = [self._test(i, shard) for shard in range(1, shards + 1) for i in range(MIN_TESTS)]
        return Collected(digest=digest_of_ids(ids), total=len(ids), selected=MIN_TESTS)

    def _answer(self, evidence: Evidence) -> Any:
        answers: Mapping[Behaviour, Callable[[], Any]] = {
            Behaviour.ANSWERS_NOTHING: lambda: None,
            Behaviour.ANSWERS_TEXT: lambda: "passed",
            Behaviour.ANSWERS_TOO_MUCH: lambda: "x" * _LONG,
            Behaviour.ANSWERS_PASSED: lambda: {"outcome": "passed", "sentence": "3 of 3 passed"},
            Behaviour.NO_EVIDENCE: lambda: self._pointer(evidence),
            Behaviour.OTHER_EVIDENCE: lambda: self._stored_otherwise(evidence),
            Behaviour.FORGED_FIRST: lambda: self._forged(evidence),
            Behaviour.FORGES_OTHERS: lambda: self._forged_others(evidence),
            Behaviour.POINTS_TO_OTHER_SUITE: lambda: self._pointed_elsewhere(evidence),
        }
        changes: Mapping[Behaviour, dict[str, Any]] = {
            Behaviour.EVIDENCE_OF_OTHER_PLAN: {"plan_digest": _OTHER_DIGEST},
            Behaviour.EVIDENCE_OF_OTHER_QUESTION: {"input_digest": _OTHER_DIGEST},
            Behaviour.EVIDENCE_OF_OTHER_RUN: {"run": replace(evidence.run, attempt=2)},
        }
        if self.behaviour in answers:
            return answers[self.behaviour]()
        changed = replace(evidence, **changes.get(self.behaviour, {}))
        return self._stored(changed)

    def _stored(self, evidence: Evidence) -> Any:
        """As run_suite stores: files first, each once."""
        prefix = f"{self.task.context.prefix}evidence/{self.task.run.path}/"
        self.bucket.put_once(f"{prefix}junit.xml", b"<testsuites/>", "application/xml")
        self.bucket.put_once(f"{prefix}output.txt", b"", "text/plain")
        self.bucket.put_once(f"{prefix}evidence.json", to_json_bytes(evidence.spell()), JSON_TYPE)
        return self._pointer(evidence)

    def _pointer(self, evidence: Evidence, run: Run | None = None) -> Any:
        digest = digest_of(to_json_bytes(evidence.spell()))
        again = may_try_again(self.task, evidence, self.world.kernel.now())
        return Pointer(run=run or self.task.run, digest=digest).spell() | {"again": again}

    def _stored_otherwise(self, evidence: Evidence) -> Any:
        self._stored(evidence)
        return self._pointer(replace(evidence, output_tail="another"))

    def _forged(self, evidence: Evidence) -> Any:
        """The suite, whose process could reach the bucket, was there first."""
        self._forge(evidence, self.task.run)
        return self._stored(evidence)

    def _forged_others(self, evidence: Evidence) -> Any:
        for name in self.world.suite_names:
            if name != self.spec.name:
                self._forge(evidence, replace(self.task.run, suite=name))
        return self._stored(evidence)

    def _forge(self, evidence: Evidence, run: Run) -> None:
        passing = replace(self._evidence(Left(), evidence.started_at, 300), run=run)
        key = f"{self.task.context.prefix}evidence/{run.path}/evidence.json"
        self.world.storage.objects.setdefault(key, to_json_bytes(passing.spell()))

    def _pointed_elsewhere(self, evidence: Evidence) -> Any:
        """Its own evidence, under the name of another suite of the plan, or of none."""
        names = sorted(set(self.world.suite_names) - {self.spec.name})
        run = replace(evidence.run, suite=names[0] if names else "other")
        foreign = replace(evidence, run=run)
        key = f"{self.task.context.prefix}evidence/{run.path}/evidence.json"
        self.bucket.put_once(key, to_json_bytes(foreign.spell()), JSON_TYPE)
        return self._pointer(foreign, run)
