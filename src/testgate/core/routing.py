"""Which listener rule takes a request: could another rule answer what is meant for green?

Conditions as elbv2's DescribeRules gives them, reduced to values. Pure; standard library only.
Imported by identity checks and by the port that reads rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

# Headers that ordinary clients send by themselves; a rule on any other one is never met by chance.
_SENT_ANYWAY = frozenset({"host", "user-agent", "accept", "accept-encoding", "connection"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a rule. `name` is the header's, for `http-header`.

    `patterns` are the values with `*` and `?`; None if it matches by regular expression, which is
    not judged here.
    """

    field: str
    patterns: tuple[str, ...] | None
    name: str = ""


def could_take(conditions: Iterable[Condition], host: str) -> bool:
    """Whether a request to that host, with any path, method and query, could meet them all."""
    return all(_could_meet(condition, host) for condition in conditions)


def _could_meet(condition: Condition, host: str) -> bool:
    if condition.patterns is None:
        return True
    if condition.field == "host-header":
        name = host.lower()
        return any(fnmatchcase(name, pattern.lower()) for pattern in condition.patterns)
    if condition.field == "http-header":
        return condition.name.lower() in _SENT_ANYWAY
    return True
