"""Takes the values of secrets, and of the headers that green is sent, out of what a suite left.

A suite is not told the headers, but green may echo what it got into an answer; and a test may print
what it was told.
Standard library only; used by run_suite before anything is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any

from testgate.core.evidence import Evidence
from testgate.core.redaction import MARK
from testgate.core.spellings import Spelling, spellings_of

MIN_CHARS = 8  # a shorter value is a word of its own in many a message, and no credential
MIN_SECRET_CHARS = 4
# Of evidence: which run it is of, and when, is compared later, and no suite has a say in it.
OWN_FIELDS = frozenset(
    {"run", "input_digest", "plan_digest", "started_at", "ended_at", "collected"}
)


def hidden_values(
    headers: Mapping[str, str], secrets: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The values that nothing stored may show: of headers that may be credentials, and of all
    secrets that are long enough to be told from other text."""
    found = {value for value in headers.values() if len(value) >= MIN_CHARS}
    found |= {value for value in (secrets or {}).values() if len(value) >= MIN_SECRET_CHARS}
    return tuple(sorted(found))


def mask(text: str, hidden: Sequence[str]) -> str:
    """The text without those values, however they are spelled (see `testgate.core.spellings`).
    Where the text was cut within a value, the piece of it that is left goes too."""
    found = sorted(span for spelling in _spellings(tuple(hidden)) for span in spelling.spans(text))
    told: list[str] = []
    at = 0
    for start, end in found:
        if start >= at:
            told += [text[at:start], MARK]
        at = max(at, end)  # what overlaps is one place
    return "".join([*told, text[at:]])


def mask_bytes(data: bytes, hidden: Sequence[str]) -> bytes:
    """As `mask`, for UTF-8 text in bytes; other bytes stay as they are."""
    if not hidden:
        return data
    return mask(data.decode(errors="surrogateescape"), hidden).encode(errors="surrogateescape")


def mask_evidence(evidence: Evidence, hidden: Sequence[str]) -> Evidence:
    """The evidence with every text of it masked, but for what Testgate itself has written."""
    masked: Evidence = _masked(evidence, hidden)
    return masked


def _masked(value: Any, hidden: Sequence[str]) -> Any:
    """Every text that a value holds, so that none is forgotten that is added one day."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return mask(value, hidden)
    if isinstance(value, tuple):
        return tuple(_masked(each, hidden) for each in value)
    if isinstance(value, Mapping):
        return {mask(key, hidden): _masked(each, hidden) for key, each in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    told = {
        each.name: _masked(getattr(value, each.name), hidden)
        for each in fields(value)
        if each.name not in OWN_FIELDS
    }
    return replace(value, **told)


@lru_cache(maxsize=4)  # a run has one set of values; making the patterns is what takes time
def _spellings(hidden: tuple[str, ...]) -> tuple[Spelling, ...]:
    return tuple(spelling for value in hidden for spelling in spellings_of(value))
