"""Injected faults: each strikes exactly as often as asked, and as the same failure does on AWS."""

import json
import time

import pytest

from testgate.local.lambdas import (
    Crash,
    Hang,
    Moment,
    Outcome,
    ReplaceAnswer,
    ServiceFailure,
    Throttle,
)

# Leaves a mark for each run of the handler.
MARK = """
import os, pathlib
def handler(event, context):
    print("ran")
    pathlib.Path(os.environ["MARKS"], context.aws_request_id).touch()
    return "answer"
"""


@pytest.fixture
def marking(world):
    return world.make(MARK, Timeout=1)


def marks(world):
    return len(list(world.marks.iterdir()))


def test_crash_before_the_handler_leaves_no_side_effect(world, marking):
    world.host.inject(marking, Crash(when=Moment.BEFORE_HANDLER))
    document, _ = world.fail(marking)
    assert document["errorType"] == "Runtime.ExitError"
    assert document["errorMessage"].endswith("signal: killed")
    assert marks(world) == 0
    assert "ran\n" not in world.log_of(marking)
    assert world.run(marking) == "answer"


def test_crash_after_the_handler_loses_the_answer_only(world, marking):
    world.host.inject(marking, Crash(when=Moment.AFTER_HANDLER))
    document, _ = world.fail(marking)
    assert document["errorType"] == "Runtime.ExitError"
    assert marks(world) == 1
    assert "ran\n" in world.log_of(marking)
    assert world.run(marking) == "answer"
    assert [record.cold for record in world.host.invocations(marking)] == [True, True]


@pytest.mark.parametrize("when", list(Moment))
def test_hang_lasts_until_the_functions_timeout(world, marking, when):
    world.host.inject(marking, Hang(when=when))
    began = time.monotonic()
    document, _ = world.fail(marking)
    assert time.monotonic() - began >= 1.0
    assert document["errorType"] == "Sandbox.Timedout"
    assert marks(world) == (0 if when is Moment.BEFORE_HANDLER else 1)


def test_throttle_is_a_429_for_as_many_calls_as_asked(world, marking):
    client = world.client("lambda")
    world.host.inject(marking, Throttle(), times=2)
    for _ in range(2):
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName=marking)
    assert client.invoke(FunctionName=marking)["StatusCode"] == 200
    assert marks(world) == 1


def test_service_failure_is_a_500(world, marking):
    client = world.client("lambda")
    world.host.inject(marking, ServiceFailure())
    with pytest.raises(client.exceptions.ServiceException) as caught:
        client.invoke(FunctionName=marking)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert marks(world) == 0


def test_replaced_answer_arrives_as_it_is_although_the_handler_ran(world, marking):
    world.host.inject(marking, ReplaceAnswer(payload=b"{not json"))
    world.host.inject(marking, ReplaceAnswer(payload=b"{}", function_error="Unhandled"))
    done = world.host.invoke(marking, b"{}")
    assert (done.payload, done.function_error) == (b"{not json", None)
    done = world.host.invoke(marking, b"{}")
    assert (done.payload, done.function_error) == (b"{}", "Unhandled")
    assert marks(world) == 2


def test_faults_strike_in_order_and_are_recorded(world, marking):
    crash, throttle = Crash(when=Moment.BEFORE_HANDLER), Throttle()
    world.host.inject(marking, crash)
    world.host.inject(f"arn:aws:lambda:us-east-1:123456789012:function:{marking}", throttle)
    world.fail(marking)
    with pytest.raises(world.client("lambda").exceptions.TooManyRequestsException):
        world.client("lambda").invoke(FunctionName=marking)
    world.run(marking)
    records = world.host.invocations(marking)
    assert [(record.fault, record.outcome, record.cold) for record in records] == [
        (crash, Outcome.EXITED, True),
        (throttle, Outcome.THROTTLED, None),
        (None, Outcome.SUCCEEDED, True),
    ]
    assert json.loads(records[2].answer) == "answer"
    assert records[2].started_at <= records[2].ended_at


def test_fault_of_one_function_spares_another(world, marking):
    other = world.make("def handler(event, context):\n    return 1\n")
    world.host.inject(marking, Throttle())
    assert world.run(other) == 1


def test_real_failure_wins_over_a_crash_after_the_handler(world):
    name = world.make("import os\ndef handler(event, context):\n    os._exit(9)\n")
    world.host.inject(name, Crash(when=Moment.AFTER_HANDLER))
    assert world.fail(name)[0]["errorMessage"].endswith("exit status 9")


def test_reset_forgets_faults(world, marking):
    world.host.inject(marking, Throttle(), times=3)
    world.host.reset()
    assert world.run(marking) == "answer"


def test_fault_for_no_call_is_refused(world):
    with pytest.raises(ValueError, match="times=0"):
        world.host.inject("f", Throttle(), times=0)
