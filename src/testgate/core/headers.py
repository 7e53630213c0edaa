"""Headers that a gate may be told to send with every request: which names, which values.

Names are tokens and values printable text (RFC 9110, 5.1 and 5.5), so that nothing can be smuggled
into a request. Standard library only; imported by the configuration, by reach and by the relay.
"""

import re

MAX_HEADERS_BYTES = 1024
MAX_NAME_CHARS = 64

# What belongs to one hop, and is not passed on (RFC 9110, 7.6.1).
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OF_THE_REQUEST = frozenset({"host", "content-length", "expect"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NAME_PART = re.compile(r"[0-9A-Za-z-]{0,64}")  # what a sentence may quote of a name that is none
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")


def is_token(name: str) -> bool:
    """Whether a header may have that name: with blanks about it, readers disagree on it."""
    return _TOKEN.fullmatch(name) is not None


def header_problem(name: str, value: str) -> str | None:
    """Why this header cannot be sent with every request; None if it can. Never tells the value,
    which may be a credential."""
    if not is_token(name) or len(name) > MAX_NAME_CHARS:
        return f"{_quoted(name)} is not the name of a header"
    if name.lower() == "host":
        return "Host is what TEST_HOST is for"
    if name.lower() in HOP_BY_HOP | _OF_THE_REQUEST:
        return f"{name} is each request's own and cannot be set for all"
    if not _VALUE.fullmatch(value):
        return f"the value of {name} must be printable ASCII, not empty, without spaces around it"
    return None


def parse_headers(value: object) -> dict[str, str]:
    """An object of texts as headers, names in lower case. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("expected an object of texts")
    headers: dict[str, str] = {}
    for name, text in value.items():
        if not isinstance(text, str):
            raise ValueError(f"the value of {_quoted(name)} must be text")
        problem = header_problem(name, text)
        if problem:
            raise ValueError(problem)
        if name.lower() in headers:
            raise ValueError(f"names {name} twice")
        headers[name.lower()] = text
    size = sum(len(name) + len(text) for name, text in headers.items())
    if size > MAX_HEADERS_BYTES:
        raise ValueError(f"is {size} bytes, at most {MAX_HEADERS_BYTES} are allowed")
    return headers


def _quoted(name: str) -> str:
    """A name as it begins: what follows may be a value that has slipped into it."""
    match = _NAME_PART.match(name)
    begin = match.group() if match else ""
    return repr(begin if begin == name else f"{begin}…")
