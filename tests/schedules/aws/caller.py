"""One invocation of a function as the AWS APIs see it: each call takes time, and may go wrong.

Errors are botocore's own, by code and status, because the ports translate those.
"""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.schedules.disturbing import Disturbing
from tests.schedules.journal import ApiCall, Journal, Look
from tests.schedules.kernel import Kernel, KilledError
from tests.schedules.schedule import Act, ApiFaultKind, Function, Service

T = TypeVar("T")
# Two attempts of five seconds each, and the pause between them: see testgate.aws.clients.
_PATIENCE_S = 10.5
_ATTEMPT_S = 5.5
_STALLED_S = 65.0
_THROTTLING = {
    Service.S3: ("SlowDown", 503),
    Service.STATES: ("ThrottlingException", 400),
    Service.ECS: ("ThrottlingException", 400),
    Service.ELB: ("Throttling", 400),
    Service.EVENTS: ("ThrottlingException", 400),
}


def client_error(operation: str, code: str, status: int, message: str = "") -> ClientError:
    """An error as botocore raises it."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        operation,
    )


class TimeoutInFunctionError(KilledError):
    """The function's own time ran out."""


class Caller:
    """Makes the calls of one invocation. `execution` is on whose behalf, "" if on none's."""

    def __init__(
        self,
        function: Function,
        kernel: Kernel,
        disturbing: Disturbing,
        journal: Journal,
        act: Callable[[Act], None],
    ) -> None:
        self.function = function
        self.kernel = kernel
        self.journal = journal
        self.execution = ""
        self.looks: list[Look] = []
        self.ends_at_s = float("inf")
        self._disturbing = disturbing
        self._act = act

    def call(self, service: Service, operation: str, effect: Callable[[], T]) -> T:
        """What AWS answers. Raises ClientError, ReadTimeoutError, KilledError."""
        nth, fault, acts = self._disturbing.api_call(self.function)
        for act in acts:
            self._act(act)
        self._note(nth, f"{service}:{operation}", fault)
        half_s = self._disturbing.latency_s()
        self.sleep(half_s)
        if self._disturbing.is_out(service, self.kernel.now_s):
            raise client_error(operation, "InternalFailure", 500)
        if fault is None:
            answer = effect()
            self.sleep(half_s)
            return answer
        return self._disturbed(service, operation, effect, fault)

    def sleep(self, seconds: float) -> None:
        """Let time pass, at most to the function's own end."""
        left_s = self.ends_at_s - self.kernel.now_s
        if seconds < left_s:
            self.kernel.sleep(seconds)
            return
        self.kernel.sleep(max(0.0, left_s))
        raise TimeoutInFunctionError

    def _disturbed(
        self, service: Service, operation: str, effect: Callable[[], T], fault: ApiFaultKind
    ) -> T:
        if fault is ApiFaultKind.THROTTLED:
            code, status = _THROTTLING[service]
            raise client_error(operation, code, status, "Rate exceeded")
        if fault is ApiFaultKind.BROKEN:
            raise client_error(operation, "InternalFailure", 500)
        if fault is ApiFaultKind.DENIED:
            code = (
                "AccessDenied" if service in (Service.S3, Service.ELB) else "AccessDeniedException"
            )
            raise client_error(operation, code, 403, "not authorized")
        if fault is ApiFaultKind.DIES_BEFORE:
            raise KilledError
        if fault is ApiFaultKind.TIMED_OUT:
            self.sleep(_PATIENCE_S)
            raise ReadTimeoutError(endpoint_url=f"https://{service}.amazonaws.com")
        if fault is ApiFaultKind.STALLED:
            self.sleep(_STALLED_S)
            return effect()
        answer = effect()
        if fault is ApiFaultKind.DIES_AFTER:
            raise KilledError
        if fault is ApiFaultKind.ECHOED:
            self.sleep(_ATTEMPT_S)
            return effect()
        self.sleep(_PATIENCE_S)
        del answer
        raise ReadTimeoutError(endpoint_url=f"https://{service}.amazonaws.com")

    def _note(self, nth: int, operation: str, fault: ApiFaultKind | None) -> None:
        now_s = self.kernel.now_s
        self.journal.calls.append(
            ApiCall(
                function=self.function.value,
                nth=nth,
                operation=operation,
                fault=fault.value if fault else "",
                at_s=now_s,
            )
        )
        goes = f": {fault}" if fault else ""
        self.journal.note(now_s, f"{self.function} calls {operation} (its {nth}){goes}")
