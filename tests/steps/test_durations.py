"""Who keeps durations, who picks them, and that no verdict depends on either."""

import json
from datetime import timedelta

import pytest

from state_machines.steps.run_suite import _durations
from testgate.core.canonical import digest_of
from testgate.core.durations import key_of, read_durations, spell_durations, spell_pointer
from testgate.core.errors import AccessDeniedError, NotFoundError, UnavailableError
from testgate.core.evidence import Collected, Run
from testgate.core.handoff import Task, parse_context
from testgate.core.layout import durations_key, latest_durations_key
from testgate.core.outcomes import Outcome
from tests.core.samples import START, evidence, failed, passed, plan, suite
from tests.steps.test_steps import Stage

TWO = suite(shards=2)
LATEST = latest_durations_key("shop", "smoke")
DOCUMENT = spell_durations([passed("a"), passed("b")]).encode()


def stage(of=TWO):
    made = Stage()
    made.publish(plan(of))
    return made


def judged(made, *tests, shards=2):
    """One test a shard."""
    prepared = made.prepare()
    pointers = [
        made.leave(
            evidence(
                made.plan,
                test,
                run=Run(suite="smoke", shard=shard),
                collected=Collected(digest="d", total=shards, selected=1),
            )
        )
        for shard, test in enumerate(tests, 1)
    ]
    return made.judge(prepared, *pointers)


def kept(made):
    """The document that the pointer leads to; None if there is none."""
    if LATEST not in made.bucket.objects:
        return None
    pointer = json.loads(made.bucket.objects[LATEST])
    if "durations" not in pointer:
        return None
    return read_durations(made.bucket.objects[durations_key(pointer["durations"])])


def test_durations_of_a_suite_in_shards_are_kept_once_it_passed():
    made = stage()
    assert judged(made, passed("a"), passed("b")).outcome is Outcome.PASSED
    assert kept(made) == {key_of("a"): 100, key_of("b"): 100}


@pytest.mark.parametrize(
    ("of", "tests"),
    [(TWO, (passed("a"), failed("b"))), (TWO, (passed("a"),)), (suite(), (passed("a"),))],
    ids=["a failure", "a shard is missing", "one shard"],
)
def test_nothing_is_kept_of_another_suite(of, tests):
    made = stage(of)
    judged(made, *tests)
    assert kept(made) is None


@pytest.mark.parametrize("after", [0, 1])
def test_durations_that_cannot_be_kept_change_no_verdict(after):
    made = stage()
    prepared = made.prepare()
    assert prepared["ready"] is True
    before = 5  # that Judge has begun, and four reports
    good = [None] * (before + after)
    error = UnavailableError("S3 is away")
    strike = made.bucket.failures.strike

    def third(call):
        if call == "put":
            if not good:
                raise error
            good.pop()
        strike(call)

    made.bucket.failures.strike = third
    assert judged(made, passed("a"), passed("b")).outcome is Outcome.PASSED
    assert kept(made) is None


def test_prepare_picks_one_document_for_all_shards():
    made = stage()
    assert made.prepare()["run"]["durations"] == {}
    pointer = spell_pointer(digest_of(DOCUMENT), START.date())
    made.bucket.objects[LATEST] = json.dumps(pointer).encode()
    assert made.prepare()["run"]["durations"] == {"smoke": digest_of(DOCUMENT)}


@pytest.mark.parametrize(
    "pointer",
    [
        b"{",
        b"[]",
        b'{"durations": 7, "day": "2026-11-23"}',
        json.dumps(spell_pointer("latest", START.date())).encode(),
        json.dumps(spell_pointer(digest_of(b""), START.date() - timedelta(days=61))).encode(),
    ],
)
def test_a_pointer_that_leads_nowhere_leaves_shards_even(pointer):
    made = stage()
    made.bucket.objects[LATEST] = pointer
    prepared = made.prepare()
    assert (prepared["ready"], prepared["run"]["durations"]) == (True, {})


def test_a_suite_in_one_shard_needs_no_durations():
    made = stage(suite())
    pointer = spell_pointer(digest_of(DOCUMENT), START.date())
    made.bucket.objects[LATEST] = json.dumps(pointer).encode()
    assert made.prepare()["run"]["durations"] == {}


def task(made):
    pointer = spell_pointer(digest_of(DOCUMENT), START.date())
    made.bucket.objects[LATEST] = json.dumps(pointer).encode()
    context = parse_context(made.prepare()["run"])
    return Task(suite=TWO, run=Run(suite="smoke", shard=1), context=context)


@pytest.mark.parametrize(("stored", "found"), [(DOCUMENT, DOCUMENT), (b"{}", None), (None, None)])
def test_a_shard_takes_the_document_of_that_digest_or_none(stored, found):
    made = stage()
    if stored is not None:
        made.bucket.objects[durations_key(digest_of(DOCUMENT))] = stored
    assert _durations(made.bucket, task(made)) == found


@pytest.mark.parametrize(
    ("error", "raised"),
    [(AccessDeniedError, False), (NotFoundError, False), (UnavailableError, True)],
)
def test_what_is_only_away_for_a_moment_is_asked_for_again_by_the_state_machine(error, raised):
    made = stage()
    due = task(made)
    made.bucket.failures.add("get", error("no"))
    if raised:
        with pytest.raises(UnavailableError):
            _durations(made.bucket, due)
    else:
        assert _durations(made.bucket, due) is None


def test_how_long_a_suite_in_one_piece_took_is_told_to_its_next_run():
    made = stage(suite())
    judged(made, passed("a"), shards=1)
    assert json.loads(made.bucket.objects[LATEST])["took_s"] > 0
    (took_s,) = made.prepare()["run"]["expected_s"].values()
    assert took_s == json.loads(made.bucket.objects[LATEST])["took_s"]
