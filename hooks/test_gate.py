"""The test gate's handler: ECS asks whether a deployment may go on, an execution answers.

Invoked by ECS at POST_TEST_TRAFFIC_SHIFT, and again until it answers SUCCEEDED or FAILED. It never
raises and never outlives its function: outside the guard only the standard library is used.
"""

import json
import os
import sys
import threading
from typing import Any

WATCHDOG_RESERVE_S = 3.0
WATCHDOG_DELAY_S = 5
_UNKNOWN_TIME_S = 30.0


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer ECS within the function's time, whatever happens."""
    answers: list[dict[str, Any]] = []
    abandoned = threading.Event()

    def work() -> None:
        answers.append(_guarded(event, context, abandoned))

    worker = threading.Thread(target=work, name="gate", daemon=True)
    worker.start()
    worker.join(_seconds_left(context))
    if answers:
        return answers[0]
    abandoned.set()
    _log({"testgate": "watchdog", "says": "the function's time is nearly over: answering later"})
    return {
        "hookStatus": "IN_PROGRESS",
        "callBackDelay": WATCHDOG_DELAY_S,
        "hookDetails": _details(event),
    }


def _guarded(event: Any, context: Any, abandoned: threading.Event) -> dict[str, Any]:
    """The one broad except: ECS would read an exception as an answer it cannot parse."""
    try:
        from testgate.core.answers import spell_answer
        from testgate.hook.gate import gate_from_environment

        gate = gate_from_environment(os.environ, context, abandoned.is_set)
        return spell_answer(gate.answer(event))
    except BaseException as exc:  # noqa: BLE001
        sentence = f"the hook itself failed: {type(exc).__name__}: {exc}"
        _log({"testgate": "answer", "outcome": "infra_error", "sentence": sentence})
        observes = _details(event).get("MODE") == "observe"
        return {"hookStatus": "SUCCEEDED" if observes else "FAILED"}


def _details(event: Any) -> dict[str, Any]:
    """`hookDetails` as an object, as far as that can be read; never raises."""
    raw = event.get("hookDetails") if isinstance(event, dict) else None
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            raw = None
    return raw if isinstance(raw, dict) else {}


def _seconds_left(context: Any) -> float:
    try:
        left_s = float(context.get_remaining_time_in_millis()) / 1000
    except (AttributeError, TypeError, ValueError):
        left_s = _UNKNOWN_TIME_S
    return max(0.5, left_s - WATCHDOG_RESERVE_S)


def _log(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
