"""A deployment that is under way, at one moment, and what is new since the last: pure.

Imported by `watch`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from testgate.core.progress import Progress
from testgate.report.view import parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`stands_at` is status and stage; `shards` are under way, `ended` have left their evidence
    (both by `suite/shard`); `waiting` is what hooks wait for."""

    stands_at: str
    execution: str = ""
    shards: Mapping[str, Progress] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    waiting: tuple[str, ...] = ()
    deadline: str = ""


def news(before: Scene | None, after: Scene) -> list[str]:
    """What to say of a new moment; nothing if nothing has happened."""
    old = before or Scene(stands_at="")
    lines = []
    if after.stands_at != old.stands_at:
        lines.append(after.stands_at)
    if after.execution != old.execution:
        lines.append(f"gate run {after.execution}")
    lines += [said for said in after.waiting if said not in old.waiting]
    for name, progress in after.shards.items():
        known = old.shards.get(name, Progress())
        lines += [
            f"{name}: failed {test}" for test in progress.first_failed[len(known.first_failed) :]
        ]
        if name not in after.ended and (name not in old.shards or str(progress) != str(known)):
            lines.append(f"{name}: {progress}")
    for name in sorted(after.ended - old.ended):
        last = after.shards.get(name) or old.shards.get(name)
        lines.append(f"{name}: ended" + (f" ({last})" if last else ""))
    return lines


def left(deadline: str, now: datetime) -> str:
    """What is left until a deadline: `4 min 05 s`; "" if there is none or it is over."""
    at = parse_time(deadline)
    seconds = int((at - now).total_seconds()) if at else 0
    if seconds <= 0:
        return ""
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds >= 60 else f"{seconds} s"
