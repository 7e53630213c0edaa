"""Which requests are sure to be answered by green, and why another is not: the relay asks this.

A suite may send what it likes; what the rule under test would not take, or a rule above it might,
is not passed on, because another revision or service would answer. Pure; standard library only.
Imported by reach and by the relay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from testgate.core.errors import InputError
from testgate.core.routing import ANY_PATH, Bar, could_match


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Paths must begin with `within`, and headers must not meet a bar."""

    within: str = ANY_PATH
    bars: tuple[Bar, ...] = ()

    def spell(self) -> dict[str, object]:
        """As it travels."""
        bars = [
            {"header": bar.header, "patterns": list(bar.patterns), "rule": bar.rule}
            for bar in self.bars
        ]
        return {"within": self.within, "bars": bars}


def parse_fence(raw: Mapping[str, Any]) -> Fence:
    """A spelled fence. Raises InputError."""
    try:
        bars = tuple(
            Bar(
                header=str(bar["header"]),
                patterns=tuple(map(str, bar["patterns"])),
                rule=str(bar["rule"]),
            )
            for bar in raw["bars"]
        )
        return Fence(within=str(raw["within"]), bars=bars)
    except (KeyError, TypeError) as exc:
        raise InputError(f"a fence cannot be read: {exc!r}") from exc


def fence_problem(fence: Fence, target: str, headers: Iterable[tuple[str, str]]) -> str | None:
    """Why a request is not sure to meet green; None if it is. `target` as in a request line."""
    path = target.partition("?")[0]
    if not _lies_within(path, fence.within):
        return f"the rule under test takes paths that begin with {fence.within}, not {path[:200]}"
    for name, value in headers:
        for bar in fence.bars:
            if name.lower() == bar.header and any(
                could_match(p, value.strip()) for p in bar.patterns
            ):
                rule = bar.rule.rpartition("/")[2]
                return f"listener rule {rule} would take a request with this header {bar.header}"
    return None


def _lies_within(path: str, within: str) -> bool:
    """However the load balancer reads it: with escapes decoded or not, dots resolved or not."""
    if within == ANY_PATH:
        return True
    decoded = unquote(path)
    if {".", ".."} & set(decoded.split("/")):
        return False
    return path.startswith(within) and decoded.startswith(within)
