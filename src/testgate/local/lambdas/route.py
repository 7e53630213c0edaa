"""The Invoke operation over HTTP: `POST /2015-03-31/functions/<function>/invocations`.

The one place that spells its headers and error shapes (documented in the API reference). Used by
the Lambda host.
"""

import base64
import json
import re
import uuid
from typing import Protocol

from moto.core import DEFAULT_ACCOUNT_ID
from werkzeug.wrappers import Request, Response

from testgate.local.lambdas.errors import InvalidParameterError, LambdaError
from testgate.local.lambdas.model import Invocation
from testgate.local.lambdas.names import parse_function_name

_PATH = re.compile(r"/2015-03-31/functions/(?P<function>[^/]+)/invocations/?")
_SCOPE_REGION = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[a-z0-9-]+)/")


class Invokes(Protocol):
    """What the route needs of the host; see `LambdaHost` for what is raised."""

    def invoke(self, function: str, payload: bytes) -> Invocation: ...

    def invoke_event(self, function: str, payload: bytes) -> Invocation: ...

    def check(self, function: str) -> None: ...


class InvokeRoute:
    """Answers Invoke calls through `host`; every other request is not its own."""

    def __init__(self, host: Invokes, region: str) -> None:
        self._host = host
        self._region = region

    def __call__(self, request: Request) -> Response | None:
        match = _PATH.fullmatch(request.path)
        if match is None or request.method != "POST":
            return None
        try:
            name = parse_function_name(
                match["function"],
                account=DEFAULT_ACCOUNT_ID,
                region=_signed_region(request) or self._region,
                qualifier=request.args.get("Qualifier"),
            )
            return self._answer(request, name.qualified_arn)
        except LambdaError as exc:
            return _refusal(exc)

    def _answer(self, request: Request, function: str) -> Response:
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        match kind:
            case "RequestResponse":
                done = self._host.invoke(function, request.get_data())
                return _result(done, tail=request.headers.get("X-Amz-Log-Type") == "Tail")
            case "Event":
                accepted = self._host.invoke_event(function, request.get_data())
                return _empty(202, accepted.request_id)
            case "DryRun":
                self._host.check(function)
                return _empty(204, str(uuid.uuid4()))
            case _:
                raise InvalidParameterError(
                    f"InvocationType is RequestResponse, Event or DryRun, got {kind!r}"
                )


def _result(done: Invocation, *, tail: bool) -> Response:
    headers = {
        "x-amzn-RequestId": done.request_id,
        "X-Amz-Executed-Version": done.executed_version,
    }
    if done.function_error is not None:
        headers["X-Amz-Function-Error"] = done.function_error
    if tail:
        headers["X-Amz-Log-Result"] = base64.b64encode(done.log_tail).decode()
    return Response(done.payload, done.status_code, headers, content_type="application/json")


def _empty(status: int, request_id: str) -> Response:
    headers = {"x-amzn-RequestId": request_id}
    return Response(b"", status, headers, content_type="application/json")


def _refusal(error: LambdaError) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-amzn-ErrorType": error.code}
    body = json.dumps(error.body())
    return Response(body, error.status, headers, content_type="application/json")


def _signed_region(request: Request) -> str | None:
    match = _SCOPE_REGION.search(request.headers.get("Authorization", ""))
    return match["region"] if match else None
