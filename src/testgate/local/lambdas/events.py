"""Event invocations: accepted at once, run in the background, retried as Lambda does.

Retries and ages follow the developer guide ("Error handling for asynchronous invocation"): after
a function error wait 1 then 2 minutes, after a refusal back off from 1 s up to 5 minutes.
Destinations and dead-letter queues are not served. Used by the Lambda host.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from testgate.local.clock import Clock
from testgate.local.lambdas.catalog import Function
from testgate.local.lambdas.errors import LambdaError, ServiceFailureError, ThrottledError
from testgate.local.lambdas.invoker import Call
from testgate.local.lambdas.model import Invocation
from testgate.local.lambdas.names import FunctionName

_log = logging.getLogger(__name__)
_RETRY_AFTER_ERROR_S = 60.0
_LONGEST_BACKOFF_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One accepted Event invocation."""

    name: FunctionName
    request_id: str
    payload: bytes


class EventQueue:
    """Runs events on threads of their own; `stop` forgets all that still wait.

    Delays are nominal and go through the clock; a function is looked up anew at each attempt.
    """

    def __init__(
        self,
        find: Callable[[FunctionName], Function],
        run: Callable[[Call], Invocation],
        clock: Clock,
    ) -> None:
        self._find = find
        self._run = run
        self._clock = clock
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: set[threading.Thread] = set()

    def put(self, event: Event) -> None:
        with self._lock:
            thread = threading.Thread(
                target=self._deliver, args=(event, self._stopped), name="lambda-event", daemon=True
            )
            self._threads.add(thread)
            thread.start()

    def stop(self) -> None:
        """No further attempt starts for events put so far; events put later are served."""
        with self._lock:
            self._stopped.set()
            self._stopped = threading.Event()

    def join(self, patience_s: float) -> None:
        """Wait for attempts under way; call after `stop`."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(patience_s)

    def _deliver(self, event: Event, stopped: threading.Event) -> None:
        try:
            self._attempt_until_done(event, stopped)
        except Exception:  # noqa: BLE001 - a thread's end; the event is lost, but loudly
            _log.exception("event %s for %s is lost", event.request_id, event.name.arn)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _attempt_until_done(self, event: Event, stopped: threading.Event) -> None:
        age_s, failures, backoff_s = 0.0, 0, 1.0
        while not stopped.is_set():
            try:
                function = self._find(event.name)
            except LambdaError as exc:
                _log.warning("event %s dropped: %s", event.request_id, exc)
                return
            try:
                call = Call(function=function, request_id=event.request_id, event=event.payload)
                if self._run(call).function_error is None:
                    return
                failures += 1
                if failures > function.retries:
                    return
                delay_s = _RETRY_AFTER_ERROR_S * failures
            except (ThrottledError, ServiceFailureError):
                delay_s, backoff_s = backoff_s, min(backoff_s * 2, _LONGEST_BACKOFF_S)
            age_s += delay_s
            if age_s > function.max_event_age_s or self._clock.wait(stopped, delay_s):
                return
