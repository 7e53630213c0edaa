"""Shards: each test is one shard's, and only all of them together can pass."""

import dataclasses
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.balancing import digest_of_ids, own_ids
from testgate.core.durations import (
    MAX_MS,
    MAX_TESTS,
    SCHEMA,
    key_of,
    read_durations,
    read_pointer,
    spell_durations,
    spell_pointer,
)
from testgate.core.evidence import Collected, Crash, RelayCounts, Run
from testgate.core.outcomes import Outcome
from testgate.core.quarantine import QuarantineEntry
from testgate.core.suite_verdict import judge_suite
from testgate.core.verdict import judge
from tests.core.samples import BUNDLE, evidence, failed, passed, plan, question, skipped, suite

TWO = plan(suite(shards=2))


def left(shard, *tests, total=3, selected=None, digest="d", of=TWO, **changes):
    told = Collected(
        digest=digest, total=total, selected=len(tests) if selected is None else selected
    )
    run = Run(suite="smoke", shard=shard)
    return evidence(of, *tests, **({"run": run, "collected": told} | changes))


def verdict(*results, of=TWO):
    return judge(of, results, question().digest)


FIRST, SECOND = left(1, passed("a"), passed("b")), left(2, passed("c"))


def test_shards_that_together_ran_each_test_once_pass():
    result = verdict(FIRST, SECOND)
    assert result.outcome is Outcome.PASSED
    assert result.sentence == "3 of 3 tests passed (smoke)"
    assert result.suites[0].relay == RelayCounts(requests=6, statuses={"200": 6})


def test_failures_of_all_shards_are_one_sentence():
    result = verdict(left(1, failed("a"), passed("b")), left(2, failed("c")))
    assert result.sentence == (
        "2 of 3 tests in suite smoke failed (allowed 0); first: a: 500, expected 201"
    )


def test_a_failure_is_the_headline_and_a_crash_of_another_shard_is_told():
    crash = Crash(run=Run(suite="smoke", shard=2), error="Runtime.ExitError", cause="")
    result = verdict(left(1, failed("a"), passed("b")), crash)
    assert result.outcome is Outcome.FAILED
    assert result.sentence.endswith(
        "; besides, suite smoke, shard 2 of 2 could not run: Runtime.ExitError"
    )


@pytest.mark.parametrize(
    ("results", "outcome", "says"),
    [
        ([FIRST], "infra_error", "suite smoke, shard 2 of 2 left no result"),
        ([SECOND], "infra_error", "suite smoke, shard 1 of 2 left no result"),
        ([FIRST, left(3, passed("c"))], "infra_error", "shard 3, which is not due"),
        ([FIRST, left(2, passed("c"), digest="e")], "suite_error", "collected different tests"),
        ([FIRST, left(2)], "suite_error", "were to run 2 tests of 3 collected"),
        ([FIRST, left(2, passed("b"))], "suite_error", "b ran in shards 1 and 2"),
        ([FIRST, left(2, selected=1)], "suite_error", "shard 2 of it reported 0 tests, 1 were"),
        (
            [FIRST, left(2, passed("c"), collected=None)],
            "suite_error",
            "shard 2 did not tell what it collected",
        ),
        ([FIRST, left(2, passed("c"), exit_code=3)], "suite_error", "shard 2 of 2: pytest had an"),
        ([FIRST, left(2, passed("c"), timed_out=True)], "timed_out", "shard 2 of 2 timed out"),
    ],
)
def test_shards_that_do_not_add_up_refuse(results, outcome, says):
    result = verdict(*results)
    assert result.outcome.value == outcome
    assert says in result.sentence


def test_a_shard_without_tests_of_its_own_is_no_problem():
    three = plan(suite(shards=2))
    empty = left(2, total=2, exit_code=5, of=three)
    result = verdict(left(1, passed("a"), passed("b"), total=2, of=three), empty, of=three)
    assert result.outcome is Outcome.PASSED


def test_shards_that_are_all_empty_refuse():
    none = [left(shard, total=0, exit_code=5) for shard in (1, 2)]
    result = verdict(*none)
    assert result.outcome is Outcome.SUITE_ERROR
    assert "pytest collected no tests (exit code 5); so did 1 more of 2 shards" in result.sentence


def test_min_tests_are_those_of_the_suite_and_not_of_a_shard():
    many = plan(suite(shards=2, min_tests=4))
    result = verdict(
        left(1, passed("a"), passed("b"), of=many), left(2, passed("c"), of=many), of=many
    )
    assert "3 tests ran, at least 4 must" in result.sentence


def test_a_suite_of_one_shard_need_not_tell_what_it_collected():
    one = plan(suite())
    assert verdict(evidence(one, passed("a")), of=one).outcome is Outcome.PASSED


@given(st.lists(st.text(max_size=5), max_size=40, unique=True), st.integers(1, 64))
def test_every_test_is_the_own_of_one_shard_and_shards_are_even(ids, shards):
    parts = [own_ids(ids, shard, shards) for shard in range(1, shards + 1)]
    assert sorted(name for part in parts for name in part) == sorted(ids)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


IDS = st.lists(st.text("ab:/", max_size=6), max_size=40)
KEYS = st.sampled_from([key_of(name) for name in ("a", "b", "a::b", "b::a", "")])


@given(
    IDS,
    st.integers(1, 64),
    st.dictionaries(KEYS | st.text(max_size=3), st.integers()),
    st.randoms(),
)
def test_whatever_durations_say_every_test_is_the_own_of_one_shard(ids, shards, told, chance):
    """And all shards come to the same, whatever the order in which they collected."""
    known = read_durations(json.dumps({"schema": SCHEMA, "ms": told}).encode())
    shuffled = list(ids)
    chance.shuffle(shuffled)
    parts = [own_ids(ids, shard, shards, known) for shard in range(1, shards + 1)]
    assert [own_ids(shuffled, shard, shards, known) for shard in range(1, shards + 1)] == parts
    assert sorted(name for part in parts for name in part) == sorted(set(ids))


@given(st.binary(max_size=60) | st.sampled_from([b"[" * 10**5, b"{}", b'{"schema": 1}']))
def test_what_is_no_document_of_durations_says_nothing(data):
    assert read_durations(data) == {}


@pytest.mark.parametrize("ms", [-1, 0, True, "5", 1.5, None, MAX_MS + 1, 10**400])
def test_a_duration_that_makes_no_sense_says_nothing(ms):
    assert read_durations(json.dumps({"schema": SCHEMA, "ms": {"a": ms, "b": 7}}).encode()) == {
        "b": 7
    }


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 10**6), min_size=1),
    st.integers(1, 16),
)
def test_known_durations_are_balanced_as_graham_promises(took, shards):
    """Nobody has more than 4/3 of the best there can be, and of that a twentieth for files."""
    known = {key_of(name): ms for name, ms in took.items()}
    loads = [sum(took[i] for i in own_ids([*took], n, shards, known)) for n in range(1, shards + 1)]
    ordered = sorted(took.values(), reverse=True)
    pair = ordered[shards - 1] + ordered[shards] if len(ordered) > shards else 0
    best = max(sum(ordered) / shards, ordered[0], pair)
    assert max(loads) <= best * 4 / 3 * 1.05 + 1


def test_an_unknown_test_counts_as_the_mean_of_the_known():
    known = {key_of("a"): 300, key_of("b"): 100}
    assert own_ids(["a", "b", "c"], 1, 2, known) == {"a"}
    assert own_ids(["a", "b", "c"], 2, 2, known) == {"b", "c"}


@pytest.mark.parametrize(
    ("took", "together"),
    [
        ({"x::1": 10, "x::2": 10, "y::1": 10, "y::2": 10}, True),
        ({"x::1": 10, "x::2": 10, "y::1": 10, "y::2": 9}, True),
        ({"x::1": 30, "x::2": 30, "y::1": 10, "y::2": 10}, False),
    ],
)
def test_a_file_stays_together_where_that_costs_no_balance(took, together):
    known = {key_of(name): ms for name, ms in took.items()}
    first = own_ids([*took], 1, 2, known)
    assert (len({name[0] for name in first}) == 1) is together


def test_a_file_that_is_too_long_is_split_and_others_are_not():
    took = {f"long::{n}": 100 for n in range(8)}
    took |= {f"{file}::{n}": 10 for file in ("s", "t", "u", "v") for n in range(4)}
    known = {key_of(name): ms for name, ms in took.items()}
    parts = [own_ids([*took], shard, 2, known) for shard in (1, 2)]
    for file in ("s", "t", "u", "v"):
        assert sorted(sum(name[0] == file for name in part) for part in parts) == [0, 4]
    assert sorted(sum(name.startswith("long") for name in part) for part in parts) == [4, 4]


def test_what_is_kept_is_bounded_and_of_tests_that_passed():
    tests = [passed(f"test_{n}") for n in range(MAX_TESTS + 1)]
    tests.append(dataclasses.replace(passed("long"), duration_s=9.0))
    kept = read_durations(spell_durations([*tests, failed("bad"), skipped("late")]).encode())
    assert (len(kept), kept[key_of("long")]) == (MAX_TESTS, 9000)
    assert not {key_of("bad"), key_of("late")} & set(kept)
    assert len(spell_durations(tests)) < 1_200_000


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (spell_pointer(BUNDLE, date(2026, 11, 1)), BUNDLE),
        (spell_pointer(BUNDLE, date(2026, 9, 26)), BUNDLE),
        (spell_pointer(BUNDLE, date(2026, 9, 25)), None),
        (spell_pointer("latest", date(2026, 11, 1)), None),
        ({"durations": BUNDLE, "day": "yesterday"}, None),
        ({"durations": BUNDLE}, None),
        (None, None),
        ([], None),
    ],
)
def test_a_pointer_leads_to_durations_that_are_not_about_to_go(raw, found):
    assert read_pointer(raw, date(2026, 11, 25)) == found


@given(st.permutations(["a", "b", "c::d"]))
def test_the_order_of_collection_does_not_matter(ids):
    assert digest_of_ids(ids) == digest_of_ids(["a", "b", "c::d"])
    assert own_ids(ids, 1, 2) == own_ids(["a", "b", "c::d"], 1, 2)


@given(st.data())
def test_no_part_of_the_shards_passes_for_the_whole(data):
    """Whatever is missing, doubled or changed, only the exact set passes."""
    good = [FIRST, SECOND]
    picked = data.draw(st.lists(st.sampled_from([*good, dataclasses.replace(SECOND, exit_code=1)])))
    result = verdict(*picked)
    exact = len(picked) == 2 and all(one in picked for one in good)
    assert (result.outcome is Outcome.PASSED) == exact


@pytest.mark.parametrize(
    ("tests", "due", "says"),
    [
        ([failed("q")], 9, ""),
        ([failed("q")], 10, "reported 9 tests, 10 were to run; does it end at its first failure?"),
        ([failed("q"), failed("q")], 10, "reported 9 tests, 10 were to run"),
        ([passed("q"), failed("q")], 9, ""),
        ([passed("a"), passed("a"), skipped("s"), failed("q")], 12, ""),
    ],
)
def test_a_run_that_ended_at_a_quarantined_failure_has_not_told_of_all(tests, due, says):
    entry = QuarantineEntry(test="q", owner="shop", reason="known", expires=date(2026, 12, 1))
    of_plan = plan(suite(quarantine=(entry,)))
    eight = [passed(f"more-{n}") for n in range(8)]
    collected = Collected(digest=digest_of_ids(["a"]), total=due, selected=due)
    left = evidence(of_plan, *tests, *eight, collected=collected)
    result = judge_suite(of_plan.suites[0], [left], date(2026, 11, 23))
    assert result.outcome is (Outcome.SUITE_ERROR if says else Outcome.PASSED), result.sentence
    assert says in result.sentence
