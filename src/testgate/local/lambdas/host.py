"""The Lambda service of the local AWS: functions of this process's moto, run by `awslambdaric`.

The front door of `testgate.local.lambdas`: code and configuration come from moto, everything that
happens at run time is here. Imported by `testgate.local.world` and by tests.
"""

import json
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from moto.core import DEFAULT_ACCOUNT_ID
from werkzeug.wrappers import Request, Response

from testgate.local.clock import Clock, ScaledClock
from testgate.local.lambdas import bridge
from testgate.local.lambdas.catalog import find_function
from testgate.local.lambdas.code import CodeStore, remove_tree
from testgate.local.lambdas.environment import Premises
from testgate.local.lambdas.errors import (
    InvalidPayloadError,
    PayloadTooLargeError,
    ServiceFailureError,
)
from testgate.local.lambdas.events import Event, EventQueue
from testgate.local.lambdas.faults import Fault
from testgate.local.lambdas.invoker import Call, Invoker
from testgate.local.lambdas.logs import LogRights, may_always
from testgate.local.lambdas.model import Invocation, InvocationRecord
from testgate.local.lambdas.names import FunctionName, parse_function_name
from testgate.local.lambdas.route import InvokeRoute

REQUEST_LIMIT_BYTES = 6 * 1024 * 1024  # documented, RequestResponse
EVENT_LIMIT_BYTES = 1024 * 1024  # documented, Event, since October 2025
_PATIENCE_S = 5.0


class LambdaHost:
    """Runs functions; one instance serves a whole local AWS.

    Args:
        python: an interpreter that has boto3 and awslambdaric, and nothing else.
        endpoint_url: the local AWS's URL, asked at each cold start.
        region: where a function name without region is looked up.
        clock: for retries of Event invocations and for records; timeouts are real seconds.
        work_dir: where code and scratch directories go; a temporary directory if None.
        log_rights: whether a function's role lets its log be written.
        machine: variables that every function gets unless it has its own of that name.

    Functions named in any method may be names, partial ARNs or ARNs.
    """

    def __init__(
        self,
        *,
        python: Path,
        endpoint_url: Callable[[], str],
        region: str,
        clock: Clock = ScaledClock(),  # noqa: B008 - frozen and stateless
        work_dir: Path | None = None,
        log_rights: LogRights = may_always,
        machine: Mapping[str, str] | None = None,
    ) -> None:
        if work_dir is not None:
            work_dir.mkdir(parents=True, exist_ok=True)
        # A directory of our own even in a given one, so that close() removes what is ours alone.
        self._root = Path(tempfile.mkdtemp(prefix="lambda-", dir=work_dir))
        self._python = python.absolute()
        self._endpoint_url = endpoint_url
        self._region = region
        self._log_rights = log_rights
        self._machine = dict(machine or {})
        self._code = CodeStore(self._root / "code", python)
        self._invoker = Invoker(self._premises, clock)
        self._events = EventQueue(find_function, self._invoker.run, clock)
        self._route = InvokeRoute(self, region)
        self._installed: bridge.Installed | None = None
        self._closed = threading.Event()

    def invoke(self, function: str, payload: bytes, *, qualifier: str | None = None) -> Invocation:
        """Run the function now and give back its answer, function errors included.

        Raises:
            FunctionNotFoundError: no such function, version or alias.
            InvalidPayloadError, PayloadTooLargeError, InvalidParameterError: the call is wrong.
            ThrottledError, ServiceFailureError: reserved concurrency, injected faults, closing.
            InvalidCodeError, UnsupportedRuntimeError: the function cannot run here.
        """
        found = find_function(self._name(function, qualifier))
        event = _checked(payload, "RequestResponse", REQUEST_LIMIT_BYTES)
        return self._invoker.run(Call(function=found, request_id=str(uuid.uuid4()), event=event))

    def invoke_event(
        self, function: str, payload: bytes, *, qualifier: str | None = None
    ) -> Invocation:
        """Accept the event and run it in the background; its outcome is in `invocations`.

        Raises as `invoke` does for what can be told before running.
        """
        name = self._name(function, qualifier)
        version = find_function(name).settings.version
        event = _checked(payload, "Event", EVENT_LIMIT_BYTES)
        request_id = str(uuid.uuid4())
        self._events.put(Event(name=name, request_id=request_id, payload=event))
        return Invocation(
            request_id=request_id,
            status_code=202,
            payload=b"",
            function_error=None,
            log_tail=b"",
            executed_version=version,
        )

    def check(self, function: str, *, qualifier: str | None = None) -> None:
        """Raise as `invoke` would before running, and run nothing: InvocationType DryRun."""
        find_function(self._name(function, qualifier))

    def inject(self, function: str, fault: Fault, *, times: int = 1) -> None:
        """Let `fault` befall the next `times` invocations, after faults injected earlier.

        The function need not exist yet.
        """
        self._invoker.faults.add(self._name(function, None).arn, fault, times)

    def invocations(self, function: str) -> list[InvocationRecord]:
        """Every attempt to run any version of the function that has ended, oldest first."""
        return self._invoker.records.of(self._name(function, None).arn)

    def route(self, request: Request) -> Response | None:
        """Answer the Invoke API; None for any other request."""
        return self._route(request)

    def install(self) -> None:
        """Let moto's own callers (notifications, event sources, custom resources) come here.

        Call before functions are created: those created earlier stay with moto's docker. Undone
        by `close`.
        """
        if self._installed is None:
            self._installed = bridge.install(self)

    def reset(self) -> None:
        """End all processes, drop waiting events, forget faults and records.

        Call before moto's own reset; invocations under way end as if their process had died.
        """
        self._events.stop()
        self._invoker.end_all(_PATIENCE_S)
        self._events.join(_PATIENCE_S)
        self._invoker.faults.clear()
        self._invoker.records.clear()

    def close(self) -> None:
        """`reset`, undo `install`, remove all files; later invocations are refused."""
        if self._closed.is_set():
            return
        self._closed.set()
        self.reset()
        if self._installed is not None:
            self._installed.undo()
        remove_tree(self._root)

    def _name(self, function: str, qualifier: str | None) -> FunctionName:
        return parse_function_name(
            function, account=DEFAULT_ACCOUNT_ID, region=self._region, qualifier=qualifier
        )

    def _premises(self) -> Premises:
        if self._closed.is_set():
            raise ServiceFailureError("The local AWS is closing.")
        if not self._python.exists():
            raise ServiceFailureError(
                f"There is no Lambda runtime: {self._python} does not exist. It is an interpreter "
                "with boto3 and awslambdaric alone."
            )
        return Premises(
            python=self._python,
            code=self._code,
            root=self._root,
            endpoint_url=self._endpoint_url(),
            machine=self._machine,
            log_rights=self._log_rights,
        )


def _checked(payload: bytes, invocation_type: str, limit_bytes: int) -> bytes:
    """The event to run, `{}` for an empty payload."""
    if len(payload) > limit_bytes:
        raise PayloadTooLargeError(
            f"{len(payload)} byte payload is too large for the {invocation_type} invocation type "
            f"(limit {limit_bytes} bytes)"
        )
    try:
        json.loads(payload or b"{}")
    except (ValueError, RecursionError) as exc:
        raise InvalidPayloadError(f"Could not parse request body into json: {exc}") from exc
    return payload or b"{}"
