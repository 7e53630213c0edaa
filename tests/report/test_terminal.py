"""What is printed of a gate run can be read, and copied, at any width."""

import io

import pytest
from rich.console import Console

from testgate.core.layout import RunPlace
from testgate.report.terminal import print_rehearsal, print_run, print_why
from tests.report.records import EXECUTION, TRACE, broken, record, refused, stored

PLACE = RunPlace(cluster="shop", service="web", deployment_id="d" * 21, run_name="web-0f3c" * 6)
ANSWER = {
    "hook": "test-gate",
    "stage": "POST_TEST_TRAFFIC_SHIFT",
    "hook_status": "FAILED",
    "mode": "enforce",
    "outcome": "failed",
    "sentence": "suite smoke: 1 of 2 tests failed",
    "answered_at": "2026-11-23T08:00:09.123456+00:00",
}


def printed(show, told, width):
    file = io.StringIO()
    show(Console(file=file, width=width), told, ANSWER, "records", PLACE)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_addresses_and_digests_stand_whole_on_a_line(width):
    told = stored(refused())
    lines = printed(print_run, told, width)
    for whole in (told["plan_digest"], f"s3://records/{PLACE.prefix}", EXECUTION):
        assert any(line.endswith(f"  {whole}") for line in lines)


@pytest.mark.parametrize("soft_wrap", [True, False])
@pytest.mark.parametrize(
    "show",
    [
        lambda console, told: print_why(console, told, ANSWER, "records", PLACE),
        print_rehearsal,
    ],
    ids=["why", "run"],
)
def test_a_trace_is_printed_as_it_was_written(show, soft_wrap):
    file = io.StringIO()
    show(Console(file=file, width=60, soft_wrap=soft_wrap), stored(refused()))
    lines = file.getvalue().splitlines()
    assert [line for line in TRACE.splitlines() if line and f"    {line}" not in lines] == []


def test_the_answers_time_is_told_as_the_others_are():
    lines = printed(print_why, stored(refused()), 80)
    assert "ECS was told  FAILED at 2026-11-23T08:00:09.123Z" in lines


def test_what_a_suite_wrote_is_no_markup():
    name = "test_[red]a[/red][link=http://evil.example]b[/link]"
    lines = printed(print_run, stored(record(broken(name, message=f"says {name}"))), 200)
    assert f"First failing test  {name}  (suite smoke)" in lines
    assert any(line.startswith(f"failed  {name} ") for line in lines)
    assert any(line.strip() == f"says {name}" for line in lines)
