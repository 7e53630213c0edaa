"""What a suite's plugin writes while tests run, as a number of tests."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.progress import (
    FIRST_FAILED,
    NEWEST,
    EndedTest,
    Progress,
    ShardProgress,
    parse_shard_progress,
    read_progress,
)
from testgate.runner.progress_file import ended_line
from tests.core.samples import START


@pytest.mark.parametrize(
    ("lines", "expected", "said"),
    [
        ([], Progress(), "0 tests"),
        (["of 3"], Progress(total=3), "0 of 3 tests"),
        (
            ["of 3", "passed", "failed", "skipped"],
            Progress(ended=3, failed=1, total=3),
            "3 of 3 tests, 1 failed",
        ),
        (["passed", "of 2", "of 2", "passed"], Progress(ended=2, total=2), "2 of 2 tests"),
        (["of many", "of -1", "rerun", "passedx", "passed the rest", ""], Progress(), "0 tests"),
        (
            ['passed "half a na', 'failed "x" "y"', 'passed ""'],
            Progress(ended=3, failed=1),
            "3 tests, 1 failed",
        ),
    ],
)
def test_lines_are_counted_and_what_means_nothing_is_passed_by(lines, expected, said):
    assert read_progress(lines) == expected
    assert str(expected) == said


@given(st.lists(st.text()))
def test_whatever_a_suite_writes_there_is_some_progress(lines):
    progress = read_progress(lines)
    assert 0 <= progress.failed <= progress.ended <= len(lines)


def test_the_last_tests_and_the_first_failures_are_named_and_no_more():
    lines = [ended_line("failed" if n % 2 else "passed", f"test_{n}") for n in range(100)]
    progress = read_progress(["of 200", *lines])
    assert (progress.ended, progress.failed) == (100, 50)
    assert [test.name for test in progress.newest] == [
        f"test_{n}" for n in range(100 - NEWEST, 100)
    ]
    assert progress.newest[-1] == EndedTest(name="test_99", outcome="failed")
    assert progress.first_failed == tuple(f"test_{2 * n + 1}" for n in range(FIRST_FAILED))


@given(st.text())
def test_no_name_can_break_its_line(name):
    line = ended_line("failed", name)
    assert "\n" not in line
    assert read_progress([line]).first_failed == ((name,) if name and len(line) < 4_000 else ())


def told(progress):
    return ShardProgress(
        suite="smoke",
        shard=1,
        attempt=1,
        progress=progress,
        started_at=START,
        at=START,
        deadline=START + timedelta(minutes=5),
        wave=1,
        waves=1,
        due=1,
    )


def test_a_shard_is_read_as_it_was_told():
    shard = told(
        Progress(
            ended=2,
            failed=1,
            total=3,
            newest=(EndedTest(name="a", outcome="passed"), EndedTest(name="b", outcome="failed")),
            first_failed=("b",),
        )
    )
    assert parse_shard_progress(shard.spell()) == shard


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"newest": None, "first_failed": None},
        {"newest": {}, "first_failed": "b"},
        {"newest": [1, {}, {"name": "a"}, {"name": "a", "outcome": ["passed"]}]},
    ],
)
def test_one_that_names_no_test_is_readable_all_the_same(names):
    raw = told(Progress(ended=2, failed=1)).spell()
    del raw["newest"], raw["first_failed"]
    assert parse_shard_progress(raw | names) == told(Progress(ended=2, failed=1))


def test_tests_can_be_renamed_wherever_they_are_named():
    line = ended_line("failed", "test[secret]")
    renamed = read_progress([line]).renamed(lambda name: name.replace("secret", "-"))
    assert renamed == read_progress([ended_line("failed", "test[-]")])
