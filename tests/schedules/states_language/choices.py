"""Choice rules: which of them its input meets."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from tests.schedules.states_language.errors import UnknownFeatureError
from tests.schedules.states_language.paths import Scope, is_present, read

Rule = Mapping[str, Any]

_KINDS: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Numeric": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_OPERATORS = {
    f"{kind}{comparison}": (is_of_kind, compare)
    for kind, is_of_kind in _KINDS.items()
    for comparison, compare in _COMPARISONS.items()
    if kind != "Boolean" or comparison == "Equals"
}
_ASKS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    **{f"Is{kind}": is_of_kind for kind, is_of_kind in _KINDS.items()},
}
_AROUND = {"Variable", "Next", "Comment"}


def is_met(rule: Rule, scope: Scope) -> bool:
    """Raises StateError where a variable leads nowhere, unless IsPresent asks for just that."""
    if "And" in rule:
        return all(is_met(each, scope) for each in rule["And"])
    if "Or" in rule:
        return any(is_met(each, scope) for each in rule["Or"])
    if "Not" in rule:
        return not is_met(rule["Not"], scope)
    name = comparison_of(rule)
    if name == "IsPresent":
        return is_present(rule["Variable"], scope) is rule[name]
    value = read(rule["Variable"], scope)
    if name in _ASKS:
        return _ASKS[name](value) is rule[name]
    wanted = read(rule[name], scope) if name.endswith("Path") else rule[name]
    is_of_kind, compare = _OPERATORS[name.removesuffix("Path")]
    return is_of_kind(value) and is_of_kind(wanted) and compare(value, wanted)


def comparison_of(rule: Rule) -> str:
    """The one operator of a simple rule. Raises UnknownFeatureError."""
    names = set(rule) - _AROUND
    name = next(iter(names), "")
    known = name in {"IsPresent", *_ASKS} or name.removesuffix("Path") in _OPERATORS
    if len(names) != 1 or not known or "Variable" not in rule:
        raise UnknownFeatureError(f"choice rule {dict(rule)}")
    return name


def check_rule(rule: Rule) -> None:
    """Raises UnknownFeatureError for what `is_met` cannot judge."""
    inner = [*rule.get("And", ()), *rule.get("Or", ()), *([rule["Not"]] if "Not" in rule else ())]
    if not inner:
        comparison_of(rule)
    elif set(rule) - {"And", "Or", "Not", "Next", "Comment"}:
        raise UnknownFeatureError(f"choice rule {dict(rule)}")
    for each in inner:
        check_rule(each)
