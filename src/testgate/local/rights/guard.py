"""Stands before the front's routes: a request signed with a role's key passes only by its rights.

Requests without such a key, the developer's own, pass as they are. Imported by
`testgate.local.world` and by tests.
"""

from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from testgate.local.front import aws_error, operation_of, signature_of
from testgate.local.rights.authority import Authority
from testgate.local.rights.calls import calls_of
from testgate.local.rights.errors import UnknownCallError, UnknownKeyError
from testgate.local.rights.s3_calls import bucket_and_key, listing_call
from testgate.local.rights.sessions import Session, session_of

# Services whose denials are HTTP 403; JSON services answer 400.
_FORBIDDEN = {"s3": "AccessDenied", "sts": "AccessDenied", "elasticloadbalancing": "AccessDenied"}
_FORBIDDEN["lambda"] = "AccessDeniedException"


class Guard:
    """Asks the authority about each request before it is answered."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def __call__(self, request: Request, answer: Callable[[], Response]) -> Response:
        """The answer, or AWS's refusal in its place."""
        signature = signature_of(request)
        if signature is None or not self._authority.enforces:
            return answer()
        try:
            session = session_of(signature.access_key_id)
        except UnknownKeyError as exc:
            return aws_error(request, 403, "InvalidClientTokenId", str(exc))
        if session is None:
            return answer()
        refusal = self._refusal(session, request, signature.service)
        if refusal is not None:
            return _denied(request, signature.service, refusal)
        response = answer()
        if signature.service == "s3" and response.status_code == 404:
            return self._missing(session, request, response)
        return response

    def _refusal(self, session: Session, request: Request, service: str) -> str | None:
        try:
            calls = calls_of(request, service, self._authority.place(session))
        except UnknownCallError as exc:
            return self._authority.refuse_unknown(session, operation_of(request), str(exc))
        for call in calls:
            refusal = self._authority.refusal(session, call)
            if refusal is not None:
                return refusal
        return None

    def _missing(self, session: Session, request: Request, response: Response) -> Response:
        """AWS (documented): who may not list the bucket is not told that an object is missing."""
        bucket, key = bucket_and_key(request)
        if not key or request.method not in ("GET", "HEAD") or b"NoSuchBucket" in response.data:
            return response
        refusal = self._authority.refusal(session, listing_call(bucket))
        return response if refusal is None else _denied(request, "s3", refusal)


def _denied(request: Request, service: str, reason: str) -> Response:
    code = _FORBIDDEN.get(service)
    if code is None:
        return aws_error(request, 400, "AccessDeniedException", reason)
    return aws_error(request, 403, code, reason)
