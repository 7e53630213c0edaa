"""Turns how an invocation ended into what its caller gets: payload, error type and outcome.

Pure: endings in, answers out. The wording is AWS's, documented or as seen in public logs. Used by
the Lambda host.
"""

import json
import signal
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Never, assert_never

from testgate.local.lambdas.endings import (
    Ending,
    Exited,
    InitFailed,
    OutOfMemory,
    Raised,
    Replaced,
    Returned,
    TimedOut,
    TooLarge,
)
from testgate.local.lambdas.model import Outcome
from testgate.local.lambdas.runtime_api import RESPONSE_LIMIT_BYTES

# As the Go runtime that AWS's supervisor is written in names them (seen in error messages).
_SIGNAL_NAMES = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGHUP: "hangup",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`error_type` None means success; `log_line` is what the platform adds to the log."""

    payload: bytes
    outcome: Outcome
    error_type: str | None = None
    log_line: str | None = None


def answer_for(ending: Ending, *, request_id: str, now: datetime) -> Answer:
    """The answer to a caller for `ending`; `now` goes into the message of a timeout."""
    match ending:
        case Returned(payload=payload):
            return _returned(payload)
        case Raised(payload=payload):
            return _posted(payload, Outcome.RAISED)
        case InitFailed(payload=payload):
            return _posted(payload, Outcome.INIT_FAILED)
        case Replaced(payload=payload, function_error=error):
            return Answer(payload=payload, outcome=Outcome.REPLACED, error_type=error)
        case TooLarge():
            message = (
                "Response payload size exceeded maximum allowed payload size "
                f"({RESPONSE_LIMIT_BYTES} bytes)."
            )
            error = "Function.ResponseSizeTooLarge"
            return _failure(error, message, Outcome.RESPONSE_TOO_LARGE)
        case Exited(return_code=code):
            return _exit(request_id, _exit_reason(code), Outcome.EXITED)
        case OutOfMemory():
            killed = "Runtime exited with error: signal: killed"
            return _exit(request_id, killed, Outcome.OUT_OF_MEMORY)
        case TimedOut(limit_s=limit_s):
            return _timed_out(request_id, limit_s, now)
        case _:
            assert_never(ending)


def error_type_of(ending: Ending, *, now: datetime) -> str:
    """The error type alone, for endings that no caller gets to see."""
    return answer_for(ending, request_id="", now=now).error_type or "Runtime.Unknown"


def _returned(payload: bytes) -> Answer:
    try:
        json.loads(payload.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        # Assumed: AWS documents no error for an answer that is not JSON.
        message = f"Unable to marshal response: the answer is not JSON: {exc}"
        return _failure("Runtime.MarshalError", message, Outcome.RESPONSE_NOT_JSON)
    return Answer(payload=payload, outcome=Outcome.SUCCEEDED)


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a JSON value")


def _posted(payload: bytes, outcome: Outcome) -> Answer:
    """An error document of the runtime client, passed on as it is."""
    try:
        document: Any = json.loads(payload)
    except ValueError:
        document = None
    kind = document.get("errorType") if isinstance(document, dict) else None
    return Answer(payload=payload, outcome=outcome, error_type=str(kind or "Unhandled"))


def _failure(
    error_type: str, message: str, outcome: Outcome, log_line: str | None = None
) -> Answer:
    document = {"errorType": error_type, "errorMessage": message}
    return Answer(
        payload=json.dumps(document).encode(),
        outcome=outcome,
        error_type=error_type,
        log_line=log_line or message,
    )


def _exit(request_id: str, reason: str, outcome: Outcome) -> Answer:
    message = f"RequestId: {request_id} Error: {reason}"
    return _failure("Runtime.ExitError", message, outcome, f"{message}\nRuntime.ExitError")


def _exit_reason(return_code: int) -> str:
    if return_code == 0:
        return "Runtime exited without providing a reason"
    if return_code > 0:
        return f"Runtime exited with error: exit status {return_code}"
    return f"Runtime exited with error: signal: {_signal_name(-return_code)}"


def _signal_name(number: int) -> str:
    try:
        return _SIGNAL_NAMES[signal.Signals(number)]
    except (KeyError, ValueError):
        return f"signal {number}"


def _timed_out(request_id: str, limit_s: float, now: datetime) -> Answer:
    stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    message = f"{stamp} {request_id} Task timed out after {limit_s:.2f} seconds"
    return _failure("Sandbox.Timedout", message, Outcome.TIMED_OUT)
