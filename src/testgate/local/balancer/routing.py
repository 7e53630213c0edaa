"""Which action answers a request: rules, conditions and weights of an Application Load Balancer.

Pure: values in, values out, so that every rule of the ELB documentation is one row of a table
test. Imported by `testgate.local.balancer` alone.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What rules may look at; header names in lower case, query pairs decoded."""

    method: str
    path: str
    host: str
    source_ip: str
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PathCondition:
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostCondition:
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeaderCondition:
    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryCondition:
    """Pairs of key and value patterns; a key of None matches any key."""

    pairs: tuple[tuple[str | None, str], ...]


@dataclass(frozen=True, slots=True)
class MethodCondition:
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceIpCondition:
    networks: tuple[str, ...]


Condition = (
    PathCondition
    | HostCondition
    | HeaderCondition
    | QueryCondition
    | MethodCondition
    | SourceIpCondition
)


@dataclass(frozen=True, slots=True)
class WeightedGroup:
    target_group_arn: str
    weight: int


@dataclass(frozen=True, slots=True)
class Forward:
    groups: tuple[WeightedGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedResponse:
    status: int
    content_type: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Parts may hold `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}`."""

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


@dataclass(frozen=True, slots=True)
class UnsupportedAction:
    kind: str


Action = Forward | FixedResponse | Redirect | UnsupportedAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a listener; priority None is the default rule, asked last."""

    arn: str
    priority: int | None
    conditions: tuple[Condition, ...]
    action: Action


def select_rule(rules: Sequence[Rule], facts: RequestFacts) -> Rule | None:
    """The first rule by priority whose conditions all hold; the default rule has none."""
    for rule in sorted(rules, key=_order):
        if all(condition_holds(condition, facts) for condition in rule.conditions):
            return rule
    return None


def condition_holds(condition: Condition, facts: RequestFacts) -> bool:
    """True if one of the condition's values matches.

    Paths compare by case, hosts, header values and query strings without (documented).
    """
    match condition:
        case PathCondition(patterns):
            return any(_matches(pattern, facts.path) for pattern in patterns)
        case HostCondition(patterns):
            return any(_matches(pattern, facts.host, ignore_case=True) for pattern in patterns)
        case HeaderCondition(name, patterns):
            values = facts.headers.get(name.lower(), ())
            return any(_matches(p, value, ignore_case=True) for p in patterns for value in values)
        case QueryCondition(pairs):
            return any(_query_holds(key, value, facts.query) for key, value in pairs)
        case MethodCondition(methods):
            return facts.method in methods
        case SourceIpCondition(networks):
            address = ipaddress.ip_address(facts.source_ip)
            return any(address in ipaddress.ip_network(n, strict=False) for n in networks)
        case _:
            assert_never(condition)


def choose_group(groups: Sequence[WeightedGroup], draw: float) -> str | None:
    """The group that `draw`, in [0, 1), falls on; None if no group has weight."""
    total = sum(group.weight for group in groups)
    remaining = draw * total
    for group in groups:
        if group.weight > 0 and remaining < group.weight:
            return group.target_group_arn
        remaining -= group.weight
    return None


def redirect_location(
    redirect: Redirect, *, facts: RequestFacts, protocol: str = "http", port: int, query: str
) -> str:
    """The Location of a redirect, its placeholders filled from the request."""
    parts = {
        "#{protocol}": protocol,
        "#{host}": facts.host,
        "#{port}": str(port),
        "#{path}": facts.path.lstrip("/"),
        "#{query}": query,
    }
    fields = (redirect.protocol, redirect.host, redirect.port, redirect.path, redirect.query)
    scheme, host, port_text, path, filled_query = (_fill(text, parts) for text in fields)
    suffix = f"?{filled_query}" if filled_query else ""
    return f"{scheme.lower()}://{host}:{port_text}{path}{suffix}"


def _order(rule: Rule) -> tuple[bool, int]:
    return (rule.priority is None, rule.priority or 0)


def _query_holds(key: str | None, value: str, query: tuple[tuple[str, str], ...]) -> bool:
    return any(
        (key is None or _matches(key, name, ignore_case=True))
        and _matches(value, text, ignore_case=True)
        for name, text in query
    )


def _matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": "."}
    source = "".join(wildcards.get(char) or re.escape(char) for char in pattern)
    return re.compile(source, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _fill(text: str, parts: Mapping[str, str]) -> str:
    for placeholder, value in parts.items():
        text = text.replace(placeholder, value)
    return text
