"""What keeps every hook's handler from raising, and from outliving its function.

ECS reads an exception or a function that timed out as an answer it cannot parse, and rolls back
without our sentence. Here alone is the broad except, and the watchdog. Standard library only until
the guard has been entered; imported by the handlers in hooks/.
"""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testgate.hook.flow import Call, Hook

WATCHDOG_RESERVE_S = 3.0
WATCHDOG_DELAY_S = 5
STATE_KEY = "TESTGATE_STATE"  # as testgate.core.config and testgate.core.decision have them,
MAX_TROUBLES = 20  # which may be what is broken
_UNKNOWN_TIME_S = 30.0
_SHOWN_CHARS = 4_000

Handler = Callable[[Any, Any], dict[str, Any]]


def guarded(make: "Callable[[Mapping[str, str], Call], Hook]") -> Handler:
    """The handler of the hook that `make` builds from the environment, which must import whatever
    it needs by itself: what it raises is answered."""

    def handler(event: Any, context: Any) -> dict[str, Any]:
        answers: list[dict[str, Any]] = []
        abandoned = threading.Event()

        def work() -> None:
            # A final answer is known before it has been recorded and emitted: answers gets it then.
            answers.append(_answer(make, event, context, abandoned, answers.append))

        worker = threading.Thread(target=work, name="hook", daemon=True)
        worker.start()
        worker.join(_seconds_left(context))
        answer = answers[0] if answers else None
        if answer is None:
            abandoned.set()
            answer = later(event)
        return answer

    return handler


def later(event: Any) -> dict[str, Any]:
    """The watchdog's answer: come again, or, after too many in a row, no."""
    details = _details(event)
    state = details.get(STATE_KEY)
    state = state if isinstance(state, dict) else {}
    count = state.get("troubles")
    troubles = (count if type(count) is int else 0) + 1
    says = f"the function's time ran out before AWS had answered it, {troubles} times in a row"
    if troubles > MAX_TROUBLES:
        _log({"testgate": "answer", "outcome": "infra_error", "sentence": says})
        return _refused(event)
    _log({"testgate": "watchdog", "says": says})
    return {
        "hookStatus": "IN_PROGRESS",
        "callBackDelay": WATCHDOG_DELAY_S,
        "hookDetails": details | {STATE_KEY: state | {"troubles": troubles}},
    }


def _answer(
    make: "Callable[[Mapping[str, str], Call], Hook]",
    event: Any,
    context: Any,
    abandoned: threading.Event,
    decided: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """The one broad except: ECS would read an exception as an answer it cannot parse."""
    try:
        from testgate.core.answers import spell_answer
        from testgate.hook.flow import Call

        call = Call(
            function_arn=context.invoked_function_arn,
            request_id=context.aws_request_id,
            abandoned=abandoned.is_set,
            decided=lambda answer: decided(spell_answer(answer)),
        )
        return spell_answer(make(os.environ, call).answer(event))
    except BaseException as exc:  # noqa: BLE001
        sentence = _shown(f"the hook itself failed: {type(exc).__name__}: {exc}")
        answer = _refused(event)
        decided(answer)
        told = {
            "testgate": "answer",
            "outcome": "infra_error",
            "sentence": sentence,
            "hook_status": answer["hookStatus"],
            "event": _shown(event),
        }
        _log(told)
        _file(told, context)
        return answer


def _shown(value: Any) -> str:
    """What came, for log and record: without credentials, and not longer than a person reads."""
    try:
        from testgate.core.redaction import redact

        text = value if isinstance(value, str) else json.dumps(value, default=str)
        return redact(text[:_SHOWN_CHARS])
    except Exception as exc:  # noqa: BLE001 - what is broken may be this very code
        return f"not shown: {type(exc).__name__}"


def _file(told: dict[str, Any], context: Any) -> None:
    """Keep a refusal of a broken hook where `errors/` is looked for, if that much still works."""
    with contextlib.suppress(Exception):
        import boto3

        now = datetime.now(UTC)
        request_id = "".join(c for c in str(context.aws_request_id) if c.isalnum() or c == "-")
        boto3.client("s3").put_object(
            Bucket=os.environ["RECORD_BUCKET"],
            Key=f"errors/{now:%Y/%m/%d}/{now:%H%M%S}-{request_id}.json",
            Body=json.dumps(told, default=str).encode(),
            ContentType="application/json",
        )


def _refused(event: Any) -> dict[str, Any]:
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
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()
