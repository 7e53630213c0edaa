"""A record fits, however much tests said; what is left out is what is missed least, and counted."""

import json
from datetime import date
from typing import Any

import pytest

from testgate.core.evidence import TestResult as Result
from testgate.core.outcomes import Outcome
from testgate.core.quarantine import QuarantineEntry
from testgate.core.record import RunFacts, build_record
from testgate.core.record_size import MAX_RECORD_BYTES
from testgate.core.storing import to_json_bytes
from testgate.core.verdict import judge
from testgate.report.markdown import render_markdown
from tests.core.samples import evidence, failed, passed, plan, question, suite

FACTS = RunFacts(
    execution_arn="arn",
    started_at="2026-11-23T08:00:00.000Z",
    ended_at="2026-11-23T08:00:09.000Z",
    deadline="2026-11-23T08:30:00.000Z",
    gate="shop",
    plan_digest="sha256:" + "0" * 64,
    image="",
    base_url="http://green",
    identity={"says": "routing only", "before": None, "after": None},
    suite_times={},
)


def record(tests, **suite_changes):
    of = plan(suite(**suite_changes))
    verdict = judge(of, [evidence(of, *tests)], question().digest, date(2026, 11, 23))
    built = build_record(question(), verdict, FACTS)
    assert len(to_json_bytes(built)) <= MAX_RECORD_BYTES
    assert render_markdown(built)
    return dict(stored(built)["suites"][0])


def stored(built: dict[str, object]) -> Any:
    return json.loads(to_json_bytes(built))


def named(prefix, number, filler="x"):
    return (prefix + f"{number:05}").ljust(300, filler)


def failing(count, filler="x", trace=8_000):
    return [
        Result(
            name=named("f", n, filler),
            outcome=Outcome.FAILED,
            message=filler * 500,
            trace=filler * trace if n < 200 else "",
            output=filler * 4_000 if n < 200 else "",
        )
        for n in range(count)
    ]


def test_a_record_of_usual_size_holds_everything():
    only = record([passed("a"), failed("b")])
    assert [test["name"] for test in only["tests"]] == ["a", "b"]
    assert not [key for key in only if key.endswith("_left_out")]


def test_names_of_passed_tests_go_first():
    many = [passed(named("p", n)) for n in range(16_000)]
    only = record([*many, failed("b")])
    assert [test["name"] for test in only["tests"]] == ["b"]
    assert only["tests_left_out"] == 16_000
    assert only["counts"]["passed"] == 16_000
    assert [failure["name"] for failure in only["failures"]] == ["b"]


def test_ten_thousand_failures_with_long_names_are_all_named():
    only = record(failing(10_000))
    assert len({failure["name"] for failure in only["failures"]}) == 10_000
    assert (only["tests"], only["tests_left_out"]) == ([], 10_000)
    assert "failures_left_out" not in only
    full = [failure for failure in only["failures"] if "trace" in failure]
    assert len(full) == 200
    assert all(failure["message"] for failure in full)


def test_names_of_four_bytes_a_character_leave_200_failures_in_full():
    only = record(failing(10_000, filler="𝄞"))
    assert len(only["failures"]) == 200
    assert only["failures_left_out"] == 9_800
    assert only["counts"]["failed"] == 10_000
    assert all(len(failure["trace"]) == 500 for failure in only["failures"])
    assert all(len(failure["output"]) == 500 for failure in only["failures"])


def test_a_quarantine_beyond_measure_is_cut_last():
    entries = tuple(
        QuarantineEntry(
            test=named("f", n, "𝄞")[:299],
            owner="𝄞" * 299,
            reason="𝄞" * 299,
            expires=date(2026, 12, 1),
        )
        for n in range(3_000)
    )
    only = record(failing(300, filler="𝄞"), quarantine=entries)
    assert (len(only["quarantine"]), only["quarantine_left_out"]) == (20, 2_980)
    assert (len(only["failures"]), only["failures_left_out"]) == (20, 280)


@pytest.mark.parametrize("suites", [1, 7])
def test_every_suite_gives_up_alike(suites):
    names = [f"s{n}" for n in range(suites)]
    of = plan(*(suite(name) for name in names))
    results = [evidence(of, *failing(8_000), suite=name) for name in names]
    verdict = judge(of, results, question().digest)
    built = build_record(question(), verdict, FACTS)
    assert len(to_json_bytes(built)) <= MAX_RECORD_BYTES
    assert all(only["counts"]["failed"] == 8_000 for only in stored(built)["suites"])
