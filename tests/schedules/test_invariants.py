"""Each invariant can fail: a clean run, doctored in one place, breaks just what it should."""

import json
from dataclasses import replace

import pytest

from tests.schedules.invariants import INVARIANTS, broken
from tests.schedules.journal import HookCallFact, StopFact
from tests.schedules.schedule import (
    Behaviour,
    Function,
    GateName,
    Lag,
    Schedule,
    Service,
    Setup,
    SuiteSpec,
)
from tests.schedules.simulate import simulate
from tests.schedules.sweep import BASE

FAILING = Schedule(suites=(SuiteSpec(name="smoke", behaviours=(Behaviour.FAILS,)),))


def deployment(happened):
    return next(iter(happened.world.deployments.by_arn.values()))


def execution(happened):
    return next(iter(happened.world.executions.by_arn.values()))


def key(happened, end):
    return next(key for key in happened.world.storage.objects if key.endswith(end))


def pass_wrongly(happened):
    happened.journal.hook_calls[-1].answer = {"hookStatus": "SUCCEEDED"}


def pass_at_another_stage(happened):
    fact = HookCallFact(
        deployment=deployment(happened).arn,
        stage="PRE_SCALE_UP",
        mode="enforce",
        nth=9,
        began_s=1,
        answer={"hookStatus": "SUCCEEDED"},
    )
    happened.journal.hook_calls.append(fact)


def serve_another_revision(happened):
    """From before the tests to after the verdict."""
    happened.journal.epochs[:] = [
        replace(epoch, test=frozenset({"another"})) for epoch in happened.journal.epochs
    ]


def go_on_without_an_answer(happened):
    happened.journal.waits[0].how = "left"


def wait_on(happened):
    happened.journal.waits[0].ended_s += 4_000


def wait_for_ever(happened):
    happened.journal.waits[0].ended_s = None


def expire(happened):
    happened.journal.waits[0].how = "TIMED_OUT"


def run_for_ever(happened):
    execution(happened).ended_s = None


def run_on(happened):
    execution(happened).ended_s += 9_000


def raise_in_the_hook(happened):
    happened.journal.hook_calls[0].raised = "KeyError: 'x'"


def lose_the_answer(happened):
    del happened.world.storage.objects[key(happened, "/answer.json")]


def say(sentence):
    def doctor(happened):
        name = key(happened, "/answer.json")
        told = json.loads(happened.world.storage.objects[name])
        told["sentence"] = sentence
        happened.world.storage.objects[name] = json.dumps(told).encode()

    return doctor


def emit_nothing(happened):
    happened.journal.emitted.clear()


def lose_the_record(happened):
    del happened.world.storage.objects[key(happened, "/record.json")]


def replace_the_record(happened):
    fact = (70.0, "judge", key(happened, "/record.json"), False)
    happened.journal.writes.append(fact)


def lose_the_index(happened):
    del happened.world.storage.objects[
        next(key for key in happened.world.storage.objects if key.startswith("index/"))
    ]


def stop_by(function, at_s):
    def doctor(happened):
        stop = StopFact(by=function, execution=execution(happened).arn, at_s=at_s)
        happened.journal.stops.append(stop)

    return doctor


def fail_to_roll_back(happened):
    deployment(happened).status = "ROLLBACK_FAILED"


@pytest.mark.parametrize(
    ("schedule", "doctor", "name"),
    [
        (FAILING, pass_wrongly, "passes_are_earned"),
        (BASE, pass_at_another_stage, "passes_are_earned"),
        (BASE, serve_another_revision, "passes_are_earned"),
        (BASE, go_on_without_an_answer, "production_shifts_by_a_pass"),
        (BASE, wait_on, "waits_end_in_time"),
        (BASE, wait_for_ever, "waits_end_in_time"),
        (BASE, expire, "hooks_do_not_expire"),
        (BASE, run_for_ever, "executions_end_in_time"),
        (BASE, run_on, "executions_end_in_time"),
        (BASE, raise_in_the_hook, "hook_never_raises"),
        (BASE, lose_the_answer, "answers_say_why"),
        (FAILING, say(" "), "answers_say_why"),
        (FAILING, say("two\nlines"), "answers_say_why"),
        (BASE, emit_nothing, "answers_are_emitted"),
        (BASE, lose_the_record, "records_stand"),
        (BASE, replace_the_record, "records_stand"),
        (BASE, lose_the_record, "ended_runs_are_recorded"),
        (BASE, lose_the_index, "ended_runs_are_recorded"),
        (BASE, stop_by(Function.HOOK, 70.0), "stops_are_due"),
        (BASE, stop_by(Function.CANCEL, 70.0), "stops_are_due"),
        (FAILING, fail_to_roll_back, "way_back_is_free"),
        (BASE, fail_to_roll_back, "what_is_survived_passes"),
    ],
)
def test_a_doctored_run_breaks_its_invariant(schedule, doctor, name):
    happened = simulate(schedule)
    assert not broken(happened)
    doctor(happened)
    assert name in {sentence.partition(":")[0] for sentence in broken(happened)}


def test_every_invariant_is_shown_to_fail_here():
    (mark,) = test_a_doctored_run_breaks_its_invariant.pytestmark
    assert {name for _, _, name in mark.args[1]} == set(INVARIANTS)


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(setup=Setup(expiry_told=False)),
        Schedule(setup=Setup(configured_as_text=True, gate=GateName.BY_SUITES)),
        Schedule(disturbances=(Lag(service=Service.ECS, seconds=30),)),
    ],
)
def test_what_is_not_disturbed_or_little_passes(schedule):
    happened = simulate(schedule)
    assert not broken(happened)
    assert deployment(happened).status == "SUCCESSFUL"
