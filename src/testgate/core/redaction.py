"""Takes what looks like a credential out of everything that is stored.

By form alone: access keys, tokens, private keys, passwords in addresses and assignments. Forms are
those that AWS, RFC 6750, RFC 7519 and RFC 7468 document. Every pattern runs in linear time, because
what it reads was written by tests. Standard library only; used before anything is stored.
"""

import re
from functools import cache

MARK = "[redacted]"

_VALUE = r"[^\s\"'<>&,;]{4,4096}"
_WORDS = (
    r"password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|"
    r"refresh[_-]?token|session[_-]?token|client[_-]?secret|private[_-]?key|token(?![a-z])"
)
_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,20000}"
        r"(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?",
        MARK,
    ),
    (r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{16}\b", MARK),
    (r"\beyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{0,4096}", MARK),
    (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,4096}", rf"\1 {MARK}"),
    (  # a password may hold a slash, though it should not; a port before a path is none
        r"(://[^\s/:@\"'<>]{1,256}:)(?!\d{1,5}[/?#])(?:(?!://)[^\s@\"'<>]){1,256}(?=@)",
        rf"\1{MARK}",
    ),
    (
        rf"(?i)((?:{_WORDS})[\w-]{{0,40}}(?:&quot;|[\"'])?\s{{0,4}}[:=]\s{{0,4}}"
        rf"(?:&quot;|[\"'])?)(?!\[redacted\]){_VALUE}",
        rf"\1{MARK}",
    ),
)


def redact(text: str) -> str:
    """The text with credential-looking values replaced by `[redacted]`; idempotent."""
    for pattern, replacement in _compiled():
        text = pattern.sub(replacement, text)
    return text


def redact_bytes(data: bytes) -> bytes:
    """As `redact`, for UTF-8 text in bytes; other bytes stay as they are."""
    return redact(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Not at import: hooks start cold, and most of their calls store no text."""
    return tuple((re.compile(pattern), replacement) for pattern, replacement in _PATTERNS)
