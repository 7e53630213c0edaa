"""What an answer lacks of what its check expects, each in words of got and expected.

Imported by `testgate.runner.http_suite`.
"""

import json
import re
from collections.abc import Callable, Iterator

import jmespath
from jmespath.exceptions import JMESPathError

from testgate.core.checks import Check
from testgate.runner.http_asking import MAX_BODY_BYTES, Reply

# Others would let an answer choose how costly it is to read.
_CHARSETS = ("utf-8", "us-ascii", "iso-8859-1", "windows-1252")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.IGNORECASE)

Told = Callable[[str], str]


class UnreadableError(Exception):
    """A body that holds no text, or no JSON."""


def wrongs(check: Check, reply: Reply, told: Told = str) -> list[str]:
    """Everything that is not as expected; nothing if the check passes. `told`: how a text is told
    that may hold a secret, before it is cut."""
    return list(_wrongs(check, reply, told))


def text_of(reply: Reply) -> str:
    """The body as text. Raises UnreadableError."""
    coding = reply.headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        raise UnreadableError(f"its body is encoded as {coding[:40]}, which was not asked for")
    named = _CHARSET.search(reply.headers.get("content-type", ""))
    charset = named[1].lower() if named else "utf-8"
    if charset not in _CHARSETS:
        raise UnreadableError(f"its body has charset {charset[:40]}, which is not read")
    try:
        return reply.body.decode(charset)
    except UnicodeDecodeError as exc:
        raise UnreadableError(f"its body is not {charset}: byte {exc.start}") from None


def _wrongs(check: Check, reply: Reply, told: Told) -> Iterator[str]:
    expect = check.expect
    status = expect.status_wrong(reply.status)
    if status:
        yield status
    for name, condition in expect.headers:
        wrong = condition.wrong(f"header {name}", reply.headers.get(name.lower()), told)
        if wrong:
            yield wrong
    if reply.problem:
        yield reply.problem
    elif reply.cut and (expect.json or expect.body or expect.max_latency_ms):
        yield f"its body has more than the {MAX_BODY_BYTES} bytes that are read"
    else:
        yield from _body_wrongs(check, reply, told)
    if expect.max_latency_ms is not None and reply.took_ms > expect.max_latency_ms:
        yield f"it took {reply.took_ms:.0f} ms, at most {expect.max_latency_ms} are allowed"


def _body_wrongs(check: Check, reply: Reply, told: Told) -> Iterator[str]:
    expect = check.expect
    if expect.body is None and not expect.json:
        return
    try:
        text = text_of(reply)
        document = _json_of(text, told) if expect.json else None
    except UnreadableError as exc:
        yield str(exc)
        return
    wrong = expect.body.wrong("body", text, told) if expect.body else None
    if wrong:
        yield wrong
    for expression, condition in expect.json:
        try:
            value = jmespath.search(expression, document)
        except (JMESPathError, ValueError, TypeError, ArithmeticError, RecursionError) as exc:
            yield f"json {expression} fails on its body: {' '.join(str(exc).split())[:200]}"
            continue
        wrong = condition.wrong(f"json {expression}", value, told)
        if wrong:
            yield wrong


def _json_of(text: str, told: Told) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        begin = " ".join(told(text)[:80].split())
        raise UnreadableError(f"its body is no JSON: {begin!r}") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
