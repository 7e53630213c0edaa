"""Where a gate run is, by what its steps and shards have told so far."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.layout import IndexEntry
from testgate.core.outcomes import Outcome
from testgate.core.progress import Progress
from testgate.core.states import Ready, begun
from testgate.ui.live import FAILURES, NAMED, OF_ENDED, Step, live
from testgate.ui.source import RunTold
from tests.core.samples import START, question
from tests.ui.stored import a_place, a_shard, ended_tests

READY = Ready(
    gate="shop",
    waves=((("smoke", 2),), (("api", 1),)),
    asks_identity=True,
    deadline=START + timedelta(minutes=5),
)
PLAIN = Ready(gate="shop", waves=READY.waves[:1], asks_identity=False, deadline=READY.deadline)
BEGUN = begun(question(), "web-2", START)
SMOKE = {"suite": "smoke", "due": 2}
BOTH = (a_shard(shard=1, ended=True, **SMOKE), a_shard(shard=2, ended=True, **SMOKE))
API = {"suite": "api", "wave": 2}


def told(ready=None, *, judging=False):
    return RunTold(execution="web-2", started_at=START, begun=BEGUN, ready=ready, judging=judging)


def ended(outcome):
    return IndexEntry(place=a_place("web-2"), outcome=Outcome(outcome), ended_at=START)


def seen(said, shards=(), entry=None):
    """Each state that is not due, with its step."""
    view = live("run", said, shards, entry, START)
    return {each.name: each.step.value for each in view.states if each.step is not Step.DUE}


@pytest.mark.parametrize(
    ("said", "shards", "running", "done"),
    [
        (told(), (), "Prepare", 0),
        (told(READY), (), "AskBefore", 1),
        (told(PLAIN), (), "Wave 1", 1),
        (told(READY), BOTH[:1], "Wave 1", 2),
        (told(READY), (BOTH[0], a_shard(shard=2, **SMOKE)), "Wave 1", 2),
        (told(READY), BOTH, "CheckWave 2", 3),
        (told(READY), (*BOTH, a_shard(**API)), "Wave 2", 4),
        (told(READY), (BOTH[0], a_shard(**API)), "Wave 2", 4),
        (told(READY), (*BOTH, a_shard(ended=True, **API)), "AskAfter", 5),
        (told(READY, judging=True), (*BOTH, a_shard(ended=True, **API)), "Judge", 6),
        (told(PLAIN), BOTH, "Judge", 2),
        (told(PLAIN, judging=True), BOTH, "Judge", 2),
    ],
)
def test_one_state_runs_and_those_before_it_are_done(said, shards, running, done):
    steps = list(seen(said, shards).items())
    assert steps[-1] == (running, "running")
    assert [step for _, step in steps[:-1]] == ["done"] * done


@pytest.mark.parametrize(
    ("said", "shards", "last", "skipped"),
    [
        (told(judging=True), (), "Judge", ["Waves"]),
        (
            told(READY, judging=True),
            (),
            "Judge",
            ["Wave 1", "CheckWave 2", "Wave 2", "AskAfter"],
        ),
        (told(READY, judging=True), BOTH, "Judge", ["Wave 2", "AskAfter"]),
        (told(READY), BOTH[:1], "Wave 1", ["CheckWave 2", "Wave 2", "AskAfter", "Judge"]),
    ],
)
def test_what_was_left_out_says_so_and_the_last_one_refused(said, shards, last, skipped):
    steps = seen(said, shards, ended("failed"))
    assert steps[last] == "refused"
    assert [name for name, step in steps.items() if step == "not run"] == skipped


def test_a_gate_run_that_passed_is_done_all_over():
    steps = seen(told(PLAIN, judging=True), BOTH, ended("flaky"))
    assert set(steps.values()) == {"done"}


def test_without_its_states_the_shards_alone_tell_waves():
    lost = RunTold(execution="web-2", started_at=START)
    assert seen(lost, BOTH) == {"Prepare": "done", "Wave 1": "done", "CheckWave 2": "running"}


def test_shards_are_listed_before_they_begin():
    view = live("run", told(READY), BOTH[:1], None, START)
    assert [(each.suite, each.shard, each.of, each.step) for each in view.shards] == [
        ("smoke", 1, 2, Step.DONE),
        ("smoke", 2, 2, Step.DUE),
        ("api", 1, 1, Step.DUE),
    ]
    over = live("run", told(READY), (a_shard(**SMOKE),), ended("aborted"), START)
    assert [each.step for each in over.shards] == [Step.STOPPED, Step.SKIPPED, Step.SKIPPED]


@pytest.mark.parametrize(("running", "each"), [(1, NAMED), (4, NAMED // 4), (100, 1)])
def test_names_of_tests_are_shared_out_among_the_shards_that_run(running, each):
    tests = ended_tests(*[(f"test_{n}", "passed") for n in range(NAMED)], total=99)
    shards = [a_shard(tests, shard=n + 1) for n in range(running)]
    view = live("run", told(), shards, None, START)
    names = [test.name for test in view.shards[0].newest]
    assert names == [f"test_{n}" for n in range(NAMED)][::-1][:each]


def test_a_shard_that_has_ended_makes_room():
    tests = ended_tests(*[(f"test_{n}", "passed") for n in range(9)])
    ended_one, running = a_shard(tests, ended=True), a_shard(tests, shard=2)
    view = live("run", told(), [ended_one, running], None, START)
    assert [len(each.newest) for each in view.shards] == [OF_ENDED, 9]


def test_failures_are_named_up_to_a_limit_and_counted():
    tests = ended_tests(*[(f"test_{n}", "failed") for n in range(30)], total=99)
    shards = [a_shard(tests, shard=n + 1) for n in range(4)]
    view = live("run", told(), shards, None, START)
    assert (len(view.failures), view.failed) == (FAILURES, 120)
    assert view.failures[0] == ("smoke", "test_0")
    assert view.states[1].failed == 120


@pytest.mark.parametrize(
    ("said", "shards", "after", "silent"),
    [
        (told(), (), timedelta(minutes=4), False),
        (told(), (), timedelta(minutes=6), True),
        (told(READY), (), timedelta(minutes=9), False),
        (told(READY), (), timedelta(minutes=11), True),
        (told(), (a_shard(),), timedelta(minutes=9), False),
        (told(), (a_shard(at=START + timedelta(hours=1)),), timedelta(minutes=64), False),
    ],
)
def test_one_is_silent_once_nothing_was_heard_since_its_deadline(said, shards, after, silent):
    view = live("run", said, shards, None, START + after)
    assert (view.silent, view.over) == (silent, silent)
    assert live("run", said, shards, ended("passed"), START + after).silent is False


numbers = st.integers(min_value=-3, max_value=10**12)


@given(
    shards=st.lists(
        st.builds(
            a_shard,
            st.builds(Progress, ended=numbers, failed=numbers, total=st.none() | numbers),
            suite=st.sampled_from(["smoke", "api", "other"]),
            shard=numbers,
            wave=numbers,
            waves=numbers,
            due=numbers,
            ended=st.booleans(),
        ),
        max_size=5,
    ),
    ready=st.sampled_from([None, READY, PLAIN]),
    judging=st.booleans(),
    outcome=st.none() | st.sampled_from([each.value for each in Outcome]),
)
def test_whatever_is_told_one_state_is_the_last(shards, ready, judging, outcome):
    entry = ended(outcome) if outcome else None
    view = live("run", told(ready, judging=judging), shards, entry, START)
    steps = [each.step for each in view.states]
    assert steps.count(Step.RUNNING) == (0 if entry else 1)
    assert len(steps) < 250
