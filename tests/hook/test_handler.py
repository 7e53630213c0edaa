"""The handler never raises and never outlives its function."""

import threading

import pytest

from hooks import test_gate as hook_module


class Context:
    aws_request_id = "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:testgate-test-gate"

    def __init__(self, left_ms=30_000):
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self):
        return self.left_ms


@pytest.mark.parametrize(
    "event", [None, [], "x", 7, {}, {"hookDetails": "{"}, {"hookDetails": "[" * 99_999}]
)
def test_whatever_comes_is_answered(event, monkeypatch, capsys):
    monkeypatch.delenv("RECORD_BUCKET", raising=False)
    assert hook_module.handler(event, Context()) == {"hookStatus": "FAILED"}
    assert "the hook itself failed" in capsys.readouterr().out


@pytest.mark.parametrize("details", [{"MODE": "observe"}, '{"MODE": "observe"}'])
def test_a_broken_hook_in_observe_mode_lets_pass(details, monkeypatch):
    monkeypatch.delenv("RECORD_BUCKET", raising=False)
    answer = hook_module.handler({"hookDetails": details}, Context())
    assert answer == {"hookStatus": "SUCCEEDED"}


@pytest.mark.parametrize("context", [None, object()])
def test_a_missing_context_is_answered_too(context):
    assert hook_module.handler({}, context) == {"hookStatus": "FAILED"}


def test_the_watchdog_answers_before_the_functions_end(monkeypatch, capsys):
    release = threading.Event()
    monkeypatch.setattr(hook_module, "_guarded", lambda *_: release.wait(10))
    answer = hook_module.handler({"hookDetails": {"GATE": "shop"}}, Context(left_ms=3_100))
    release.set()
    assert answer == {
        "hookStatus": "IN_PROGRESS",
        "callBackDelay": 5,
        "hookDetails": {"GATE": "shop", "TESTGATE_STATE": {"troubles": 1}},
    }
    assert "watchdog" in capsys.readouterr().out


def test_the_watchdog_gives_up_after_too_many_in_a_row(monkeypatch, capsys):
    release = threading.Event()
    monkeypatch.setattr(hook_module, "_guarded", lambda *_: release.wait(10))
    details = {"TESTGATE_STATE": {"troubles": hook_module.MAX_TROUBLES}}
    answer = hook_module.handler({"hookDetails": details}, Context(left_ms=3_100))
    release.set()
    assert answer == {"hookStatus": "FAILED"}
    assert "21 times in a row" in capsys.readouterr().out


def test_an_answer_that_is_decided_is_given_though_recording_it_takes_too_long(monkeypatch):
    release = threading.Event()

    def slow(event, context, abandoned, decided):
        decided({"hookStatus": "SUCCEEDED"})
        release.wait(10)
        return {"hookStatus": "SUCCEEDED"}

    monkeypatch.setattr(hook_module, "_guarded", slow)
    assert hook_module.handler({}, Context(left_ms=3_100)) == {"hookStatus": "SUCCEEDED"}
    release.set()


def test_the_handlers_own_constants_are_those_of_core():
    from testgate.core.config import STATE_KEY
    from testgate.core.decision import MAX_TROUBLES

    assert (hook_module.STATE_KEY, hook_module.MAX_TROUBLES) == (STATE_KEY, MAX_TROUBLES)


def test_a_broken_hook_logs_the_event_briefly_and_without_secrets(monkeypatch, capsys):
    monkeypatch.delenv("RECORD_BUCKET", raising=False)
    event = {"hookDetails": {"PARAMETERS": {"DB_PASSWORD": "hunter22"}, "x": "x" * 100_000}}
    assert hook_module.handler(event, Context()) == {"hookStatus": "FAILED"}
    told = capsys.readouterr().out
    assert "DB_PASSWORD" in told
    assert "hunter22" not in told
    assert len(told) < 10_000


def test_what_cannot_be_shown_is_told_as_such():
    circle: dict[str, object] = {}
    circle["self"] = circle
    assert hook_module._shown(circle) == "not shown: ValueError"
