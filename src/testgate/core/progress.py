"""How far a suite is: what its framework's plugin writes while tests run, and what that means.

A line for each event, appended whole: `of 14` once tests are collected, and `passed`, `failed` or
`skipped` for each test that has ended. Told for people alone; no verdict rests on it. Standard
library only; imported by the runner and the command line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

_ENDED = ("passed", "failed", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Tests that have ended, those of them that failed, and how many there are, None if nobody has
    said."""

    ended: int = 0
    failed: int = 0
    total: int | None = None

    def __str__(self) -> str:
        of = f" of {self.total}" if self.total is not None else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.ended}{of} tests{failed}"


def read_progress(lines: Iterable[str]) -> Progress:
    """What was told so far. A line that means nothing is passed by: a suite may write there."""
    ended = failed = 0
    total = None
    for line in lines:
        word = line.strip()
        if word in _ENDED:
            ended += 1
            failed += word == "failed"
        elif word.startswith("of ") and word[3:].isascii() and word[3:].isdigit():
            total = int(word[3:][:9])
    return Progress(ended=ended, failed=failed, total=total)


def read_stored(value: object) -> tuple[Progress, str] | None:
    """What stands in the bucket of a shard that is under way, and its deadline ("" for none); None
    for what is nothing of the kind."""
    if not isinstance(value, Mapping):
        return None
    ended, failed, total = (value.get(name) for name in ("done", "failed", "total"))
    deadline = value.get("deadline")
    if not _is_count(ended):
        return None
    progress = Progress(
        ended=ended,
        failed=failed if _is_count(failed) else 0,
        total=total if _is_count(total) else None,
    )
    return progress, deadline if isinstance(deadline, str) else ""


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0
