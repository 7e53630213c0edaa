"""The one endpoint of the local AWS: routes of its parts in order, then moto.

A WSGI application, so that any AWS client reaches every part by one URL, and moto's own calls to
itself pass the same routes. Imported by `testgate.local` alone.
"""

import io
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

WsgiApp = Callable[..., Iterable[bytes]]
Route = Callable[[Request], Response | None]
Observer = Callable[[Request, Response], None]
Guard = Callable[[Request, Callable[[], Response]], Response]

_log = logging.getLogger(__name__)
_REQUEST_ID = "00000000-0000-0000-0000-000000000000"


class Front:
    """Asks each route in the order added; the first that answers wins, else moto does.

    Whatever fails inside is logged and answered as an AWS error in the protocol of the request:
    what moto does not implement as 400 `UnknownOperationException`, which SDKs do not retry, the
    rest as 500 `InternalFailure`.
    """

    def __init__(self, moto_app: WsgiApp) -> None:
        self._moto_app = moto_app
        self._routes: list[Route] = []
        self._observers: list[Observer] = []
        self._guard: Guard = _let_pass

    def set_guard(self, guard: Guard) -> None:
        """Let `guard` answer each request, by the routes' answer (its second argument) or not."""
        self._guard = guard

    def add_route(self, route: Route) -> None:
        """Ask `route` before moto, after the routes added earlier; its None means "not mine"."""
        self._routes.append(route)

    def add_observer(self, observer: Observer) -> None:
        """Call `observer` after each answered request; what it raises is logged and ignored."""
        self._observers.append(observer)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            body = Request(environ).get_data()
        except ClientDisconnected as exc:
            # A function that was killed in the middle of a call; the server passes this by.
            raise ConnectionAbortedError("the client went away") from exc
        environ["wsgi.input"] = io.BytesIO(body)
        if body:
            environ["CONTENT_LENGTH"] = str(len(body))
        request = Request(environ)
        request.get_data(cache=True)
        response = self._answer(request, environ, body)
        self._observe(request, response)
        return response(environ, start_response)

    def _answer(self, request: Request, environ: dict[str, Any], body: bytes) -> Response:
        try:
            return self._guard(request, lambda: self._by_routes(request, environ, body))
        except NotImplementedError as exc:
            _log.warning("not implemented by the local AWS: %s: %s", operation_of(request), exc)
            message = f"The local AWS does not implement {operation_of(request)}. {exc}".strip()
            return aws_error(request, 400, "UnknownOperationException", message)
        except Exception as exc:  # noqa: BLE001 - the last resort between a bug and the client
            _log.exception("the local AWS failed to answer %s", operation_of(request))
            message = f"{operation_of(request)} failed inside the local AWS: {exc!r}"
            return aws_error(request, 500, "InternalFailure", message)

    def _by_routes(self, request: Request, environ: dict[str, Any], body: bytes) -> Response:
        for route in self._routes:
            response = route(request)
            if response is not None:
                return response
        # Routes may have consumed the input or added to the environ; moto reads afresh.
        environ["wsgi.input"] = io.BytesIO(body)
        return Response.from_app(self._moto_app, environ, buffered=True)

    def _observe(self, request: Request, response: Response) -> None:
        for observer in self._observers:
            try:
                observer(request, response)
            except Exception:  # noqa: BLE001 - a recorder must never change an answer
                _log.exception("an observer of the local AWS failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Whose key signed a request, and for which service."""

    access_key_id: str
    service: str


def signature_of(request: Request) -> Signature | None:
    """From the `Authorization` header, or the query of a presigned URL; None if unsigned."""
    header = request.headers.get("Authorization", "")
    scope = header.partition("Credential=")[2].partition(",")[0]
    parts = (scope or request.args.get("X-Amz-Credential", "")).split("/")
    if len(parts) != 5:
        return None
    return Signature(access_key_id=parts[0], service=parts[3])


def operation_of(request: Request) -> str:
    """The operation as AWS names it: `AWSStepFunctions.StartExecution`, `CreateStack`, `PUT /x`."""
    target = request.headers.get("X-Amz-Target")
    action = request.form.get("Action") if _is_query(request) else None
    return target or action or f"{request.method} {request.path}"


def aws_error(request: Request, status: int, code: str, message: str) -> Response:
    """An AWS error that the client of `request` understands: JSON, CBOR, query XML or S3 XML."""
    headers = {"x-amzn-RequestId": _REQUEST_ID, "x-amzn-ErrorType": code}
    if request.headers.get("Smithy-Protocol") == "rpc-v2-cbor":
        headers["Smithy-Protocol"] = "rpc-v2-cbor"
        document = _cbor_map({"__type": code, "message": message})
        return Response(document, status, headers, content_type="application/cbor")
    if _is_query(request):
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type>{_xml(code, message)}</Error>"
            f"<RequestId>{_REQUEST_ID}</RequestId></ErrorResponse>"
        )
        return Response(text, status, headers, content_type="text/xml")
    signature = signature_of(request)
    if signature is not None and signature.service == "s3":
        return Response(
            f"<Error>{_xml(code, message)}</Error>", status, headers, content_type="text/xml"
        )
    document = json.dumps({"__type": code, "message": message}).encode()
    return Response(document, status, headers, content_type="application/x-amz-json-1.1")


def _is_query(request: Request) -> bool:
    return request.mimetype == "application/x-www-form-urlencoded"


def _let_pass(_: Request, answer: Callable[[], Response]) -> Response:
    return answer()


def _xml(code: str, message: str) -> str:
    return f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"


def _cbor_map(values: dict[str, str]) -> bytes:
    """A CBOR map (RFC 8949) of fewer than 24 pairs of text."""
    encoded = bytes([0xA0 | len(values)])
    for text in (part for pair in values.items() for part in pair):
        data = text.encode()
        encoded += b"\x7a" + len(data).to_bytes(4, "big") + data
    return encoded
