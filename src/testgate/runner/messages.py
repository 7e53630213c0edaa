"""Messages of HTTP/1.1 as a relay must read them: heads whole, bodies piece by piece (RFC 9112).

`http.server` and `http.client` read heads with the parser of e-mail, which takes longer than all
the rest of a relay's work and lets lines through that another reader would split otherwise. See
docs/decisions/0025. Imported by `testgate.runner.relaying` and `testgate.runner.probing`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from testgate.core.headers import is_token
from testgate.runner.incoming import CHUNK_BYTES, EndedEarlyError, Incoming, MessageError
from testgate.runner.relay_headers import Headers, listed

_MAX_LINE_BYTES = 65_536
_MAX_HEADERS = 1_000
_MAX_HEAD_CHARS = 1_000_000
_MAX_HINTS = 20
_REQUEST_LINE = re.compile(r"([^ ]+) ([^\x00-\x20\x7f]+) HTTP/1\.([01])")
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (.*))?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SIZE = re.compile(r"0*[0-9A-Fa-f]{1,15}")
_LENGTH = re.compile(r"[0-9]{1,18}")
_BLANKS = " \t"
_OTHER_CODING = "has a transfer coding that cannot be passed on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What both kinds of message have. `minor`: of HTTP/1.x."""

    minor: int
    headers: Headers

    def of(self, name: str) -> list[str]:
        """The values of a header, by its name in lower case."""
        return [value for known, value in self.headers if known.lower() == name]

    @property
    def keeps_open(self) -> bool:
        """Whether another message may follow on the same connection. HTTP/1.0 can ask for it, too,
        but nobody must agree."""
        return self.minor == 1 and "close" not in listed(self.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead(Head):
    """`target` as it was sent, of Latin-1."""

    method: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerHead(Head):
    """`reason` may be empty."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How a body's end is known: by its length, by chunks, or by the connection's end. Without any
    there is no body."""

    length_bytes: int | None = None
    in_chunks: bool = False
    to_the_end: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether no byte follows the head."""
        return not (self.length_bytes or self.in_chunks or self.to_the_end)

    @property
    def headers(self) -> Headers:
        """What says so in a head."""
        if self.in_chunks:
            return [("Transfer-Encoding", "chunked")]
        return [] if self.length_bytes is None else [("Content-Length", str(self.length_bytes))]


NO_BODY = Framing()
TO_THE_END = Framing(to_the_end=True)
IN_CHUNKS = Framing(in_chunks=True)


def read_request_head(incoming: Incoming) -> RequestHead:
    """The next request's. Raises MessageError."""
    line = incoming.line(_MAX_LINE_BYTES) or incoming.line(_MAX_LINE_BYTES)  # RFC 9112, 2.2
    match = _REQUEST_LINE.fullmatch(line)
    if match is None or not is_token(match[1]):
        raise MessageError("does not begin as a request of HTTP/1.1")
    headers = _read_headers(incoming)
    return RequestHead(method=match[1], target=match[2], minor=int(match[3]), headers=headers)


def read_answer_head(incoming: Incoming) -> AnswerHead:
    """The next answer's. Hints on the way to it (1xx but 101) are for a browser's speed, and left
    out. Raises MessageError."""
    for _ in range(_MAX_HINTS):
        match = _STATUS_LINE.fullmatch(incoming.line(_MAX_LINE_BYTES))
        if match is None or _CONTROL.search(match[3] or ""):
            raise MessageError("does not begin as an answer of HTTP/1.1")
        minor, status, reason = int(match[1]), int(match[2]), match[3] or ""
        headers = _read_headers(incoming, lenient=True)
        if status >= 200 or status == 101:
            return AnswerHead(status=status, reason=reason, minor=minor, headers=headers)
    raise MessageError(f"has more than {_MAX_HINTS} interim ones before it")


def spell_head(first_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A head to send. Raises ValueError where a header would hide another line, or is
    not Latin-1."""
    lines = [first_line, *(f"{name}: {value}" for name, value in headers)]
    for line in lines:
        if "\r" in line or "\n" in line:
            raise ValueError("a header holds the end of a line")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def request_framing(head: RequestHead) -> Framing:
    """How a request's body ends. Raises MessageError where two readers could disagree (RFC 9112,
    6.3)."""
    codings, lengths = head.of("transfer-encoding"), head.of("content-length")
    if codings and lengths:
        raise MessageError("tells its length in two ways")
    if codings:
        if head.minor == 0 or [coding.lower() for coding in codings] != ["chunked"]:
            raise MessageError(_OTHER_CODING)
        return IN_CHUNKS
    if not lengths:
        return NO_BODY
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise MessageError("has a Content-Length that is no number")
    return Framing(length_bytes=int(lengths[0]))


def answer_framing(head: AnswerHead, method: str) -> Framing:
    """How the body of an answer to that method ends. Raises MessageError."""
    if method == "HEAD" or head.status < 200 or head.status in (204, 304):
        return NO_BODY
    codings = {coding.lower() for coding in head.of("transfer-encoding")} - {"identity"}
    if codings:
        if codings != {"chunked"}:
            raise MessageError(_OTHER_CODING)
        return IN_CHUNKS
    lengths = {part.strip() for value in head.of("content-length") for part in value.split(",")}
    if not lengths:
        return TO_THE_END
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise MessageError("has a Content-Length that is no number")
    return Framing(length_bytes=int(length))


def read_body(incoming: Incoming, framing: Framing) -> Iterator[bytes]:
    """Its pieces as they arrive. Raises MessageError, among them EndedEarlyError."""
    if framing.in_chunks:
        yield from _read_chunks(incoming)
    elif framing.to_the_end:
        while piece := incoming.some():
            yield piece
    else:
        yield from _read_bytes(incoming, framing.length_bytes or 0)


def spell_body(pieces: Iterator[bytes], framing: Framing) -> Iterator[bytes]:
    """As they are sent: in chunks, or as they are."""
    if not framing.in_chunks:
        yield from pieces
        return
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _read_headers(incoming: Incoming, *, lenient: bool = False) -> Headers:
    """`lenient`: as a gateway must read answers (RFC 9112, 5.1 and 5.2): blanks before the colon
    fall away, and a line that begins with one goes on with the header before it. In a request
    either would be read differently by somebody else."""
    headers: list[tuple[str, str]] = []
    left_lines, left_chars = _MAX_HEADERS, _MAX_HEAD_CHARS
    while line := incoming.line(_MAX_LINE_BYTES):
        left_lines -= 1
        left_chars -= len(line)
        if left_lines < 0 or left_chars < 0:
            raise MessageError(
                f"has more than {_MAX_HEADERS} lines of headers, or {_MAX_HEAD_CHARS} bytes"
            )
        if _CONTROL.search(line):
            raise MessageError("has a control character in a header")
        if lenient and headers and line[0] in " \t":
            name, begun = headers[-1]
            headers[-1] = (name, f"{begun} {line.strip(_BLANKS)}".strip(_BLANKS))
            continue
        name, colon, value = line.partition(":")
        name = name.rstrip(_BLANKS) if lenient else name
        if not colon or not is_token(name):
            raise MessageError("has a line that is no header")
        headers.append((name, value.strip(_BLANKS)))
    return headers


def _read_bytes(incoming: Incoming, left: int) -> Iterator[bytes]:
    while left:
        piece = incoming.some(min(left, CHUNK_BYTES))
        if not piece:
            raise EndedEarlyError("ended early")
        left -= len(piece)
        yield piece


def _read_chunks(incoming: Incoming) -> Iterator[bytes]:
    """What is in the chunks; trailers are read and dropped."""
    while size := _chunk_size(incoming):
        yield from _read_bytes(incoming, size)
        if incoming.line(_MAX_LINE_BYTES):
            raise MessageError("has a chunk that is longer than its size")
    _read_headers(incoming)


def _chunk_size(incoming: Incoming) -> int:
    text = incoming.line(_MAX_LINE_BYTES).partition(";")[0].strip(" \t")
    if not _SIZE.fullmatch(text):
        raise MessageError("has a chunk without a size")
    return int(text, 16)
