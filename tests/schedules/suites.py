"""`run_suite` as a model: no process, but the evidence that its real runner would leave.

Each behaviour is one way in which a suite, its function or its runner can end. The model knows what
was honest, which the verdict must find out. Imported by the simulation alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from testgate.aws.s3 import JSON_TYPE, Bucket, to_json_bytes
from testgate.core.canonical import digest_of
from testgate.core.deadlines import remaining_s
from testgate.core.errors import RunnerError
from testgate.core.evidence import Evidence, RelayCounts, Run, TestResult
from testgate.core.handoff import Pointer, Task, parse_task, spell_time
from testgate.core.layout import suite_bundle_key
from testgate.core.outcomes import Outcome
from tests.schedules.aws.caller import Caller
from tests.schedules.aws.storage import S3Client
from tests.schedules.journal import SuiteFact
from tests.schedules.kernel import KilledError
from tests.schedules.schedule import Behaviour, SuiteSpec
from tests.schedules.wire import BUCKET
from tests.schedules.world import World

MIN_TESTS = 3
_HONEST = frozenset({Behaviour.PASSES, Behaviour.FLAKY, Behaviour.FLOODS, Behaviour.FORGES_OTHERS})
_LONG = 300_000
_GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class _Left:
    """What the runner found after the suite's process had ended; None for a field: as it passes."""

    exit_code: int | None = 0
    outcomes: tuple[Outcome, ...] = (Outcome.PASSED,) * MIN_TESTS
    problem: str | None = None
    timed_out: bool = False
    requests: int | None = 3
    output: str = ""
    one_name: bool = False


_P, _F, _S = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
_LEFT: Mapping[Behaviour, _Left] = {
    Behaviour.FLAKY: _Left(outcomes=(_P, _P, Outcome.FLAKY)),
    Behaviour.FAILS: _Left(1, (_P, _F, _P)),
    Behaviour.SKIPS_ALL: _Left(outcomes=(_S, _S, _S)),
    Behaviour.SKIPS_MOST: _Left(outcomes=(_P, _S, _S)),
    Behaviour.COLLECTS_NONE: _Left(5, ()),
    Behaviour.FAILS_TO_COLLECT: _Left(2, (_F,)),
    Behaviour.EXITS_ODDLY: _Left(77),
    Behaviour.EXIT_HIDES_FAILURES: _Left(0, (_P, _F, _P)),
    Behaviour.EXIT_WITHOUT_FAILURE: _Left(1),
    Behaviour.SEGFAULTS: _Left(-11, (), "there is none"),
    Behaviour.KILLED: _Left(-9, (), "there is none"),
    Behaviour.NO_REPORT: _Left(0, (), "there is none"),
    Behaviour.FLOODS: _Left(output="x" * 4_000),
    Behaviour.ASKS_NOBODY: _Left(requests=0),
    Behaviour.UNCOUNTED: _Left(requests=None),
    Behaviour.ONE_TEST_MANY_TIMES: _Left(one_name=True),
    Behaviour.FORGED_FIRST: _Left(1, (_F, _F, _F)),
}
_OTHER_DIGEST = "sha256:" + "0" * 64


class SuiteModel:
    """Runs suites of a world; counts the runs of each."""

    def __init__(self, world: World, specs: Mapping[str, SuiteSpec]) -> None:
        self._world = world
        self._specs = specs
        self._runs: Counter[str] = Counter()

    def run(self, caller: Caller, event: Any) -> Any:
        """The function's answer. Raises what its handler would, KilledError where it dies."""
        task = parse_task(event)
        spec = self._specs[task.suite.name]
        nth = self._runs[spec.name]
        self._runs[spec.name] += 1
        behaviour = spec.behaviours[min(nth, len(spec.behaviours) - 1)]
        self._world.journal.behaviours.append(behaviour)
        self._world.note(f"suite {spec.name} ({task.run.path}) {behaviour}")
        return _OneRun(self._world, caller, task, spec, behaviour).go()


@dataclass(frozen=True, slots=True)
class _OneRun:
    world: World
    caller: Caller
    task: Task
    spec: SuiteSpec
    behaviour: Behaviour

    def go(self) -> Any:
        bucket = Bucket(S3Client(self.caller, self.world.storage), BUCKET)
        bucket.get(suite_bundle_key(self.task.suite.bundle))
        if self.behaviour is Behaviour.BUNDLE_MISSING:
            raise RunnerError("the suite's bundle is missing or cannot be read")
        began_s, began = self.world.kernel.now_s, self.world.kernel.now()
        allowed_s = min(self.task.suite.timeout_s, remaining_s(self.task.context.deadline, began))
        self._take_time(allowed_s)
        left = self._left(allowed_s)
        honest = self.behaviour in _HONEST and not left.timed_out
        self.world.journal.suites.append(
            SuiteFact(
                execution=self.caller.execution,
                suite=self.spec.name,
                behaviour=self.behaviour,
                began_s=began_s,
                ended_s=self.world.kernel.now_s,
                honest_pass=honest,
            )
        )
        evidence = self._evidence(left, spell_time(began), allowed_s)
        return self._answer(bucket, evidence)

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

    def _left(self, allowed_s: float) -> _Left:
        if self.behaviour is Behaviour.HANGS_UNKILLABLE:
            return _Left(None, (), "there is none", timed_out=True)
        if self.behaviour is Behaviour.HANGS or self.spec.seconds > allowed_s:
            return _Left(2, (_P,), "pytest was interrupted before its end", timed_out=True)
        return _LEFT.get(self.behaviour, _Left())

    def _evidence(self, left: _Left, started_at: str, allowed_s: float) -> Evidence:
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
                TestResult(name="test_0" if left.one_name else f"test_{index}", outcome=outcome)
                for index, outcome in enumerate(left.outcomes)
            ),
            started_at=started_at,
            ended_at=spell_time(self.world.kernel.now()),
            allowed_s=float(allowed_s),
            output_tail=left.output,
            relay=relay,
        )

    def _answer(self, bucket: Bucket, evidence: Evidence) -> Any:
        answers: Mapping[Behaviour, Callable[[], Any]] = {
            Behaviour.ANSWERS_NOTHING: lambda: None,
            Behaviour.ANSWERS_TEXT: lambda: "passed",
            Behaviour.ANSWERS_TOO_MUCH: lambda: "x" * _LONG,
            Behaviour.ANSWERS_PASSED: lambda: {"outcome": "passed", "sentence": "3 of 3 passed"},
            Behaviour.NO_EVIDENCE: lambda: self._pointer(evidence),
            Behaviour.OTHER_EVIDENCE: lambda: self._stored_otherwise(bucket, evidence),
            Behaviour.FORGED_FIRST: lambda: self._forged(bucket, evidence),
            Behaviour.FORGES_OTHERS: lambda: self._forged_others(bucket, evidence),
            Behaviour.POINTS_TO_OTHER_SUITE: lambda: self._pointed_elsewhere(bucket, evidence),
        }
        changes: Mapping[Behaviour, dict[str, Any]] = {
            Behaviour.EVIDENCE_OF_OTHER_PLAN: {"plan_digest": _OTHER_DIGEST},
            Behaviour.EVIDENCE_OF_OTHER_QUESTION: {"input_digest": _OTHER_DIGEST},
            Behaviour.EVIDENCE_OF_OTHER_RUN: {"run": replace(evidence.run, attempt=2)},
        }
        if self.behaviour in answers:
            return answers[self.behaviour]()
        changed = replace(evidence, **changes.get(self.behaviour, {}))
        return self._stored(bucket, changed)

    def _stored(self, bucket: Bucket, evidence: Evidence) -> Any:
        """As run_suite stores: files first, each once."""
        prefix = f"{self.task.context.prefix}evidence/{self.task.run.path}/"
        bucket.put_once(f"{prefix}junit.xml", b"<testsuites/>", "application/xml")
        bucket.put_once(f"{prefix}output.txt", b"", "text/plain")
        bucket.put_once(f"{prefix}evidence.json", to_json_bytes(evidence.spell()), JSON_TYPE)
        return self._pointer(evidence)

    def _pointer(self, evidence: Evidence) -> Any:
        digest = digest_of(to_json_bytes(evidence.spell()))
        return Pointer(run=self.task.run, digest=digest).spell()

    def _stored_otherwise(self, bucket: Bucket, evidence: Evidence) -> Any:
        self._stored(bucket, evidence)
        return self._pointer(replace(evidence, output_tail="another"))

    def _forged(self, bucket: Bucket, evidence: Evidence) -> Any:
        """The suite, whose process could reach the bucket, was there first."""
        self._forge(evidence, self.task.run)
        return self._stored(bucket, evidence)

    def _forged_others(self, bucket: Bucket, evidence: Evidence) -> Any:
        for name in self.world.suite_names:
            if name != self.spec.name:
                self._forge(evidence, replace(self.task.run, suite=name))
        return self._stored(bucket, evidence)

    def _forge(self, evidence: Evidence, run: Run) -> None:
        passing = replace(self._evidence(_Left(), evidence.started_at, 300), run=run)
        key = f"{self.task.context.prefix}evidence/{run.path}/evidence.json"
        self.world.storage.objects.setdefault(key, to_json_bytes(passing.spell()))

    def _pointed_elsewhere(self, bucket: Bucket, evidence: Evidence) -> Any:
        """Its own evidence, under the name of another suite of the plan, or of none."""
        names = sorted(set(self.world.suite_names) - {self.spec.name})
        run = replace(evidence.run, suite=names[0] if names else "other")
        foreign = replace(evidence, run=run)
        body = to_json_bytes(foreign.spell())
        key = f"{self.task.context.prefix}evidence/{run.path}/evidence.json"
        bucket.put_once(key, body, JSON_TYPE)
        return Pointer(run=run, digest=digest_of(body)).spell()
