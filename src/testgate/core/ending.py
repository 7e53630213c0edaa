"""The verdict over an execution that ended without Judge: stopped, timed out, or broken.

Nothing here can make a pass that was not earned. Pure; standard library only. Imported by `finish`.
"""

from collections.abc import Sequence
from dataclasses import replace

from testgate.core.binding import Question
from testgate.core.decision import Allow, decide_ended
from testgate.core.evidence import Result
from testgate.core.facts import ExecutionFacts
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan
from testgate.core.quarantine import judging_day
from testgate.core.record import refused_before_tests
from testgate.core.verdict import Verdict, judge


def ended_verdict(
    question: Question, execution: ExecutionFacts, plan: Plan | None, results: Sequence[Result]
) -> Verdict:
    """Outcome and sentence by how the execution ended, suites and counts by what they left.

    `plan` is None if it never came to one.
    """
    ended = decide_ended(question, execution)
    on = judging_day(execution.started_at)
    judged = None if plan is None else judge(plan, results, question.digest, on)
    if isinstance(ended, Allow):
        return _succeeded(ended, judged)
    if plan is None or judged is None:
        return refused_before_tests(ended.outcome, ended.sentence)
    sentence = ended.sentence + _what_had_ended(plan, results)
    return replace(judged, outcome=ended.outcome, sentence=sentence)


def _succeeded(ended: Allow, judged: Verdict | None) -> Verdict:
    """A pass without its record is one only if the evidence says so again."""
    if judged is None:
        sentence = "the execution succeeded, but left neither record nor plan"
        return refused_before_tests(Outcome.INFRA_ERROR, sentence)
    if judged.outcome is Outcome.PASSED:
        return replace(judged, sentence=ended.sentence)
    sentence = f"the execution succeeded, but its evidence earns no pass: {judged.sentence}"
    return replace(judged, outcome=Outcome.INFRA_ERROR, sentence=sentence)


def _what_had_ended(plan: Plan, results: Sequence[Result]) -> str:
    """`; of 2 suites 1 had left a result: smoke; none came of: slow`; "" if none is missing."""
    there = {(result.run.suite, result.run.shard) for result in results}
    missing = {due.suite for due in plan.due if (due.suite, due.shard) not in there}
    if not missing:
        return ""
    whole = [suite.name for suite in plan.suites if suite.name not in missing]
    left = f": {', '.join(whole)}" if whole else ""
    absent = ", ".join(suite.name for suite in plan.suites if suite.name in missing)
    return f"; of {len(plan.suites)} suites {len(whole)} had left a result{left}; none: {absent}"
