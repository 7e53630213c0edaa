"""IAM policy documents, read once into values; what cannot be evaluated here is refused.

Pure. Imported by this package and its tests.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from testgate.local.rights.conditions import Condition, NullCondition, parse_conditions
from testgate.local.rights.errors import PolicyError
from testgate.local.rights.patterns import Pattern, action_pattern, resource_pattern

_VERSIONS = (None, "2008-10-17", "2012-10-17")
_ELEMENTS = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_CACHED_DOCUMENTS = 512


class Effect(Enum):
    ALLOW = "Allow"
    DENY = "Deny"


class PolicyKind(Enum):
    """Whose policy it is, in the words of AWS's messages."""

    IDENTITY = "identity-based"
    RESOURCE = "resource-based"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Chosen:
    """By what a value was chosen, and how narrow that is (greater is narrower)."""

    text: str
    narrowness: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`Action` or `Resource`; `negated` if it is the `Not…` of it."""

    patterns: tuple[Pattern, ...]
    negated: bool = False

    def chosen(self, value: str) -> Chosen | None:
        """The narrowest pattern that matches `value`, or all that do not; None if not chosen."""
        matching = [pattern for pattern in self.patterns if pattern.matches(value)]
        if self.negated:
            others = ", ".join(pattern.text for pattern in self.patterns)
            return None if matching else Chosen(f"all but {others}", 0)
        if not matching:
            return None
        narrowest = max(matching, key=lambda pattern: pattern.literal_length)
        return Chosen(narrowest.text, narrowest.literal_length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; `principals` None in an identity-based policy, which has none."""

    sid: str
    effect: Effect
    actions: Choice
    resources: Choice
    conditions: tuple[Condition | NullCondition, ...]
    principals: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy of a role, or of a resource."""

    name: str
    kind: PolicyKind
    statements: tuple[Statement, ...]

    @property
    def condition_keys(self) -> frozenset[str]:
        """Every key that its conditions look at, in lower case."""
        return frozenset(c.key for statement in self.statements for c in statement.conditions)


@lru_cache(maxsize=_CACHED_DOCUMENTS)
def read_policy(text: str, name: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    """The policy that a document's text says. The same text is parsed once. Raises PolicyError."""
    try:
        document = json.loads(text)
    except ValueError as exc:
        raise PolicyError(f"policy {name} is not JSON: {exc}") from exc
    try:
        return _policy(document, name, kind)
    except PolicyError as exc:
        raise PolicyError(f"policy {name}: {exc}") from exc


def _policy(document: Any, name: str, kind: PolicyKind) -> Policy:
    if not isinstance(document, Mapping) or document.get("Version") not in _VERSIONS:
        raise PolicyError(f"a policy is an object of Version 2012-10-17, got {document!r}")
    statements = _listed(document.get("Statement"))
    return Policy(
        name=name,
        kind=kind,
        statements=tuple(
            _statement(raw, f"statement {number}", kind)
            for number, raw in enumerate(statements, start=1)
        ),
    )


def _statement(raw: Any, fallback_sid: str, kind: PolicyKind) -> Statement:
    if not isinstance(raw, Mapping):
        raise PolicyError(f"a statement is an object, got {raw!r}")
    sid = str(raw.get("Sid") or fallback_sid)
    unknown = set(raw) - _ELEMENTS
    if unknown:
        raise PolicyError(f"{sid}: element {min(unknown)} is not evaluated here")
    try:
        return Statement(
            sid=sid,
            effect=Effect(raw.get("Effect")),
            actions=_choice(raw, "Action", action_pattern),
            resources=_choice(raw, "Resource", resource_pattern),
            conditions=parse_conditions(raw.get("Condition", {})),
            principals=_principals(raw, kind),
        )
    except (PolicyError, ValueError) as exc:
        raise PolicyError(f"{sid}: {exc}") from exc


def _choice(raw: Mapping[str, Any], element: str, pattern: Callable[[str], Pattern]) -> Choice:
    negated = f"Not{element}"
    if (element in raw) == (negated in raw):
        raise PolicyError(f"a statement has either {element} or {negated}")
    texts = _listed(raw.get(element, raw.get(negated)))
    if not texts or not all(isinstance(text, str) for text in texts):
        raise PolicyError(f"{element} is one text or several, got {texts!r}")
    return Choice(patterns=tuple(pattern(text) for text in texts), negated=negated in raw)


def _principals(raw: Mapping[str, Any], kind: PolicyKind) -> frozenset[str] | None:
    """As `Request.principals` spells them."""
    if kind is not PolicyKind.RESOURCE:
        if "Principal" in raw:
            raise PolicyError("a role's policy has no Principal")
        return None
    principal = raw.get("Principal")
    if principal == "*":
        return frozenset({"*"})
    if not isinstance(principal, Mapping) or not principal:
        raise PolicyError(f"Principal is `*` or an object, got {principal!r}")
    return frozenset(
        "*" if value == "*" else f"{kind_of_principal}:{value}"
        for kind_of_principal, values in principal.items()
        for value in _listed(values)
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
