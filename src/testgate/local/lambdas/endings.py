"""How an invocation can end, as tagged values: reports of the runtime, and the host's own findings.

One vocabulary between runtime API, sandbox, environment and the answers made of it. Used within
this package.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The runtime asks for work: initialisation is over, or an answer is delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The handler returned; `payload` is what the runtime posted, not yet checked."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The runtime posted an error document for this invocation."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InitFailed:
    """The runtime posted an error document before it took any work."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """The answer is over the limit of a response."""

    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The process ended without an answer; a negative code is a signal's number."""

    return_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """Neither answer nor exit within `limit_s`."""

    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfMemory:
    """The process tree grew over the function's memory."""

    used_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The handler ran, and a fault put these bytes in the place of its answer."""

    payload: bytes
    function_error: str | None


Report = Waiting | Returned | Raised | InitFailed | TooLarge | Exited
Ending = Returned | Raised | InitFailed | TooLarge | Exited | TimedOut | OutOfMemory | Replaced
