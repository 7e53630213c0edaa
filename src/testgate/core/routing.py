"""Which listener rule takes a request: will the rule under test, could another one before it?

Conditions as elbv2's DescribeRules gives them, reduced to values. Pure; standard library only.
Imported by reach, by the port that reads rules, and by what finds green.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

HOST, PATH, HEADER = "host-header", "path-pattern", "http-header"
ANY_PATH = "/"

# Headers that ordinary clients send by themselves, or that the load balancer sees on any request.
_SENT_ANYWAY = frozenset(
    {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "content-length",
        "content-type",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a rule. `name` is the header's, for `http-header`.

    `patterns` are the values with `*` and `?`; None if it matches by regular expression, which is
    not judged here.
    """

    field: str
    patterns: tuple[str, ...] | None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is known of every request that a suite may send: its host ("" for: it may be any), how
    its path begins, and the headers that are set for it (names in lower case). Nothing is known of
    its method, its query and the headers of its own."""

    host: str
    within: str = ANY_PATH
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A header that a request must not have, or not with such a value: `rule` would take it."""

    header: str
    patterns: tuple[str, ...]
    rule: str


def must_meet(condition: Condition, sent: Sent) -> bool:
    """Whether every request meets it, whatever a suite sends. False when in doubt."""
    patterns = condition.patterns or ()
    match condition.field:
        case "host-header":
            return any(matches(pattern, sent.host) for pattern in patterns)
        case "path-pattern":
            beginnings = [path_beginning(pattern) for pattern in patterns]
            return any(begin is not None and sent.within.startswith(begin) for begin in beginnings)
        case "http-header":
            value = sent.headers.get(condition.name.lower())
            return value is not None and any(matches(pattern, value) for pattern in patterns)
        case _:
            return False


def could_take(conditions: Iterable[Condition], sent: Sent) -> bool:
    """Whether some request that a suite may send meets them all. True when in doubt."""
    return all(_could_meet(condition, sent) for condition in conditions)


def bar_of(rule: str, conditions: Iterable[Condition], sent: Sent) -> Bar | None:
    """What a request must lack for this rule to leave it alone, whatever else it has: a header
    that only a suite which wants to would send. None if there is no such header."""
    for condition in conditions:
        name = condition.name.lower()
        own = name not in _SENT_ANYWAY and name not in sent.headers
        if condition.field == HEADER and condition.patterns and own:
            return Bar(header=name, patterns=condition.patterns, rule=rule)
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether a host or a header's value surely matches: `*` is any text, `?` one character, case
    is nothing. A backslash may escape or stand for itself; such a pattern surely matches nothing.
    """
    return "\\" not in pattern and _glob(pattern, text)


def could_match(pattern: str, text: str) -> bool:
    """As `matches`, and True where that is in doubt."""
    return "\\" in pattern or _glob(pattern, text)


def is_plain(pattern: str) -> bool:
    """Whether a pattern matches one text alone."""
    return bool(pattern) and not set(pattern) & set("*?\\")


def path_beginning(pattern: str) -> str | None:
    """The beginning by which a path pattern takes every path that has it: `/shop/*` gives `/shop/`;
    None for a pattern of another form."""
    if pattern == "*":
        return ANY_PATH
    begin = pattern[:-1]
    plain = pattern.endswith("*") and begin.startswith("/") and is_plain(begin)
    return begin if plain else None


def _could_meet(condition: Condition, sent: Sent) -> bool:
    if condition.patterns is None:
        return True
    match condition.field:
        case "host-header":
            return not sent.host or any(could_match(p, sent.host) for p in condition.patterns)
        case "path-pattern":
            return any(_could_follow(pattern, sent.within) for pattern in condition.patterns)
        case "http-header":
            value = sent.headers.get(condition.name.lower())
            return value is None or any(could_match(p, value) for p in condition.patterns)
        case _:
            return True


def _could_follow(pattern: str, begin: str) -> bool:
    """Whether some path with that beginning matches a path pattern; case matters in paths."""
    if "\\" in pattern:
        return True
    places = _after_stars(pattern, {0})
    for char in begin:
        places = _after_stars(pattern, set(_step(pattern, places, char)))
    return bool(places)


def _step(pattern: str, places: set[int], char: str) -> Iterable[int]:
    """Where in the pattern one may stand after this character."""
    for place in places:
        if place < len(pattern) and pattern[place] == "*":
            yield place
        elif place < len(pattern) and pattern[place] in ("?", char):
            yield place + 1


def _after_stars(pattern: str, places: set[int]) -> set[int]:
    """Those places and the ones that follow when a `*` stands for nothing."""
    for place in sorted(places):
        while place < len(pattern) and pattern[place] == "*":
            place += 1  # noqa: PLW2901 - walking on from it
            places.add(place)
    return places


def _glob(pattern: str, text: str) -> bool:
    # To fnmatch a bracket opens a set; to a load balancer it is a character.
    return fnmatchcase(text.lower(), pattern.lower().replace("[", "[[]"))
