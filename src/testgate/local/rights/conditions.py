"""The `Condition` element: does a statement apply to a request with this context?

Pure. An operator that is not evaluated here is an error when the policy is read, never ignored.
Imported by this package and its tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from testgate.local.rights.errors import PolicyError
from testgate.local.rights.patterns import Pattern, arn_value_pattern, value_pattern

Context = Mapping[str, str]
"""What is known of a request, by key in lower case (keys have no case, documented)."""

_IF_EXISTS = "IfExists"


def _exactly(text: str) -> Pattern:
    return value_pattern(text, wildcards=False)


def _exactly_in_any_case(text: str) -> Pattern:
    return value_pattern(text, wildcards=False, ignore_case=True)


def _truth(text: str) -> Pattern:
    if text.lower() not in ("true", "false"):
        raise PolicyError(f"Bool and Null compare with true or false, got {text!r}")
    return value_pattern(text, wildcards=False, ignore_case=True)


_OPERATORS: Mapping[str, Callable[[str], Pattern]] = {
    "StringEquals": _exactly,
    "StringEqualsIgnoreCase": _exactly_in_any_case,
    "StringLike": value_pattern,
    "ArnEquals": arn_value_pattern,  # documented to be the same as ArnLike
    "ArnLike": arn_value_pattern,
    "Bool": _truth,
}
_NEGATED: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator with one key; `absent` is what holds if the request has no such key."""

    key: str
    values: tuple[Pattern, ...]
    negated: bool
    absent: bool

    def holds(self, context: Context) -> bool:
        """Whether any value compares (or, negated, none does)."""
        value = context.get(self.key)
        if value is None:
            return self.absent
        return any(pattern.matches(value) for pattern in self.values) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class NullCondition:
    """`Null`: whether the request must lack the key (`true`) or have it (`false`)."""

    key: str
    absent: bool

    def holds(self, context: Context) -> bool:
        return (self.key not in context) is self.absent


def parse_conditions(element: object) -> tuple[Condition | NullCondition, ...]:
    """The conditions, all of which must hold. Raises PolicyError."""
    if not isinstance(element, Mapping):
        raise PolicyError(f"Condition is an object of operators, got {element!r}")
    parsed: list[Condition | NullCondition] = []
    for operator, keys in element.items():
        if not isinstance(keys, Mapping) or not keys:
            raise PolicyError(f"operator {operator} has an object of keys, got {keys!r}")
        parsed += [_condition(str(operator), str(key), value) for key, value in keys.items()]
    return tuple(parsed)


def _condition(operator: str, key: str, value: object) -> Condition | NullCondition:
    values = tuple(_text(each) for each in (value if isinstance(value, list) else [value]))
    if operator == "Null":
        if len(values) != 1:
            raise PolicyError(f"Null compares with one value, got {list(values)!r}")
        return NullCondition(key=key.lower(), absent=_truth(values[0]).matches("true"))
    if_exists = operator.endswith(_IF_EXISTS)
    base = operator.removesuffix(_IF_EXISTS)
    negated = base in _NEGATED
    pattern = _OPERATORS.get(_NEGATED.get(base, base))
    if pattern is None:
        raise PolicyError(f"condition operator {operator!r} is not evaluated here")
    return Condition(
        key=key.lower(),
        values=tuple(pattern(each) for each in values),
        negated=negated,
        # Documented: a negated operator holds for what is not there.
        absent=negated or if_exists,
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyError(f"a condition compares with text, got {value!r}")
