"""The values an invocation leaves behind: what its caller gets, and what tests may ask about it.

Here because host, route and moto bridge all speak them. Importable by anyone in `testgate.local`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from testgate.local.lambdas.faults import Fault


class Outcome(Enum):
    """How one invocation ended, as the host saw it."""

    SUCCEEDED = "succeeded"
    RAISED = "raised"  # the handler raised, or the runtime client could not (un)marshal
    INIT_FAILED = "init_failed"
    EXITED = "exited"  # the process ended without an answer
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    RESPONSE_TOO_LARGE = "response_too_large"
    RESPONSE_NOT_JSON = "response_not_json"
    REPLACED = "replaced"  # a fault put another answer in place of the handler's
    THROTTLED = "throttled"
    SERVICE_ERROR = "service_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What one invoke gives back, function errors included.

    `payload` is JSON (empty for an Event invocation); `log_tail` is the last 4 KiB of this
    invocation's log, without what a kept-alive process printed before.
    """

    request_id: str
    status_code: int  # 200, or 202 for Event
    payload: bytes
    function_error: str | None  # None | "Unhandled"
    log_tail: bytes
    executed_version: str = "$LATEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRecord:
    """One attempt to run a function, for tests; an Event's retries share its `request_id`."""

    request_id: str
    version: str
    started_at: datetime
    ended_at: datetime
    cold: bool | None  # None: no execution environment took part (throttled, service error)
    outcome: Outcome
    fault: Fault | None
    event: bytes
    answer: bytes | None  # None: no answer reached the caller
