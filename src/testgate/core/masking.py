"""Takes the values of secrets, and of the headers that green is sent, out of what a suite left.

A suite is not told the headers, but green may echo what it got into an answer; and a test may print
what it was told.
Standard library only; used by run_suite before anything is stored.
"""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, quote_plus

from testgate.core.evidence import Evidence
from testgate.core.redaction import MARK

MIN_CHARS = 8  # a shorter value is a word of its own in many a message, and no credential
MIN_SECRET_CHARS = 4


def hidden_values(
    headers: Mapping[str, str], secrets: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The values that nothing stored may show: of headers that may be credentials, and of all
    secrets that are long enough to be told from other text."""
    found = {value for value in headers.values() if len(value) >= MIN_CHARS}
    found |= {value for value in (secrets or {}).values() if len(value) >= MIN_SECRET_CHARS}
    return tuple(sorted(found))


def mask(text: str, hidden: Sequence[str]) -> str:
    """The text without those values, plain or as HTML, XML, JSON and URLs spell them. Where the
    text was cut within a value, the piece of it that is left goes too."""
    for spelled in _spellings(hidden) if text else ():
        text = text.replace(spelled, MARK)
        for n in range(len(spelled) - 1, _least(spelled) - 1, -1):
            if text.endswith(spelled[:n]):
                text = text[:-n] + MARK
            if text.startswith(spelled[-n:]):
                text = MARK + text[n:]
    return text


def mask_bytes(data: bytes, hidden: Sequence[str]) -> bytes:
    """As `mask`, for UTF-8 text in bytes; other bytes stay as they are."""
    if not hidden:
        return data
    return mask(data.decode(errors="surrogateescape"), hidden).encode(errors="surrogateescape")


def mask_evidence(evidence: Evidence, hidden: Sequence[str]) -> Evidence:
    """The evidence with all that tests and the suite said masked, names of tests too."""
    tests = tuple(
        replace(
            test,
            name=mask(test.name, hidden),
            message=mask(test.message, hidden),
            trace=mask(test.trace, hidden),
            output=mask(test.output, hidden),
        )
        for test in evidence.tests
    )
    return replace(evidence, tests=tests, output_tail=mask(evidence.output_tail, hidden))


def _least(spelled: str) -> int:
    """How much of a value is told as a piece of it: of a short one, nothing but the whole."""
    return min(MIN_CHARS, len(spelled))


def _spellings(hidden: Iterable[str]) -> list[str]:
    """The longest first, so that a value within another leaves nothing of it."""
    found: set[str] = set()
    for value in hidden:
        found |= {quote(value, safe=""), quote_plus(value)}
        for spelled in (value, json.dumps(value)[1:-1]):
            found |= {spelled, html.escape(spelled), html.escape(spelled, quote=False)}
    return sorted(found, key=lambda spelled: (-len(spelled), spelled))
