"""What `testgate watch` says of each moment, and how a terminal shows it."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from testgate.cli.scene import Scene, left, news
from testgate.cli.watch import ended_among, picture
from testgate.core.progress import Progress

STAGE = "IN_PROGRESS at POST_TEST_TRAFFIC_SHIFT"
NOW = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def scene(**changes):
    return Scene(**({"stands_at": STAGE} | changes))


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, scene(), [STAGE]),
        (scene(), scene(), []),
        (scene(), scene(execution="web-0f"), ["gate run web-0f"]),
        (
            scene(),
            scene(shards={"smoke/1": Progress(ended=5, failed=1, total=14)}),
            ["smoke/1: 5 of 14 tests, 1 failed"],
        ),
        (
            scene(shards={"smoke/1": Progress(ended=5)}),
            scene(shards={"smoke/1": Progress(ended=5)}),
            [],
        ),
        (
            scene(shards={"smoke/1": Progress(ended=13, total=14)}),
            scene(ended=frozenset({"smoke/1"})),
            ["smoke/1: ended (13 of 14 tests)"],
        ),
        (
            scene(shards={"smoke/1": Progress(ended=5, failed=1, first_failed=("a",))}),
            scene(shards={"smoke/1": Progress(ended=6, failed=2, first_failed=("a", "b"))}),
            ["smoke/1: failed b", "smoke/1: 6 tests, 2 failed"],
        ),
        (scene(), scene(ended=frozenset({"b/1", "a/1"})), ["a/1: ended", "b/1: ended"]),
        (scene(waiting=("a waits",)), scene(waiting=("a waits", "b waits")), ["b waits"]),
    ],
)
def test_only_what_is_new_is_said(before, after, lines):
    assert news(before, after) == lines


@pytest.mark.parametrize(
    ("deadline", "says"),
    [
        ("2026-03-04T05:04:05Z", "4 min 05 s"),
        ("2026-03-04T05:00:59Z", "59 s"),
        ("2026-03-04T04:59:00Z", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_what_is_left_until_the_deadline(deadline, says):
    assert left(deadline, NOW) == says


def test_shards_that_left_evidence_have_ended():
    prefix = "runs/shop/web/D/"
    keys = [
        f"{prefix}web-0f/evidence/smoke/1/1-0/evidence.json",
        f"{prefix}web-0f/evidence/smoke/2/1-0/output.txt",
        f"{prefix}web-0f/evidence/smoke/3/1-0/artifacts/evidence.json",
        f"{prefix}web-0f/record.json",
    ]
    assert ended_among(keys, prefix) == {"smoke/1"}


def test_a_terminal_shows_a_bar_for_each_shard_and_the_time_left():
    out = io.StringIO()
    shards = {"smoke/1": Progress(ended=5, total=14), "[bold]/2": Progress()}
    shown = scene(shards=shards, ended=frozenset({"api/1"}), deadline="2026-03-04T05:04:05Z")
    Console(file=out, width=100, force_terminal=False).print(picture(shown, NOW))
    text = out.getvalue()
    assert f"{STAGE}  4 min 05 s left" in text
    assert "5 of 14 tests" in text
    assert "[bold]/2" in text
    assert "━" in text
