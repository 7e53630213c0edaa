"""Green's own word on who it is, asked in the runner's network: part of the run_suite function.

Runs in the runner bundle, because only that function is where suites run. It needs no right of AWS.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from testgate.core.deadlines import ASK_S, remaining_s
from testgate.core.handoff import parse_context, parse_time
from testgate.core.identity_answers import answers_problem, parse_inquiry
from testgate.runner.probing import ask_green
from testgate.runner.suite import target_of


def answer_inquiry(event: Mapping[str, Any]) -> dict[str, object]:
    """`{inquiry, run, when, until}` in, every answer out, and whether they hold: Judge compares
    them again, this only saves tests of what is not green."""
    inquiry = parse_inquiry(event["inquiry"])
    left_s = remaining_s(parse_time(event["until"]), datetime.now(UTC))
    answers = ask_green(
        target_of(parse_context(event["run"])), inquiry.check, within_s=min(ASK_S, left_s)
    )
    return {
        "holds": answers_problem(inquiry, answers, event["when"]) is None,
        "answers": [answer.spell() for answer in answers],
    }
