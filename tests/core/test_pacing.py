"""When the hook is called again: soon at the end, seldom before, and never past a deadline."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.pacing import HELD_SHARE, HOLD_S, Pace, held_before, pace, poll_delay_s
from testgate.core.progress import (
    Progress,
    Remaining,
    ShardProgress,
    parse_shard_progress,
    remaining,
)
from tests.core.samples import START

SECONDS = st.floats(0, 90_000)


def shard(number=1, *, done=0, total=None, at_s=0.0, **changes):
    values = {
        "suite": "smoke",
        "shard": number,
        "attempt": 1,
        "progress": Progress(ended=done, total=total),
        "started_at": START,
        "at": START + timedelta(seconds=at_s),
        "deadline": START + timedelta(hours=1),
        "wave": 1,
        "waves": 1,
        "due": 1,
    }
    return ShardProgress(**(values | changes))


def left(*shards, after_s=10.0):
    return remaining(shards, START + timedelta(seconds=after_s))


@pytest.mark.parametrize(
    ("shards", "expected"),
    [
        ([], None),
        ([shard()], None),
        ([shard(done=5, total=20, at_s=10)], Remaining(seconds=30, whole=True)),
        ([shard(done=5, total=20, at_s=8)], Remaining(seconds=22, whole=True)),
        ([shard(done=5, at_s=8)], None),
        ([shard(expected_s=25)], Remaining(seconds=15, whole=True)),
        ([shard(expected_s=5)], None),
        ([shard(ended=True)], Remaining(seconds=0, whole=True)),
        (
            [shard(due=2, ended=True), shard(2, due=2, done=1, total=3, at_s=10)],
            Remaining(seconds=20, whole=True),
        ),
        ([shard(due=2, done=1, total=3, at_s=10)], Remaining(seconds=20, whole=False)),
        ([shard(waves=2, done=1, total=3, at_s=10)], Remaining(seconds=20, whole=False)),
        (
            [shard(wave=1, waves=2, ended=True), shard(2, wave=2, waves=2, expected_s=12)],
            Remaining(seconds=2, whole=True),
        ),
        ([shard(due=2, ended=True), shard(2, due=2)], None),
    ],
)
def test_what_shards_tell_adds_up_to_what_is_left(shards, expected):
    assert left(*shards) == expected


def test_progress_survives_storage_and_nonsense_is_nothing():
    told = shard(done=3, total=9, at_s=4, expected_s=7.5, ended=True)
    assert parse_shard_progress(told.spell()) == told
    spelled = told.spell()
    wrongs: list[object] = [
        None,
        [],
        {},
        spelled | {"schema": "testgate.progress/9"},
        spelled | {"at": "now"},
        spelled | {"at": "2026-11-23T08:00:00"},
        spelled | {"done": "many"},
        {key: value for key, value in spelled.items() if key != "wave"},
    ]
    assert [parse_shard_progress(wrong) for wrong in wrongs] == [None] * len(wrongs)


@pytest.mark.parametrize(
    ("elapsed_s", "known", "held_s", "expected"),
    [
        (8, None, 0, Pace(hold_s=0, delay_s=2)),
        (32, None, 0, Pace(hold_s=0, delay_s=4)),
        (300, None, 0, Pace(hold_s=0, delay_s=4)),
        (1500, None, 0, Pace(hold_s=0, delay_s=15)),
        (60, Remaining(seconds=20, whole=True), 0, Pace(hold_s=0, delay_s=14)),
        (60, Remaining(seconds=600, whole=True), 0, Pace(hold_s=0, delay_s=30)),
        (60, Remaining(seconds=20, whole=False), 0, Pace(hold_s=0, delay_s=20)),
        (60, Remaining(seconds=5, whole=True), 0, Pace(hold_s=6, delay_s=2)),
        (60, Remaining(seconds=5, whole=True), 5, Pace(hold_s=1, delay_s=2)),
        (60, Remaining(seconds=5, whole=True), 99, Pace(hold_s=0, delay_s=2)),
    ],
)
def test_calls_are_paced_by_what_is_known(elapsed_s, known, held_s, expected):
    assert pace(elapsed_s, 1000, known, held_s) == expected


@given(
    SECONDS,
    SECONDS,
    st.none() | st.builds(Remaining, seconds=st.floats(-100, 90_000), whole=st.booleans()),
    SECONDS,
)
def test_delays_are_whole_positive_and_never_long(elapsed_s, left_s, known, held_s):
    paced = pace(elapsed_s, left_s, known, held_s)
    assert isinstance(paced.delay_s, int)
    assert 1 <= paced.delay_s <= 30
    assert paced.delay_s <= left_s + 1
    assert 0 <= paced.hold_s <= min(HOLD_S, left_s)
    assert held_s + paced.hold_s <= max(held_s, HELD_SHARE * elapsed_s) + 1e-6
    assert 1 <= poll_delay_s(elapsed_s, left_s) <= 30


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=3))
def test_a_hint_that_makes_no_sense_is_none(value):
    assert 0 <= held_before({"held_s": value}) < 86_400
    assert held_before(value) == 0
