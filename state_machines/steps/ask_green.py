"""Green's own word on who it is, asked in the runner's network: part of the run_suite function.

Runs in the runner bundle, because only that function is where suites run. What it answers it also
stores as evidence: Judge believes no answer of a function in which suite code runs.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.core.deadlines import ASK_S, remaining_s
from testgate.core.handoff import parse_context, parse_time
from testgate.core.identity_answers import answers_problem, parse_inquiry
from testgate.core.layout import answers_key
from testgate.runner.probing import ask_green
from testgate.runner.suite import target_of


def answer_inquiry(bucket: Bucket, event: Mapping[str, Any]) -> dict[str, object]:
    """`{inquiry, run, when, until, retry}` in, every answer out, and whether they hold: Judge
    compares them again, this only saves tests of what is not green."""
    inquiry, context = parse_inquiry(event["inquiry"]), parse_context(event["run"])
    when, retry = str(event["when"]), int(event["retry"])
    left_s = remaining_s(parse_time(event["until"]), datetime.now(UTC))
    answers = ask_green(target_of(context), inquiry.check, within_s=min(ASK_S, left_s))
    spelled = [answer.spell() for answer in answers]
    bucket.put_json_once(answers_key(context.prefix, when, retry), spelled)
    holds = answers_problem(inquiry, answers, when) is None
    return {"holds": holds, "answers": spelled, "retry": retry}
