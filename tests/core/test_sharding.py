"""Shards: each test is one shard's, and only all of them together can pass."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.evidence import Collected, Crash, RelayCounts, Run
from testgate.core.outcomes import Outcome
from testgate.core.sharding import digest_of_ids, own_ids
from testgate.core.verdict import judge
from tests.core.samples import evidence, failed, passed, plan, question, suite

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
        ([FIRST, left(2, selected=1)], "suite_error", "shard 2 reported 0 tests, 1 were its own"),
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
