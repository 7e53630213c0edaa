"""How long each test of a suite took last time, for its next shards: what is stored, and its name.

Whatever it says decides about balance alone, never about a verdict, and so anything that cannot be
read says nothing. Tests stand by a digest of their id: short, and it tells no names. Standard
library only; imported by Judge, who writes it, Prepare, who picks it, and the pytest plugin.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from testgate.core.canonical import DIGEST, canonical_json
from testgate.core.outcomes import PASSING

if TYPE_CHECKING:  # the plugin, which only reads, starts with every suite
    from testgate.core.evidence import TestResult

SCHEMA = "testgate.durations/1"
MAX_TESTS = 50_000
MAX_MS = 86_400_000
MAX_AGE = timedelta(days=60)  # S3 deletes them after 90: none goes while shards run
_KEY_CHARS = 12


def key_of(test_id: str) -> str:
    """What stands for a test. Two tests of one key only weigh the same."""
    return hashlib.sha256(test_id.encode(errors="surrogatepass")).hexdigest()[:_KEY_CHARS]


def spell_durations(tests: "Iterable[TestResult]") -> str:
    """The document of a suite that passed, in milliseconds; of the longest tests, if it has too
    many."""
    taken = {
        key_of(test.name): _milliseconds(test.duration_s)
        for test in tests
        if test.outcome in PASSING
    }
    longest = sorted(taken, key=lambda key: (-taken[key], key))[:MAX_TESTS]
    return canonical_json({"schema": SCHEMA, "ms": {key: taken[key] for key in longest}})


def read_durations(data: bytes) -> dict[str, int]:
    """Milliseconds by a test's key; nothing of what makes no sense."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        return {}
    told = raw.get("ms")
    if not isinstance(told, dict) or len(told) > MAX_TESTS:
        return {}
    return {key: ms for key, ms in told.items() if type(ms) is int and 1 <= ms <= MAX_MS}


def spell_pointer(digest: str | None, on: date, took_s: float | None = None) -> dict[str, object]:
    """What leads to a suite's latest durations, and how long it took in all; either may be
    unknown."""
    told: dict[str, object] = {"day": on.isoformat()}
    told |= {} if digest is None else {"durations": digest}
    return told | ({} if took_s is None else {"took_s": round(took_s, 1)})


def read_pointer(raw: object, on: date) -> str | None:
    """The digest that it leads to; None if it leads nowhere, or to what is too old."""
    digest = raw.get("durations") if isinstance(raw, Mapping) and _is_new(raw, on) else None
    return digest if isinstance(digest, str) and DIGEST.fullmatch(digest) else None


def read_took(raw: object, on: date) -> float | None:
    """How long the suite took when it last passed; None if that is not known, or too old."""
    took_s = raw.get("took_s") if isinstance(raw, Mapping) and _is_new(raw, on) else None
    return float(took_s) if isinstance(took_s, int | float) and 0 < took_s < 86_400 else None


def _is_new(raw: Mapping[str, object], on: date) -> bool:
    day = raw.get("day")
    try:
        return isinstance(day, str) and on - date.fromisoformat(day) <= MAX_AGE
    except ValueError:
        return False


def _milliseconds(duration_s: float) -> int:
    return max(1, min(round(duration_s * 1000), MAX_MS))
