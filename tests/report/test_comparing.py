"""Two gate runs compared test by test, and the command that repeats one."""

import shlex

import pytest

from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.report.comparing import compare
from testgate.report.reading import read_record
from testgate.report.repeating import repetition
from tests.core.samples import passed, skipped
from tests.report.records import broken, promoted, record, refused


def run_of(**outcomes):
    """A gate run of tests with these outcomes."""
    make = {
        "passed": passed,
        "failed": broken,
        "skipped": skipped,
        "flaky": lambda name: TestResult(name=name, outcome=Outcome.FLAKY, message="once"),
    }
    return read_record(record(*(make[outcome](name) for name, outcome in outcomes.items())))


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("passed", "failed", "newly_failing"),
        ("skipped", "failed", "newly_failing"),
        ("flaky", "failed", "newly_failing"),
        (None, "failed", "newly_failing"),
        ("failed", "failed", "still_failing"),
        ("failed", "passed", "fixed"),
        ("failed", "skipped", "newly_skipped"),
        ("passed", "skipped", "newly_skipped"),
        ("passed", "flaky", "newly_flaky"),
        ("passed", None, "missing"),
        ("failed", None, "missing"),
        ("passed", "passed", None),
        ("skipped", "skipped", None),
        (None, "passed", None),
    ],
)
def test_a_test_is_named_where_it_belongs_and_nowhere_else(before, after, where):
    old = run_of(other="passed", **({"it": before} if before else {}))
    new = run_of(other="passed", **({"it": after} if after else {}))
    lists = compare(old, new).lists()
    assert {name for name, names in lists.items() if names} == ({where} if where else set())
    assert not where or lists[where] == (("smoke", "it"),)


def test_a_flaky_test_that_failed_before_is_fixed_and_flaky():
    comparison = compare(run_of(it="failed"), run_of(it="flaky"))
    assert comparison.fixed == comparison.newly_flaky == (("smoke", "it"),)


def test_of_a_record_that_leaves_tests_out_nothing_is_called_missing():
    old, new = record(passed("a"), passed("b")), record(passed("a"))
    new["suites"][0]["tests_left_out"] = 1
    comparison = compare(read_record(old), read_record(new))
    assert comparison.partial
    assert comparison.missing == ()


def with_config(**config):
    return read_record(refused() | {"config": config})


def test_green_that_lives_is_named_in_the_command():
    config = {"TEST_HOST": "shop.example", "PARAMETERS": {"USER": "o'neil x", "PIN": "[redacted]"}}
    again = repetition(with_config(**config, TEST_HEADERS=["X-Test"]), green_lives=True)
    assert again is not None
    words = shlex.split(again.command)
    run = read_record(refused())
    assert words == [
        *("testgate", "repeat", run.execution_arn, "--url", run.base_url),
        *("--host", "shop.example"),
    ]
    assert again.needs == (
        "with --header X-Test=…, which the record does not tell",
        "with --parameter PIN=…, which the record does not tell",
    )


def test_green_that_is_gone_is_replaced_by_its_image():
    given = ("--endpoint-url", "http://127.0.0.1:1")
    again = repetition(with_config(TEST_HOST="shop.example"), green_lives=False, connection=given)
    assert again is not None
    arn = read_record(refused()).execution_arn
    assert shlex.split(again.command) == ["testgate", "repeat", arn, *given]
    (needs,) = again.needs
    assert needs.endswith("/shop:1.2.0 here")


def test_a_pass_has_nothing_to_repeat():
    assert repetition(read_record(promoted()), green_lives=False) is None
