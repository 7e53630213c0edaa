"""One run of one shard: why it is no pass by itself, by exit code and report together.

First match wins, and only what matches nothing is left for the suite's own conditions. Pure;
standard library only; imported by the suite's verdict and by the runner, which asks whether to try
again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from testgate.core.counting import count_tests, distinct_tests
from testgate.core.evidence import Crash, Evidence, TestResult
from testgate.core.frameworks import FRAMEWORKS
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.plan import EvidenceKind, Suite
from testgate.core.thresholds import measure
from testgate.core.wording import first_failure, last_line, timed_out_sentence

_TIMEOUT_ERRORS = frozenset({"States.Timeout", "Sandbox.Timedout"})
_SIGKILL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something is no pass, in one sentence that reads on its own."""

    outcome: Outcome
    sentence: str


def quarantined_names(suite: Suite, tests: Sequence[TestResult], on: date | None) -> frozenset[str]:
    """The reported tests whose failure a quarantine entry of that day explains."""
    named = frozenset(entry.test for entry in suite.quarantine if entry.counts_on(on))
    return frozenset(test.name for test in tests) & named


def is_failure(test: TestResult) -> bool:
    """Whether a test neither passed nor was skipped."""
    return test.outcome not in PASSING | {Outcome.SKIPPED}


def crash_problem(suite: Suite, crash: Crash) -> Problem:
    """What a run that left no evidence is called."""
    where = spell_place(suite, crash.run.shard)
    if crash.error in _TIMEOUT_ERRORS:
        return Problem(
            outcome=Outcome.TIMED_OUT,
            sentence=f"{where} timed out with its function ({crash.error}) and left no result",
        )
    cause = f": {crash.cause}" if crash.cause else ""
    return Problem(
        outcome=Outcome.INFRA_ERROR, sentence=f"{where} could not run: {crash.error}{cause}"
    )


def run_problem(suite: Suite, evidence: Evidence, on: date | None) -> Problem | None:
    """Why this run alone keeps its suite from passing; None if it does not."""
    where = spell_place(suite, evidence.run.shard)
    tests = distinct_tests(evidence.tests)
    quarantined = quarantined_names(suite, tests, on)
    failures = [test for test in tests if is_failure(test)]
    broken = _broken(suite, where, evidence, failures)
    if broken is not None:
        return broken
    unexplained = [test for test in failures if test.name not in quarantined]
    if unexplained:
        ran = count_tests(tests, quarantined).ran
        return failures_problem(where, unexplained, ran)
    return None


def failures_problem(where: str, unexplained: Sequence[TestResult], ran: int) -> Problem:
    """Green misbehaved: the arithmetic, and the first test that says so. Tests that could not run
    as they are written say nothing of green, if all are such."""
    of_green = [test for test in unexplained if test.outcome is not Outcome.SUITE_ERROR]
    if not of_green:
        return _suite_error(
            f"{len(unexplained)} of {ran} tests in {where} cannot run as they are written"
            f"{first_failure(unexplained)}"
        )
    return Problem(
        outcome=Outcome.FAILED,
        sentence=f"{len(unexplained)} of {ran} tests in {where} failed (allowed 0)"
        f"{first_failure(of_green)}",
    )


def deserves_another_try(suite: Suite, evidence: Evidence, on: date | None) -> bool:
    """Whether an attempt at one shard failed in a way that another may mend."""
    if run_problem(suite, evidence, on) is not None:
        return True
    return not all(measure(each, [evidence.metrics]).holds for each in suite.thresholds)


def spell_place(suite: Suite, shard: int) -> str:
    """`suite smoke`, or `suite smoke, shard 3 of 8`."""
    return f"suite {suite.name}" + (
        f", shard {shard} of {suite.shards}" if suite.shards > 1 else ""
    )


def _broken(
    suite: Suite, where: str, evidence: Evidence, failures: Sequence[TestResult]
) -> Problem | None:
    """What makes a run's tests count for nothing, whatever they say."""
    framework = FRAMEWORKS[suite.framework]
    code = framework.ended_as(evidence.exit_code)
    if evidence.timed_out:
        counts = count_tests(distinct_tests(evidence.tests))
        return Problem(
            outcome=Outcome.TIMED_OUT,
            sentence=timed_out_sentence(where, suite.timeout_s, evidence.allowed_s, counts),
        )
    if code is None or code < 0:
        return _killed(where, code)
    if code == framework.none_collected and _has_none_of_its_own(suite, evidence):
        return None
    if code in framework.errors:  # that nothing was collected says it all
        said = "" if code == framework.none_collected else last_line(evidence.output_tail)
        return _suite_error(
            f"{where}: {framework.name} {framework.errors[code]} (exit code {code})"
            f"{first_failure(failures) or said}"
        )
    if evidence.report_problem is not None:
        by_code = suite.evidence is EvidenceKind.EXIT_CODE
        what = "could not run" if by_code else "left no usable report"
        return _suite_error(f"{where} {what}: {evidence.report_problem}")
    if code and code not in framework.failed:
        return _suite_error(
            f"{where} ended with exit code {code}, which {framework.name} never uses"
        )
    if failures and code == 0:
        return _suite_error(
            f"{where}: its report has {len(failures)} failures and its exit code is 0; "
            "they must agree"
        )
    if code and not failures:
        return _suite_error(
            f"{where}: its exit code is {code} and its report has no failure; they must agree"
        )
    return None


def _has_none_of_its_own(suite: Suite, evidence: Evidence) -> bool:
    """Whether a shard ran nothing because the others have all there is to run."""
    told = evidence.collected
    return (
        suite.shards > 1
        and told is not None
        and told.selected == 0 < told.total
        and not evidence.tests
        and evidence.report_problem is None
    )


def _killed(where: str, code: int | None) -> Problem:
    if code is None:
        return Problem(
            outcome=Outcome.INFRA_ERROR,
            sentence=f"{where} had to be killed and left no exit code",
        )
    if code == -_SIGKILL:
        return Problem(
            outcome=Outcome.INFRA_ERROR,
            sentence=f"{where} was killed by signal 9; when nobody stopped it, it ran out of "
            "memory",
        )
    return _suite_error(f"{where} ended by signal {-code}")


def _suite_error(sentence: str) -> Problem:
    return Problem(outcome=Outcome.SUITE_ERROR, sentence=sentence)
