"""Takes the values of the headers that green is sent out of what a suite left.

The suite is not told them, but green may echo what it got into an answer, and a test may print it.
Standard library only; used by run_suite before anything is stored.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import replace

from testgate.core.evidence import Evidence
from testgate.core.redaction import MARK

MIN_CHARS = 8  # a shorter value is a word of its own in many a message, and no credential


def mask(text: str, headers: Mapping[str, str]) -> str:
    """The text without those values, plain or as HTML, XML and JSON spell them. Where the text was
    cut within a value, the piece of it that is left goes too."""
    for spelled in _spellings(headers) if text else ():
        text = text.replace(spelled, MARK)
        for n in range(len(spelled) - 1, MIN_CHARS - 1, -1):
            if text.endswith(spelled[:n]):
                text = text[:-n] + MARK
            if text.startswith(spelled[-n:]):
                text = MARK + text[n:]
    return text


def mask_bytes(data: bytes, headers: Mapping[str, str]) -> bytes:
    """As `mask`, for UTF-8 text in bytes; other bytes stay as they are."""
    if not _spellings(headers):
        return data
    return mask(data.decode(errors="surrogateescape"), headers).encode(errors="surrogateescape")


def mask_evidence(evidence: Evidence, headers: Mapping[str, str]) -> Evidence:
    """The evidence with what tests and the suite said masked; names stay, by which tests are told
    apart."""
    tests = tuple(
        replace(test, message=mask(test.message, headers), trace=mask(test.trace, headers))
        for test in evidence.tests
    )
    return replace(evidence, tests=tests, output_tail=mask(evidence.output_tail, headers))


def _spellings(headers: Mapping[str, str]) -> list[str]:
    """The longest first, so that a value within another leaves nothing of it."""
    found: set[str] = set()
    for value in headers.values():
        if len(value) < MIN_CHARS:
            continue
        for spelled in (value, json.dumps(value)[1:-1]):
            found |= {spelled, html.escape(spelled), html.escape(spelled, quote=False)}
    return sorted(found, key=lambda spelled: (-len(spelled), spelled))
