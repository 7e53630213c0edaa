"""Rights of S3's operations on objects and buckets.

From S3's guide, "Required permissions for Amazon S3 API operations". Imported by `calls` alone.
"""

from collections.abc import Mapping

from werkzeug.wrappers import Request

from testgate.local.rights.call import Call, Place, unknown

KEYS = frozenset({"s3:delimiter", "s3:if-match", "s3:if-none-match", "s3:max-keys", "s3:prefix"})
_READ_PARAMETERS = ("response-", "partNumber", "x-id", "X-Amz-")
_LIST_KEYS: Mapping[str, str] = {
    "prefix": "s3:prefix",
    "delimiter": "s3:delimiter",
    "max-keys": "s3:max-keys",
}
_LIST_PARAMETERS = frozenset(
    {*_LIST_KEYS, "list-type", "continuation-token", "start-after", "marker", "encoding-type"}
    | {"fetch-owner", "x-id"}
)
_VERSIONS_PARAMETERS = frozenset(
    {*_LIST_KEYS, "versions", "key-marker", "version-id-marker", "encoding-type", "x-id"}
)
# Each of these headers needs rights besides PutObject.
_COSTLY_HEADERS = ("x-amz-acl", "x-amz-grant-", "x-amz-tagging", "x-amz-object-lock-", "x-amz-copy")


def s3(request: Request, place: Place) -> tuple[Call, ...]:
    """The right that an S3 request needs. Raises UnknownCallError."""
    bucket, key = bucket_and_key(request)
    if not bucket:
        raise _unknown(request)
    return (_object_call(request, bucket, key) if key else _bucket_call(request, bucket),)


def listing_call(bucket: str) -> Call:
    """The right without which S3 does not say that an object is missing."""
    return Call(action="s3:ListBucket", resource=_arn(bucket))


def bucket_and_key(request: Request) -> tuple[str, str]:
    """Bucket and key of a request in path style, or to `<bucket>.localhost`; each may be ""."""
    path = request.path.removeprefix("/")
    host = request.host.partition(":")[0]
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost"), path
    bucket, _, key = path.partition("/")
    return bucket, key


def _object_call(request: Request, bucket: str, key: str) -> Call:
    resource = _arn(f"{bucket}/{key}")
    method = request.method
    if method in ("GET", "HEAD") and _only_reads(request):
        return Call(action="s3:GetObject", resource=resource)
    if method == "PUT" and _plain_query(request) and not _costs_more(request):
        return Call(action="s3:PutObject", resource=resource, context=_conditions(request))
    if method == "DELETE" and _plain_query(request):
        return Call(action="s3:DeleteObject", resource=resource)
    raise _unknown(request)


def _bucket_call(request: Request, bucket: str) -> Call:
    if request.method == "HEAD":
        return listing_call(bucket)
    if request.method == "GET" and set(request.args) <= _LIST_PARAMETERS:
        return Call(action="s3:ListBucket", resource=_arn(bucket), context=_list_context(request))
    if request.method == "GET" and "versions" in request.args:
        return _versions_call(request, bucket)
    if request.method == "GET" and set(request.args) == {"location"}:
        return Call(action="s3:GetBucketLocation", resource=_arn(bucket))
    raise _unknown(request)


def _versions_call(request: Request, bucket: str) -> Call:
    if not set(request.args) <= _VERSIONS_PARAMETERS:
        raise _unknown(request)
    context = _list_context(request)
    return Call(action="s3:ListBucketVersions", resource=_arn(bucket), context=context)


def _list_context(request: Request) -> dict[str, str]:
    return {key: request.args[name] for name, key in _LIST_KEYS.items() if name in request.args}


def _only_reads(request: Request) -> bool:
    return all(name.startswith(_READ_PARAMETERS) for name in request.args)


def _plain_query(request: Request) -> bool:
    return all(name.startswith(("x-id", "X-Amz-")) for name in request.args)


def _costs_more(request: Request) -> bool:
    return any(name.lower().startswith(_COSTLY_HEADERS) for name, _ in request.headers)


def _conditions(request: Request) -> dict[str, str]:
    return {
        f"s3:{name}": request.headers[name]
        for name in ("if-match", "if-none-match")
        if name in request.headers
    }


def _arn(resource: str) -> str:
    return f"arn:aws:s3:::{resource}"


def _unknown(request: Request) -> Exception:
    query = request.query_string.decode(errors="replace")
    return unknown("s3", f"{request.method} {request.path}{'?' if query else ''}{query}")
