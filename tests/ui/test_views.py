"""What is shown of gate runs that have ended."""

from datetime import timedelta

import pytest

from testgate.core.layout import NO_EXECUTION, IndexEntry
from testgate.core.outcomes import Outcome
from testgate.report.reading import read_record
from testgate.ui.views import FLAKIEST, TestHistory, earlier, services, suite_history
from tests.core.samples import START
from tests.ui.stored import a_place, a_record


def entry(name, minutes=0, service="web", outcome="passed"):
    return IndexEntry(
        place=a_place(name, service),
        outcome=Outcome(outcome),
        ended_at=START + timedelta(minutes=minutes),
    )


def history(*records, suite="smoke"):
    """Of gate runs with these records, the newest first."""
    runs = [(entry(f"web-{n}"), read_record(record)) for n, record in enumerate(records)]
    return suite_history(suite, runs)


def test_services_come_by_their_newest_gate_run():
    listed = [entry("a-2", 2, "a"), entry("a-1", 1, "a"), entry("b-1", 9, "b")]
    assert [(view.service, len(view.runs)) for view in services(listed)] == [("b", 1), ("a", 2)]
    assert services([]) == ()


@pytest.mark.parametrize(
    ("names", "of", "found"),
    [
        (["web-3", "web-2", "web-1"], "web-3", "web-2"),
        (["web-3", NO_EXECUTION, "web-1"], "web-3", "web-1"),
        (["web-3", "web-2"], "web-2", None),
        (["web-3", "web-2"], "web-9", None),
        ([], "web-1", None),
    ],
)
def test_a_gate_run_is_compared_with_the_one_before(names, of, found):
    before = earlier([entry(name) for name in names], a_place(of))
    assert (before.place.run_name if before else None) == found


@pytest.mark.parametrize(
    ("outcomes", "passed"),
    [
        (["passed", "flaky", "failed"], 2),
        (["suite_error", "infra_error", "timed_out", "aborted"], 0),
        ([], 0),
    ],
)
def test_a_flaky_suite_passed_and_a_broken_one_did_not(outcomes, passed):
    view = history(*[a_record(outcome) for outcome in outcomes])
    assert (view.passed, len(view.runs)) == (passed, len(outcomes))


def test_runs_without_the_suite_are_left_out():
    view = history(a_record("passed"), a_record("passed", suite="api"))
    assert [run.entry.place.run_name for run in view.runs] == ["web-0"]


def test_the_longest_run_is_known_and_times_that_are_not_recorded_are_none():
    without = a_record("passed")
    without["suites"][0]["ended_at"] = ""
    view = history(a_record("passed", took_s=7), a_record("passed", took_s=9), without)
    assert [run.duration_s for run in view.runs] == [7, 9, None]
    assert view.longest_s == 9


def test_flaky_tests_come_before_failing_ones_and_good_ones_not_at_all():
    view = history(
        a_record("failed", ("good", "passed"), ("fails", "failed"), ("wobbles", "flaky")),
        a_record("failed", ("good", "passed"), ("fails", "failed"), ("wobbles", "failed")),
    )
    assert view.flakiest == (
        TestHistory(name="wobbles", flaky=1, failed=1, runs=2),
        TestHistory(name="fails", flaky=0, failed=2, runs=2),
    )


def test_no_more_tests_than_people_read():
    tests = [(f"test_{n:02}", "flaky") for n in range(FLAKIEST + 5)]
    view = history(a_record("flaky", *tests))
    assert [test.name for test in view.flakiest] == [name for name, _ in tests[:FLAKIEST]]
