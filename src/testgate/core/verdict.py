"""The verdict: plan and evidence in, outcome and one re-checkable sentence out.

A pass must be earned: a missing, extra, foreign or contradictory result refuses. Pure; standard
library only. Imported by Judge and by whoever explains a record.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from testgate.core.binding import Counts
from testgate.core.counting import count_tests, distinct_tests
from testgate.core.evidence import Crash, Evidence, RelayCounts, TestResult
from testgate.core.outcomes import PASSING, Outcome, headline
from testgate.core.plan import Due, Plan, Suite
from testgate.core.quarantine import MAX_SHARE_PERCENT, too_many
from testgate.core.wording import (
    first_failure,
    last_line,
    timed_out_sentence,
    unasked_sentence,
)

Result = Evidence | Crash

# pytest's documented exit codes; everything else it cannot end with by itself.
_PYTEST_SUITE_ERRORS = {
    2: "was interrupted, or its tests could not be collected",
    3: "had an internal error",
    4: "was called wrongly",
    5: "collected no tests",
}
_TIMEOUT_ERRORS = frozenset({"States.Timeout", "Sandbox.Timedout"})
_NONE = 5  # says it all
_SIGKILL = 9
MAX_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteVerdict:
    """What became of one suite. `sentence` reads on its own; `tests` are in the report's order."""

    suite: Suite
    outcome: Outcome
    sentence: str
    counts: Counts
    tests: tuple[TestResult, ...]
    quarantined: frozenset[str] = frozenset()
    judged_on: date | None = None
    relay: RelayCounts | None = None

    @property
    def failures(self) -> tuple[TestResult, ...]:
        """The tests that did not pass, skipped and quarantined ones left out."""
        return tuple(t for t in self.tests if _is_failure(t) and t.name not in self.quarantined)

    @property
    def forgiven(self) -> tuple[TestResult, ...]:
        """The failures that quarantine explains."""
        return tuple(t for t in self.tests if _is_failure(t) and t.name in self.quarantined)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a gate run. `counts` are of blocking suites: what the verdict rests on."""

    outcome: Outcome
    sentence: str
    counts: Counts
    suites: tuple[SuiteVerdict, ...]


def judge(
    plan: Plan, results: Sequence[Result], question_digest: str, on: date | None = None
) -> Verdict:
    """The verdict over exactly the results that `plan` makes due, each bound to the question.

    `on` is the day by which quarantine counts; without one none does.
    """
    foreign = _foreign(plan, results, question_digest)
    suites = tuple(_judge_due(suite, results, on) for suite in plan.suites)
    blocking = [verdict for verdict in suites if verdict.suite.blocking]
    counts = sum((verdict.counts for verdict in blocking), Counts())
    if foreign:
        return Verdict(outcome=Outcome.INFRA_ERROR, sentence=foreign, counts=counts, suites=suites)
    refusing = [verdict for verdict in blocking if verdict.outcome not in PASSING]
    if not blocking:
        sentence = "the plan has no blocking suite: nothing could earn a pass"
        return Verdict(outcome=Outcome.SUITE_ERROR, sentence=sentence, counts=counts, suites=suites)
    if refusing:
        outcome = headline(verdict.outcome for verdict in refusing)
        return Verdict(
            outcome=outcome,
            sentence=_refusal_sentence(outcome, refusing),
            counts=counts,
            suites=suites,
        )
    return Verdict(
        outcome=Outcome.PASSED,
        sentence=_pass_sentence(suites, counts),
        counts=counts,
        suites=suites,
    )


def judge_suite(suite: Suite, evidence: Evidence, on: date | None = None) -> SuiteVerdict:
    """The verdict over one suite that ran, by the rules of the design's section 4."""
    tests = distinct_tests(evidence.tests)
    named = frozenset(entry.test for entry in suite.quarantine if entry.counts_on(on))
    quarantined = frozenset(test.name for test in tests) & named
    counts = count_tests(tests, quarantined)
    outcome, says = _classify(suite, replace(evidence, tests=tests), counts, quarantined)
    return SuiteVerdict(
        suite=suite,
        outcome=outcome,
        sentence=says,
        counts=counts,
        tests=tests,
        quarantined=quarantined,
        judged_on=on,
        relay=evidence.relay,
    )


def _foreign(plan: Plan, results: Sequence[Result], question_digest: str) -> str | None:
    """Why the set of results is not the one that is due; None if it is."""
    tally = Counter(Due(suite=r.run.suite, shard=r.run.shard) for r in results)
    for due, times in sorted(tally.items(), key=lambda item: (item[0].suite, item[0].shard)):
        if due not in plan.due:
            return f"a result came for suite {due.suite}, shard {due.shard}, which is not due"
        if times > 1:
            return f"{times} results came for suite {due.suite}, shard {due.shard}; one is due"
    for result in results:
        if isinstance(result, Crash):
            continue
        if (result.input_digest, result.plan_digest) != (question_digest, plan.digest):
            return f"the result of suite {result.run.suite} belongs to another gate run or plan"
    return None


def _judge_due(suite: Suite, results: Sequence[Result], on: date | None) -> SuiteVerdict:
    own = [result for result in results if result.run.suite == suite.name]
    if len(own) != 1:
        what = "left no result" if not own else f"left {len(own)} results, 1 is due"
        return _without_tests(suite, Outcome.INFRA_ERROR, f"suite {suite.name} {what}")
    if isinstance(own[0], Crash):
        return _judge_crash(suite, own[0])
    return judge_suite(suite, own[0], on)


def _judge_crash(suite: Suite, crash: Crash) -> SuiteVerdict:
    if crash.error in _TIMEOUT_ERRORS:
        sentence = (
            f"suite {suite.name} timed out with its function ({crash.error}) and left no result"
        )
        return _without_tests(suite, Outcome.TIMED_OUT, sentence)
    cause = f": {crash.cause}" if crash.cause else ""
    sentence = f"suite {suite.name} could not run: {crash.error}{cause}"
    return _without_tests(suite, Outcome.INFRA_ERROR, sentence)


def _without_tests(suite: Suite, outcome: Outcome, sentence: str) -> SuiteVerdict:
    return SuiteVerdict(suite=suite, outcome=outcome, sentence=sentence, counts=Counts(), tests=())


def _classify(
    suite: Suite, evidence: Evidence, counts: Counts, quarantined: frozenset[str]
) -> tuple[Outcome, str]:
    """First match wins; only the last line is a pass."""
    where = f"suite {suite.name}"
    failures = [test for test in evidence.tests if _is_failure(test)]
    unexplained = [test for test in failures if test.name not in quarantined]
    code = evidence.exit_code
    if evidence.timed_out:
        return Outcome.TIMED_OUT, timed_out_sentence(suite, evidence, counts)
    if code is None or code < 0:
        return _killed(where, code)
    if code in _PYTEST_SUITE_ERRORS:
        said = last_line(evidence.output_tail) if code != _NONE else ""
        return Outcome.SUITE_ERROR, (
            f"{where}: pytest {_PYTEST_SUITE_ERRORS[code]} (exit code {code})"
            f"{first_failure(failures) or said}"
        )
    if evidence.report_problem is not None:
        return Outcome.SUITE_ERROR, f"{where} left no usable report: {evidence.report_problem}"
    if code not in (0, 1):
        return Outcome.SUITE_ERROR, f"{where} ended with exit code {code}, which pytest never uses"
    if failures and code == 0:
        return Outcome.SUITE_ERROR, (
            f"{where}: its report has {len(failures)} failures and its exit code is 0; "
            "they must agree"
        )
    if code == 1 and not failures:
        return Outcome.SUITE_ERROR, (
            f"{where}: its exit code is 1 and its report has no failure; they must agree"
        )
    if unexplained:
        return Outcome.FAILED, (
            f"{len(unexplained)} of {counts.ran} tests in {where} failed (allowed 0)"
            f"{first_failure(unexplained)}"
        )
    return _earned(suite, where, counts, evidence.relay)


def _earned(
    suite: Suite, where: str, counts: Counts, relay: RelayCounts | None
) -> tuple[Outcome, str]:
    if too_many(counts.quarantined, counts.total):
        return Outcome.SUITE_ERROR, (
            f"{where}: {counts.quarantined} of {counts.total} tests are quarantined, "
            f"at most {MAX_SHARE_PERCENT} % may be"
        )
    if counts.ran == 0:
        what = f"all {counts.skipped} tests were skipped" if counts.skipped else "no test ran"
        what = f"{what}, {counts.quarantined} are quarantined" if counts.quarantined else what
        return Outcome.SUITE_ERROR, f"{where}: {what}, at least {suite.min_tests} must run"
    quarantined = f", {counts.quarantined} are quarantined" if counts.quarantined else ""
    if counts.ran < suite.min_tests:
        return Outcome.SUITE_ERROR, (
            f"{where}: {counts.ran} tests ran, at least {suite.min_tests} must "
            f"({counts.skipped} were skipped{quarantined})"
        )
    if suite.blocking and (relay is None or not relay.requests):
        return Outcome.SUITE_ERROR, unasked_sentence(where, relay)
    if counts.flaky:
        return Outcome.FLAKY, (
            f"{counts.ran} tests in {where} passed, {counts.flaky} of them only when tried again"
            f"{quarantined}"
        )
    return Outcome.PASSED, f"{counts.ran} of {counts.ran} tests in {where} passed{quarantined}"


def _killed(where: str, code: int | None) -> tuple[Outcome, str]:
    if code is None:
        return Outcome.INFRA_ERROR, f"{where} had to be killed and left no exit code"
    if code == -_SIGKILL:
        return Outcome.INFRA_ERROR, (
            f"{where} was killed by signal 9; when nobody stopped it, it ran out of memory"
        )
    return Outcome.SUITE_ERROR, f"{where} ended by signal {-code}"


def _is_failure(test: TestResult) -> bool:
    return test.outcome not in PASSING | {Outcome.SKIPPED}


def _refusal_sentence(outcome: Outcome, refusing: Sequence[SuiteVerdict]) -> str:
    """The worst suite's own sentence, and how many others refuse too."""
    leading = next(verdict for verdict in refusing if verdict.outcome is outcome)
    others = [verdict.suite.name for verdict in refusing if verdict is not leading]
    return leading.sentence + (f"; also refused by: {', '.join(others)}" if others else "")


def _pass_sentence(suites: Sequence[SuiteVerdict], counts: Counts) -> str:
    names = ", ".join(verdict.suite.name for verdict in suites if verdict.suite.blocking)
    besides = "".join(
        f", {count} {word}"
        for count, word in (
            (counts.flaky, "flaky"),
            (counts.skipped, "skipped"),
            (counts.quarantined, "quarantined"),
        )
        if count
    )
    advisory = [
        verdict.suite.name
        for verdict in suites
        if not verdict.suite.blocking and verdict.outcome not in PASSING
    ]
    aside = f"; advisory and not passed: {', '.join(advisory)}" if advisory else ""
    told = _forgiven(suites) + aside
    return f"{counts.passed + counts.flaky} of {counts.ran} tests passed{besides} ({names}){told}"


def _forgiven(suites: Sequence[SuiteVerdict]) -> str:
    """`; quarantined and failed: test_pay (smoke)`"""
    found = [
        f"{test.name} ({verdict.suite.name})"
        for verdict in suites
        if verdict.suite.blocking
        for test in verdict.forgiven
    ]
    more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
    return f"; quarantined and failed: {', '.join(found[:MAX_NAMED])}{more}" if found else ""
