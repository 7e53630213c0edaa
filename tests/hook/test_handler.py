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
        "hookDetails": {"GATE": "shop"},
    }
    assert "watchdog" in capsys.readouterr().out
