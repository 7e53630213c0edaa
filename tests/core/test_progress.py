"""What a suite's plugin writes while tests run, as a number of tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.progress import Progress, read_progress


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
        (["of many", "of -1", "rerun", "passedx", ""], Progress(), "0 tests"),
    ],
)
def test_lines_are_counted_and_what_means_nothing_is_passed_by(lines, expected, said):
    assert read_progress(lines) == expected
    assert str(expected) == said


@given(st.lists(st.text()))
def test_whatever_a_suite_writes_there_is_some_progress(lines):
    progress = read_progress(lines)
    assert 0 <= progress.failed <= progress.ended <= len(lines)
