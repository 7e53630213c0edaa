"""The handlers never raise and never outlive their function."""

import threading
from collections.abc import Callable

import pytest

from hooks import admission, approval, metrics, test_gate
from testgate.core.answers import HookAnswer, Succeeded
from testgate.hook import guard

HANDLERS = {
    "test_gate": test_gate.handler,
    "admission": admission.handler,
    "approval": approval.handler,
    "metrics": metrics.handler,
}


class Context:
    aws_request_id = "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:testgate-test-gate"

    def __init__(self, left_ms=30_000):
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self):
        return self.left_ms


class Slow:
    """A hook that answers once it is released; it may decide before."""

    def __init__(self, decides: HookAnswer | None = None):
        self.decides = decides
        self.release = threading.Event()
        self.decided: Callable[[HookAnswer], None] | None = None

    def make(self, environment, call):
        self.decided = call.decided
        return self

    def answer(self, raw):
        if self.decides is not None and self.decided is not None:
            self.decided(self.decides)
        self.release.wait(10)
        return Succeeded()


@pytest.fixture(params=sorted(HANDLERS))
def handler(request, monkeypatch):
    monkeypatch.delenv("RECORD_BUCKET", raising=False)
    return HANDLERS[request.param]


@pytest.mark.parametrize(
    "event", [None, [], "x", 7, {}, {"hookDetails": "{"}, {"hookDetails": "[" * 99_999}]
)
def test_whatever_comes_is_answered(handler, event, capsys):
    assert handler(event, Context()) == {"hookStatus": "FAILED"}
    assert "the hook itself failed" in capsys.readouterr().out


@pytest.mark.parametrize("details", [{"MODE": "observe"}, '{"MODE": "observe"}'])
def test_a_broken_hook_in_observe_mode_lets_pass(handler, details):
    answer = handler({"hookDetails": details}, Context())
    assert answer == {"hookStatus": "SUCCEEDED"}


@pytest.mark.parametrize("context", [None, object()])
def test_a_missing_context_is_answered_too(handler, context):
    assert handler({}, context) == {"hookStatus": "FAILED"}


def test_the_watchdog_answers_before_the_functions_end(capsys):
    slow = Slow()
    handler = guard.guarded(slow.make)
    details = {"GATE": "shop", "TESTGATE_STATE": {"checks": 2}}
    answer = handler({"hookDetails": details}, Context(left_ms=3_100))
    slow.release.set()
    assert answer == {
        "hookStatus": "IN_PROGRESS",
        "callBackDelay": 5,
        "hookDetails": {"GATE": "shop", "TESTGATE_STATE": {"checks": 2, "troubles": 1}},
    }
    assert "watchdog" in capsys.readouterr().out


def test_the_watchdog_gives_up_after_too_many_in_a_row(capsys):
    slow = Slow()
    handler = guard.guarded(slow.make)
    details = {"TESTGATE_STATE": {"troubles": guard.MAX_TROUBLES}}
    answer = handler({"hookDetails": details}, Context(left_ms=3_100))
    slow.release.set()
    assert answer == {"hookStatus": "FAILED"}
    assert "21 times in a row" in capsys.readouterr().out


def test_an_answer_that_is_decided_is_given_though_recording_it_takes_too_long():
    slow = Slow(decides=Succeeded())
    answer = guard.guarded(slow.make)({}, Context(left_ms=3_100))
    slow.release.set()
    assert answer == {"hookStatus": "SUCCEEDED"}


def test_the_guards_own_constants_are_those_of_core():
    from testgate.core.config import STATE_KEY
    from testgate.core.decision import MAX_TROUBLES

    assert (guard.STATE_KEY, guard.MAX_TROUBLES) == (STATE_KEY, MAX_TROUBLES)


def test_a_broken_hook_logs_the_event_briefly_and_without_secrets(handler, capsys):
    event = {"hookDetails": {"PARAMETERS": {"DB_PASSWORD": "hunter22"}, "x": "x" * 100_000}}
    assert handler(event, Context()) == {"hookStatus": "FAILED"}
    told = capsys.readouterr().out
    assert "DB_PASSWORD" in told
    assert "hunter22" not in told
    assert len(told) < 10_000


def test_what_cannot_be_shown_is_told_as_such():
    circle: dict[str, object] = {}
    circle["self"] = circle
    assert guard._shown(circle) == "not shown: ValueError"
