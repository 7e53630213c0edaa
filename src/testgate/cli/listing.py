"""Gate runs from the index alone: newest first over any number of services, filtered, page by page.

The index outlives all that a gate run leaves, so this works when nothing else is there any more.
Imported by `testgate list`.
"""

import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from testgate.aws.s3 import Bucket
from testgate.core.errors import InputError
from testgate.core.kinds import ADMISSION, APPROVAL, METRICS, TEST_GATE
from testgate.core.layout import (
    INDEX,
    IndexEntry,
    RunPlace,
    index_prefix,
    parse_index_key,
    reversed_ms,
)
from testgate.core.outcomes import Outcome

_AGO = re.compile(r"(\d{1,5})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CURSOR = re.compile(r"(\d{13})\.[a-z_]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+@([^/@]+)/([^/@]+)")
_SCOPE = re.compile(r"([0-9A-Za-z_-]+)(?:/([0-9A-Za-z_-]+)?)?")
_OTHERS = re.compile(rf"({ADMISSION.name}|{APPROVAL.name}|{METRICS.name})(?:-[0-9a-f]{{16,64}})?")
_NO_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose gate runs: a service's, a cluster's ("" for every service) or all."""

    cluster: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which gate runs. No outcomes are all outcomes; `after` is the cursor of the page before."""

    scope: Scope = field(default_factory=Scope)
    outcomes: frozenset[Outcome] = frozenset()
    since: datetime | None = None
    after: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Gate runs, and the cursor of the next page, "" if this is the last."""

    entries: tuple[IndexEntry, ...]
    cursor: str


def read_scope(text: str | None) -> Scope:
    """`cluster/service`, `cluster/`, `cluster`, or nothing for all. Raises InputError."""
    match = _SCOPE.fullmatch(text or "")
    if not text:
        return Scope()
    if match is None:
        raise InputError(f"{text[:200]!r} names no service: expected cluster, or cluster/service")
    return Scope(cluster=match[1], service=match[2] or "")


def read_since(text: str, now: datetime) -> datetime:
    """`36h`, `7d`, a day or an RFC 3339 time; without a zone it is UTC. Raises InputError."""
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise InputError(
            f"--since: got {text[:100]!r}, expected a time ago such as 30m, 36h or 7d, or a time "
            "such as 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from exc
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def kind_of(place: RunPlace) -> str:
    """The kind of the hook that a run's name tells: only a test gate's begins with its service."""
    match = _OTHERS.fullmatch(place.run_name)
    return match[1] if match and match[1] != place.service else TEST_GATE.name


def find_page(bucket: Bucket, query: Query) -> Page:
    """One page of what the index holds. Raises InputError for a cursor that is none."""
    shown: list[IndexEntry] = []
    for entry in _matching(bucket, query):
        if query.limit is not None and len(shown) == query.limit:
            return Page(entries=tuple(shown), cursor=cursor_of(shown[-1]))
        shown.append(entry)
    return Page(entries=tuple(shown), cursor="")


def cursor_of(entry: IndexEntry) -> str:
    """Where the next page begins: behind this entry."""
    _, cluster, service, rest = entry.place.index(entry.outcome, entry.ended_at).split("/")
    return f"{rest}@{cluster}/{service}"


def _matching(bucket: Bucket, query: Query) -> Iterator[IndexEntry]:
    after = _order_of_cursor(query.after) if query.after else None
    start = after[0] if after else ""
    streams = [
        _entries(bucket, prefix, start, query.since) for prefix in _prefixes(bucket, query.scope)
    ]
    for order, entry in heapq.merge(*streams, key=lambda each: each[0]):
        if after is not None and order <= after:
            continue
        if not query.outcomes or entry.outcome in query.outcomes:
            yield entry


_Order = tuple[str, str]  # the reversed time, then the whole key


def _entries(
    bucket: Bucket, prefix: str, start: str, since: datetime | None
) -> Iterator[tuple[_Order, IndexEntry]]:
    """A service's entries from a reversed time on, until one is older than asked for."""
    for key in bucket.keys(prefix, _NO_LIMIT, f"{prefix}{start}" if start else ""):
        entry = parse_index_key(key)
        if entry is None:
            continue
        if since is not None and entry.ended_at < since:
            return
        yield (reversed_ms(entry.ended_at), key), entry


def _prefixes(bucket: Bucket, scope: Scope) -> Iterable[str]:
    if scope.service:
        return [index_prefix(scope.cluster, scope.service)]
    clusters = [f"{INDEX}{scope.cluster}/"] if scope.cluster else list(bucket.folders(INDEX))
    return [service for cluster in clusters for service in bucket.folders(cluster)]


def _order_of_cursor(cursor: str) -> _Order:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InputError(
            f"--cursor: got {cursor[:200]!r}, expected the one that the page before has printed"
        )
    rest = cursor.partition("@")[0]
    return match[1], f"{index_prefix(match[2], match[3])}{rest}"
