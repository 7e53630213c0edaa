"""The verdict: plan and evidence in, outcome and one re-checkable sentence out.

A pass must be earned: a missing, extra, foreign or contradictory result refuses. Pure; standard
library only. Imported by Judge and by whoever explains a record.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from testgate.core.binding import Counts
from testgate.core.evidence import Crash, Result
from testgate.core.outcomes import PASSING, Outcome, headline
from testgate.core.plan import Due, Plan, Suite
from testgate.core.suite_verdict import SuiteVerdict, judge_suite

MAX_NAMED = 3
_UNRUN = Outcome.SKIPPED  # of a suite


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
    suites = _judge_waves(plan, results, on)
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


def refused_so_far(plan: Plan, wave: int, results: Sequence[Result], on: date | None) -> str | None:
    """The sentence of the first blocking suite of the waves before number `wave` (0 is the first)
    that has not passed: the rest need not run. None if all did."""
    for verdict in _judge_waves(Plan(gate=plan.gate, waves=plan.waves[:wave]), results, on):
        if verdict.suite.blocking and verdict.outcome not in PASSING:
            return verdict.sentence
    return None


def _foreign(plan: Plan, results: Sequence[Result], question_digest: str) -> str | None:
    """Why the set of results is not the one that is due; None if it is."""
    tally = Counter((r.run.suite, r.run.shard, r.run.attempt) for r in results)
    for (suite, shard, attempt), times in sorted(tally.items()):
        if Due(suite=suite, shard=shard) not in plan.due:
            return f"a result came for suite {suite}, shard {shard}, which is not due"
        if times > 1:
            which = f"suite {suite}, shard {shard}" + (f", attempt {attempt}" * (attempt > 1))
            return f"{times} results came for {which}; one is due"
    for result in results:
        if isinstance(result, Crash):
            continue
        if (result.input_digest, result.plan_digest) != (question_digest, plan.digest):
            return f"the result of suite {result.run.suite} belongs to another gate run or plan"
    return None


def _judge_waves(
    plan: Plan, results: Sequence[Result], on: date | None
) -> tuple[SuiteVerdict, ...]:
    """Every suite's verdict. One of a later wave that left nothing did not run, if a blocking suite
    before it had not passed."""
    verdicts: list[SuiteVerdict] = []
    stopped_by = ""
    for wave in plan.waves:
        judged = [_judge_or_skip(suite, results, on, stopped_by) for suite in wave]
        refusing = [v for v in judged if v.suite.blocking and v.outcome not in PASSING]
        if refusing and not stopped_by:
            stopped_by = refusing[0].suite.name
        verdicts += judged
    return tuple(verdicts)


def _judge_or_skip(
    suite: Suite, results: Sequence[Result], on: date | None, stopped_by: str
) -> SuiteVerdict:
    own = [result for result in results if result.run.suite == suite.name]
    if stopped_by and not own:
        sentence = f"suite {suite.name} did not run: suite {stopped_by} of an earlier wave had not "
        return SuiteVerdict(suite=suite, outcome=Outcome.SKIPPED, sentence=sentence + "passed")
    return judge_suite(suite, own, on)


def _refusal_sentence(outcome: Outcome, refusing: Sequence[SuiteVerdict]) -> str:
    """The worst suite's own sentence, which others refuse too, and which did not run."""
    leading = next(verdict for verdict in refusing if verdict.outcome is outcome)
    others = [v.suite.name for v in refusing if v is not leading and v.outcome is not _UNRUN]
    unrun = [v.suite.name for v in refusing if v is not leading and v.outcome is _UNRUN]
    also = f"; also refused by: {', '.join(others)}" if others else ""
    return leading.sentence + also + (f"; not run: {', '.join(unrun)}" if unrun else "")


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
    again = [v.suite.name for v in suites if v.suite.blocking and v.attempts > 1]
    retried = f"; passed only when tried again: {', '.join(again)}" if again else ""
    told = retried + _forgiven(suites) + aside
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
