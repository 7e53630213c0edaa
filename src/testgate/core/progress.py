"""How far a suite is: what its framework's plugin writes while tests run, and what that means.

A line for each event, appended whole: `of 14` once tests are collected, and `passed`, `failed` or
`skipped` for each test that has ended, with the test's name after it as JSON, if that is told. The
runner's function stores what it comes to, for people and for the hook's delay; no verdict rests on
it. Standard library only; imported by the runner, the hook and the command line.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

PROGRESS_SCHEMA = "testgate.progress/1"
NEWEST = 20  # tests that are named as they end
FIRST_FAILED = 20  # failed ones that stay named
_ENDED = ("passed", "failed", "skipped")
_LONGEST_CHARS = 4_000  # of a line that is looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedTest:
    """A test by its name, and how it ended: `passed`, `failed` or `skipped`."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Tests that have ended, those of them that failed, and how many there are, None if nobody has
    said; the last that have ended, newest last, and the first that failed, where names are told."""

    ended: int = 0
    failed: int = 0
    total: int | None = None
    newest: tuple[EndedTest, ...] = ()
    first_failed: tuple[str, ...] = ()

    def renamed(self, rename: Callable[[str], str]) -> "Progress":
        """With other names: what a suite says is stored as evidence is, without secrets."""
        newest = tuple(replace(test, name=rename(test.name)) for test in self.newest)
        return replace(self, newest=newest, first_failed=tuple(map(rename, self.first_failed)))

    def __str__(self) -> str:
        of = f" of {self.total}" if self.total is not None else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.ended}{of} tests{failed}"


def read_progress(lines: Iterable[str]) -> Progress:
    """What was told so far. A line that means nothing is passed by: a suite may write there. Of
    thousands only those names are read that are kept."""
    ended = failed = 0
    total = None
    newest: deque[tuple[str, str]] = deque(maxlen=NEWEST)
    first_failed: list[str] = []
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word in _ENDED and (not rest or rest.startswith('"')):
            ended += 1
            failed += word == "failed"
            newest.append((word, rest))
            if word == "failed" and len(first_failed) < FIRST_FAILED:
                first_failed.append(rest)
        elif word == "of" and rest.isascii() and rest.isdigit():
            total = int(rest[:9])
    named = ((word, _name(rest)) for word, rest in newest)
    return Progress(
        ended=ended,
        failed=failed,
        total=total,
        newest=tuple(EndedTest(name=name, outcome=word) for word, name in named if name),
        first_failed=tuple(name for rest in first_failed if (name := _name(rest))),
    )


def _name(spelled: str) -> str:
    try:
        return str(json.loads(spelled)) if 0 < len(spelled) <= _LONGEST_CHARS else ""
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardProgress:
    """How far one shard is, as its function tells it beside the evidence. Times are RFC 3339.

    `wave` of `waves` is its suite's, `due` shards are in that wave. `expected_s`: how long it took
    when it last passed, None if nobody knows. `ended` once it runs no more.
    """

    suite: str
    shard: int
    attempt: int
    progress: Progress
    started_at: datetime
    at: datetime
    deadline: datetime
    wave: int
    waves: int
    due: int
    expected_s: float | None = None
    ended: bool = False

    def spell(self) -> dict[str, object]:
        """The JSON that is stored."""
        newest = self.progress.newest
        return {
            "schema": PROGRESS_SCHEMA,
            "suite": self.suite,
            "shard": self.shard,
            "attempt": self.attempt,
            "done": self.progress.ended,
            "failed": self.progress.failed,
            "total": self.progress.total,
            "newest": [{"name": test.name, "outcome": test.outcome} for test in newest],
            "first_failed": list(self.progress.first_failed),
            "started_at": self.started_at.isoformat(),
            "at": self.at.isoformat(),
            "deadline": self.deadline.isoformat(),
            "wave": self.wave,
            "waves": self.waves,
            "due": self.due,
            "expected_s": self.expected_s,
            "ended": self.ended,
        }


def parse_shard_progress(raw: object) -> ShardProgress | None:
    """What a function told; None of what cannot be read, for it is only a hint."""
    if not isinstance(raw, Mapping) or raw.get("schema") != PROGRESS_SCHEMA:
        return None
    total, expected_s = raw.get("total"), raw.get("expected_s")
    try:
        return ShardProgress(
            suite=str(raw["suite"]),
            shard=int(raw["shard"]),
            attempt=int(raw["attempt"]),
            progress=Progress(
                ended=int(raw["done"]),
                failed=int(raw["failed"]),
                total=None if total is None else int(total),
                newest=_parse_newest(raw.get("newest")),
                first_failed=_parse_names(raw.get("first_failed")),
            ),
            started_at=read_moment(raw["started_at"]),
            at=read_moment(raw["at"]),
            deadline=read_moment(raw["deadline"]),
            wave=int(raw["wave"]),
            waves=int(raw["waves"]),
            due=int(raw["due"]),
            expected_s=None if expected_s is None else float(expected_s),
            ended=raw["ended"] is True,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _parse_newest(raw: object) -> tuple[EndedTest, ...]:
    """Older ones name no test."""
    told = [each for each in raw if isinstance(each, Mapping)] if isinstance(raw, list) else []
    return tuple(
        EndedTest(name=str(each["name"]), outcome=each["outcome"])
        for each in told[-NEWEST:]
        if each.get("name") and each.get("outcome") in _ENDED
    )


def _parse_names(raw: object) -> tuple[str, ...]:
    return tuple(map(str, raw[:FIRST_FAILED])) if isinstance(raw, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """Seconds until the tests end; `whole` unless more is to come that nobody can tell yet."""

    seconds: float
    whole: bool


def remaining(shards: Iterable[ShardProgress], now: datetime) -> Remaining | None:
    """What the shards of the newest wave tell; None if one of them tells nothing."""
    told = list(shards)
    newest = [shard for shard in told if shard.wave == max(each.wave for each in told)]
    if not newest:
        return None
    known = [left for shard in newest if (left := _left_s(shard, now)) is not None]
    if len(known) < len(newest):
        return None
    first = newest[0]
    return Remaining(
        seconds=max(known), whole=first.wave >= first.waves and len(newest) >= first.due
    )


def _left_s(shard: ShardProgress, now: datetime) -> float | None:
    """By the mean of the tests that have ended; before the first has, by last time's."""
    if shard.ended:
        return 0.0
    done, total = shard.progress.ended, shard.progress.total
    if done > 0 and total is not None:
        each_s = (shard.at - shard.started_at).total_seconds() / done
        return max(0.0, each_s * (total - done) - (now - shard.at).total_seconds())
    if shard.expected_s is None:
        return None
    left_s = shard.expected_s - (now - shard.started_at).total_seconds()
    return left_s if left_s > 0 else None


def read_moment(text: object) -> datetime:
    """A time with its zone, as it is stored. Raises ValueError for any other."""
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment
