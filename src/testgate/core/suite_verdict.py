"""The verdict over one suite: the runs of all its shards together, and what they must come to.

Each shard counts by its last attempt; what failed before it passed is flaky. Pure; standard library
only; imported by the verdict and by whoever asks about one suite.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from testgate.core.binding import Counts
from testgate.core.counting import count_tests, distinct_tests
from testgate.core.evidence import Crash, Evidence, Kept, RelayCounts, Result, TestResult
from testgate.core.meeting import together, unmet, untried
from testgate.core.outcomes import PASSING, Outcome, headline
from testgate.core.plan import FlakyPolicy, Suite
from testgate.core.quarantine import MAX_SHARE_PERCENT, too_many
from testgate.core.run_verdict import (
    Problem,
    crash_problem,
    deserves_another_try,
    failures_problem,
    is_failure,
    quarantined_names,
    run_problem,
    spell_place,
)
from testgate.core.sharding import shards_problem, unreported_problem
from testgate.core.thresholds import Measured, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteVerdict:
    """What became of one suite. `sentence` reads on its own; `tests` are in the reports' order.

    `attempts` is how often the shard was run that was run most often; `artifacts` are named by
    their place below the run's evidence.
    """

    suite: Suite
    outcome: Outcome
    sentence: str
    counts: Counts = field(default_factory=Counts)
    tests: tuple[TestResult, ...] = ()
    quarantined: frozenset[str] = frozenset()
    judged_on: date | None = None
    relay: RelayCounts | None = None
    measured: tuple[Measured, ...] = ()
    attempts: int = 0
    artifacts: tuple[Kept, ...] = ()

    @property
    def failures(self) -> tuple[TestResult, ...]:
        """The tests that did not pass, skipped and quarantined ones left out."""
        return tuple(t for t in self.tests if is_failure(t) and t.name not in self.quarantined)

    @property
    def forgiven(self) -> tuple[TestResult, ...]:
        """The failures that quarantine explains."""
        return tuple(t for t in self.tests if is_failure(t) and t.name in self.quarantined)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shard:
    """One shard: its last attempt if that left evidence, and why it keeps the suite from passing.

    `before` says what was wrong with the first attempt, "" if that was the last.
    """

    evidence: Evidence | None
    problem: Problem | None
    before: str = ""
    attempts: int = 1


def judge_suite(suite: Suite, results: Sequence[Result], on: date | None = None) -> SuiteVerdict:
    """The verdict over one suite by the rules of the design's section 4.

    `results` are all that came of this suite, in any order; `on` is the day by which quarantine
    counts, without one none does.
    """
    shards = [_shard(suite, shard, results, on) for shard in range(1, suite.shards + 1)]
    left = [shard.evidence for shard in shards if shard.evidence is not None]
    tests = distinct_tests(test for evidence in left for test in evidence.tests)
    quarantined = quarantined_names(suite, tests, on)
    said = SuiteVerdict(
        suite=suite,
        outcome=Outcome.PASSED,
        sentence="",
        counts=count_tests(tests, quarantined),
        tests=tests,
        quarantined=quarantined,
        judged_on=on,
        relay=together(evidence.relay for evidence in left),
        measured=tuple(measure(each, [run.metrics for run in left]) for each in suite.thresholds),
        attempts=max(shard.attempts for shard in shards),
        artifacts=tuple(_artifacts(left)),
    )
    problem = _shards_verdict(said, shards) or _unearned(said, left)
    if problem is not None:
        return replace(said, outcome=problem.outcome, sentence=problem.sentence)
    return _earned(said, next((shard.before for shard in shards if shard.before), ""))


def _shard(suite: Suite, shard: int, results: Sequence[Result], on: date | None) -> _Shard:
    """The shard by its last attempt, with what the earlier ones make flaky."""
    where = spell_place(suite, shard)
    own = sorted((r for r in results if r.run.shard == shard), key=lambda r: r.run.attempt)
    if not own:
        return _Shard(evidence=None, problem=_infra(f"{where} left no result"), attempts=0)
    wrong = _attempts_problem(suite, where, own, on)
    if wrong is not None:
        return _Shard(evidence=None, problem=wrong, attempts=len(own))
    last = own[-1]
    if isinstance(last, Crash):
        return _Shard(evidence=None, problem=crash_problem(suite, last), attempts=len(own))
    earlier = [result for result in own[:-1] if isinstance(result, Evidence)]
    first = run_problem(suite, earlier[0], on) if earlier else None
    return _Shard(
        evidence=replace(last, tests=_with_flaky(last.tests, earlier)),
        problem=run_problem(suite, last, on),
        before=(first.sentence if first else "a threshold did not hold") if earlier else "",
        attempts=len(own),
    )


def _artifacts(left: Sequence[Evidence]) -> Iterator[Kept]:
    for evidence in left:
        for kept in evidence.artifacts:
            yield replace(kept, path=f"{evidence.run.path}/artifacts/{kept.path}")


def _attempts_problem(
    suite: Suite, where: str, own: Sequence[Result], on: date | None
) -> Problem | None:
    """Why these are not the attempts that were due: each once, in a row, none after a pass."""
    numbers = [result.run.attempt for result in own]
    if numbers != list(range(1, len(own) + 1)):
        return _infra(f"{where} left attempts {', '.join(map(str, numbers))}, expected 1, 2, …")
    if len(own) > suite.attempts:
        return _infra(f"{where} was tried {len(own)} times, at most {suite.attempts} are allowed")
    for result in own[:-1]:
        if isinstance(result, Crash) or not deserves_another_try(suite, result, on):
            return _infra(
                f"{where} was tried again after attempt {result.run.attempt}, which no failed test "
                "gave reason for"
            )
    return None


def _with_flaky(tests: Sequence[TestResult], earlier: Sequence[Evidence]) -> tuple[TestResult, ...]:
    """Tests that passed only after they had failed in an earlier attempt are flaky."""
    failures = {
        test.name: (evidence.run.attempt, test.message)
        for evidence in reversed(earlier)
        for test in evidence.tests
        if is_failure(test)
    }
    return tuple(
        replace(
            test,
            outcome=Outcome.FLAKY,
            message=f"failed in attempt {failures[test.name][0]}: {failures[test.name][1]}",
        )
        if test.outcome in PASSING and test.name in failures
        else test
        for test in tests
    )


def _shards_verdict(said: SuiteVerdict, shards: Sequence[_Shard]) -> Problem | None:
    """The headline of the shards that keep the suite from passing; None if none does."""
    problems = [shard.problem for shard in shards if shard.problem is not None]
    if not problems:
        return None
    outcome = headline(problem.outcome for problem in problems)
    leading = [problem for problem in problems if problem.outcome is outcome]
    others = [problem for problem in problems if problem.outcome is not outcome]
    sentence = leading[0].sentence
    if outcome is Outcome.FAILED:
        outcome, sentence = _failure(said)
    elif len(leading) > 1:
        sentence += f"; so did {len(leading) - 1} more of {said.suite.shards} shards"
    if said.attempts > 1:
        sentence += f" (attempt {said.attempts} of {said.suite.attempts})"
    if others:
        sentence += f"; besides, {others[0].sentence}"
    return Problem(outcome=outcome, sentence=sentence)


def _failure(said: SuiteVerdict) -> tuple[Outcome, str]:
    """Failed tests speak of green only if the suite has met it."""
    where, relay = f"suite {said.suite.name}", said.relay
    problem = failures_problem(where, said.failures, said.counts.ran)
    sentence = problem.sentence
    elsewhere = untried(said.suite, relay)
    if elsewhere is not None:
        return elsewhere.outcome, f"{elsewhere.sentence}; {sentence}"
    if relay is not None and relay.unreached:
        sentence += f"; {relay.unreached} of its requests did not reach green: {relay.problem}"
    return problem.outcome, sentence


def _unearned(said: SuiteVerdict, left: Sequence[Evidence]) -> Problem | None:
    """Which condition of a pass does not hold, although no run says so by itself."""
    suite, counts, where = said.suite, said.counts, f"suite {said.suite.name}"
    if suite.shards > 1:
        sentence = shards_problem(where, left)
        if sentence is not None:
            return _suite_error(sentence)
    unreported = unreported_problem(where, left)
    if unreported is not None:
        return _suite_error(unreported)
    if too_many(counts.quarantined, counts.total):
        return _suite_error(
            f"{where}: {counts.quarantined} of {counts.total} tests are quarantined, "
            f"at most {MAX_SHARE_PERCENT} % may be"
        )
    if counts.ran == 0:
        what = f"all {counts.skipped} tests were skipped" if counts.skipped else "no test ran"
        what = f"{what}, {counts.quarantined} are quarantined" if counts.quarantined else what
        return _suite_error(f"{where}: {what}, at least {suite.min_tests} must run")
    if counts.ran < suite.min_tests:
        return _suite_error(
            f"{where}: {counts.ran} tests ran, at least {suite.min_tests} must "
            f"({counts.skipped} were skipped{_quarantined(counts)})"
        )
    return unmet(suite, said.relay) or _threshold_problem(where, said.measured)


def _threshold_problem(where: str, measured: Sequence[Measured]) -> Problem | None:
    """A metric that is missing is the suite's fault, one that does not hold is green's."""
    missing = [each for each in measured if each.value is None]
    if missing:
        return _suite_error(f"{where}: {missing[0].says}")
    broken = [each for each in measured if not each.holds]
    if not broken:
        return None
    more = f"; {len(broken)} of {len(measured)} thresholds do not hold" if len(broken) > 1 else ""
    return Problem(outcome=Outcome.FAILED, sentence=f"{where}: {broken[0].says}{more}")


def _earned(said: SuiteVerdict, before: str) -> SuiteVerdict:
    """A pass, or a flaky one: tests that passed when tried again, or a whole run that did."""
    counts, where = said.counts, f"suite {said.suite.name}"
    if before:
        again = f"{counts.flaky} of them flaky" if counts.flaky else "the first run did not"
        sentence = (
            f"{counts.ran} tests in {where} passed in attempt {said.attempts} of "
            f"{said.suite.attempts}, {again}; attempt 1: {before}"
        )
        return _flaky(said, sentence)
    if counts.flaky:
        sentence = (
            f"{counts.ran} tests in {where} passed, {counts.flaky} of them only when tried again"
            f"{_quarantined(counts)}"
        )
        return _flaky(said, sentence)
    sentence = f"{counts.ran} of {counts.ran} tests in {where} passed{_quarantined(counts)}"
    return replace(said, outcome=Outcome.PASSED, sentence=sentence)


def _flaky(said: SuiteVerdict, sentence: str) -> SuiteVerdict:
    """What passed only when tried again passes, unless the suite says that it must not."""
    if said.suite.flaky is FlakyPolicy.PASS:
        return replace(said, outcome=Outcome.FLAKY, sentence=sentence)
    refusal = f"{sentence}; the suite allows none (flaky = 'fail')"
    return replace(said, outcome=Outcome.FAILED, sentence=refusal)


def _quarantined(counts: Counts) -> str:
    return f", {counts.quarantined} are quarantined" if counts.quarantined else ""


def _infra(sentence: str) -> Problem:
    return Problem(outcome=Outcome.INFRA_ERROR, sentence=sentence)


def _suite_error(sentence: str) -> Problem:
    return Problem(outcome=Outcome.SUITE_ERROR, sentence=sentence)
