"""Runs one invocation from slot to answer: environment, faults, timeout, log lines, record.

The one place where the parts of this package meet for a single call; it knows no names, HTTP or
retries. Used by the Lambda host.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from testgate.local.clock import Clock
from testgate.local.lambdas.answers import Answer, answer_for, error_type_of
from testgate.local.lambdas.catalog import Function, Settings
from testgate.local.lambdas.concurrency import Concurrency
from testgate.local.lambdas.endings import Ending, Exited, Raised, Replaced, Returned, TooLarge
from testgate.local.lambdas.environment import Environment, Premises
from testgate.local.lambdas.errors import LambdaError, ServiceFailureError, ThrottledError
from testgate.local.lambdas.faults import (
    Crash,
    Fault,
    FaultQueue,
    Hang,
    Moment,
    ReplaceAnswer,
    ServiceFailure,
    Throttle,
)
from testgate.local.lambdas.logs import LogStream
from testgate.local.lambdas.model import Invocation, InvocationRecord, Outcome
from testgate.local.lambdas.platform_log import PlatformLog, Usage
from testgate.local.lambdas.pool import Pool
from testgate.local.lambdas.records import Records
from testgate.local.lambdas.runtime_api import Work

INIT_LIMIT_S = 10.0  # documented
# More interpreters starting at once than this only make each other miss that limit.
_STARTS_AT_ONCE = 4
_KILLED = Exited(return_code=-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt to run a function; retries of an event share its `request_id`."""

    function: Function
    request_id: str
    event: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """An environment for a call; `failure` says why it never became ready."""

    environment: Environment
    cold: bool
    started_s: float  # monotonic; when the function's own time began
    init_ms: float | None = None
    failure: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    answer: Answer
    cold: bool
    tail: bytes


class Invoker:
    """Runs calls, any number at a time; owns the environments, the faults and the records."""

    def __init__(self, premises: Callable[[], Premises], clock: Clock) -> None:
        self.faults = FaultQueue()
        self.records = Records()
        self._premises = premises
        self._clock = clock
        self._pool = Pool()
        self._concurrency = Concurrency()
        self._starts = threading.BoundedSemaphore(_STARTS_AT_ONCE)

    def run(self, call: Call) -> Invocation:
        """What the caller gets; raises a `LambdaError` if the function could not be run at all."""
        settings = call.function.settings
        fault = self.faults.take(settings.arn)
        started_at = self._clock.now()

        def record(outcome: Outcome, cold: bool | None, answer: bytes | None) -> None:
            entry = InvocationRecord(
                request_id=call.request_id,
                version=settings.version,
                started_at=started_at,
                ended_at=self._clock.now(),
                cold=cold,
                outcome=outcome,
                fault=fault,
                event=call.event,
                answer=answer,
            )
            self.records.add(settings.arn, entry)

        try:
            _refuse(fault)
            with self._concurrency.slot(call.function):
                ran = self._run(call, fault)
        except LambdaError as exc:
            throttled = isinstance(exc, ThrottledError)
            record(Outcome.THROTTLED if throttled else Outcome.SERVICE_ERROR, None, None)
            raise
        record(ran.answer.outcome, ran.cold, ran.answer.payload)
        return Invocation(
            request_id=call.request_id,
            status_code=200,
            payload=ran.answer.payload,
            function_error=None if ran.answer.error_type is None else "Unhandled",
            log_tail=ran.tail,
            executed_version=settings.version,
        )

    def end_all(self, patience_s: float) -> bool:
        """End every environment; whether all calls under way have ended, too, in that time."""
        self._pool.end_all()
        return self._concurrency.wait_until_quiet(patience_s)

    def _run(self, call: Call, fault: Fault | None) -> _Ran:
        ready = self._make_ready(call.function.settings)
        environment = ready.environment
        try:
            platform = PlatformLog(settings=environment.settings)
            environment.log.write_line(platform.start(call.request_id))
            ending = ready.failure or self._handle(ready, call, fault)
            duration_ms = (time.monotonic() - ready.started_s) * 1000
            keep = isinstance(ending, Returned | Raised | Replaced)
            if not keep:
                self._pool.discard(environment)  # first, so that the log holds all it printed
            answer = answer_for(ending, request_id=call.request_id, now=self._clock.now())
            usage = Usage(
                duration_ms=duration_ms,
                init_ms=ready.init_ms,
                memory_used_bytes=environment.memory_used_bytes,
            )
            self._close_log(environment.log, platform, call.request_id, answer, usage)
            ran = _Ran(answer=answer, cold=ready.cold, tail=environment.log.take_tail())
        except BaseException:
            self._pool.discard(environment)
            raise
        if keep:
            self._pool.give_back(environment)
        return ran

    def _make_ready(self, settings: Settings) -> _Ready:
        """A warm environment, or a new one.

        A failed initialisation is tried once more, within the function's own timeout (documented
        for a timeout, seen for errors): import-time side effects can happen twice.
        """
        warm = self._pool.take_idle(settings)
        if warm is not None:
            return _Ready(environment=warm, cold=False, started_s=time.monotonic())
        first = self._start(settings, "init", INIT_LIMIT_S, None)
        if first.failure is None or first.environment.ended_by_host:
            return first
        self._pool.discard(first.environment)
        return self._start(settings, "invoke", float(settings.timeout_s), first.environment.log)

    def _start(
        self, settings: Settings, phase: str, limit_s: float, log: LogStream | None
    ) -> _Ready:
        environment = self._pool.add_new(settings, self._premises(), log)
        try:
            with self._starts:
                started_s = time.monotonic()
                failure = environment.initialise(limit_s)
        except BaseException:
            self._pool.discard(environment)
            raise
        init_ms = (time.monotonic() - started_s) * 1000
        if failure is not None:
            error_type = error_type_of(failure, now=self._clock.now())
            line = PlatformLog(settings=settings).init_report(
                init_ms=init_ms, phase=phase, error_type=error_type
            )
            environment.log.write_line(line)
        if phase == "init":  # outside the function's time; else within it
            return _Ready(
                environment=environment,
                cold=True,
                started_s=time.monotonic(),
                init_ms=init_ms,
                failure=failure,
            )
        return _Ready(environment=environment, cold=True, started_s=started_s, failure=failure)

    def _handle(self, ready: _Ready, call: Call, fault: Fault | None) -> Ending:
        limit_s = float(ready.environment.settings.timeout_s)
        deadline_s = ready.started_s + limit_s
        match fault:
            case Crash(when=Moment.BEFORE_HANDLER):
                return _KILLED
            case Hang(when=Moment.BEFORE_HANDLER):
                return ready.environment.idle_until(deadline_s, limit_s)
        work = _work(call, deadline_s)
        ending = ready.environment.handle(work, deadline_s=deadline_s, limit_s=limit_s)
        if not isinstance(ending, Returned | Raised | TooLarge):
            return ending
        match fault:
            case Crash():
                return _KILLED
            case Hang():
                return ready.environment.idle_until(deadline_s, limit_s)
            case ReplaceAnswer(payload=payload, function_error=error):
                return Replaced(payload=payload, function_error=error)
        return ending

    @staticmethod
    def _close_log(
        log: LogStream, platform: PlatformLog, request_id: str, answer: Answer, usage: Usage
    ) -> None:
        for line in (answer.log_line or "").splitlines():
            log.write_line(line)
        for line in platform.end(request_id):
            log.write_line(line)
        log.write_line(platform.report(request_id, usage, answer.error_type))


def _refuse(fault: Fault | None) -> None:
    match fault:
        case Throttle():
            raise ThrottledError("Rate Exceeded.")
        case ServiceFailure():
            raise ServiceFailureError("Service failed by request of a test.")


def _work(call: Call, deadline_s: float) -> Work:
    left_s = deadline_s - time.monotonic()
    root = f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    return Work(
        request_id=call.request_id,
        event=call.event,
        invoked_arn=call.function.invoked_arn,
        trace_id=f"Root={root};Parent={uuid.uuid4().hex[:16]};Sampled=0",
        # The child reads its own clock, so this is the machine's time and never scaled.
        deadline_ms=int((time.time() + left_s) * 1000),
    )
