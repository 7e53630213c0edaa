"""Thresholds: what a number of a suite's run must be, as `response_p95_ms <= 300`.

A metric that nobody reported never holds: a misspelt name must not weaken a gate. Standard library
only; imported by the gate file, the plan and the verdict.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from testgate.core.errors import PlanError

MAX_THRESHOLDS = 20
_TEXT = re.compile(
    r"\s*(?P<metric>[a-z][a-z0-9_.]{0,62})\s*(?P<sign><=|>=|<|>)"
    r"\s*(?P<bound>-?\d{1,15}(?:\.\d{1,9})?)\s*"
)
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One condition on one metric."""

    metric: str
    sign: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {spell_number(self.bound)}"

    def allows(self, value: float) -> bool:
        """Whether the value is as it must be; what is no number never is."""
        return math.isfinite(value) and _SIGNS[self.sign](value, self.bound)


def parse_threshold(raw: object) -> Threshold:
    """A condition as a gate file or a plan spells it. Raises PlanError."""
    match = _TEXT.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        raise PlanError(
            f"threshold {str(raw)[:80]!r} is not of the form 'metric <= number' "
            "(with <, <=, > or >=), such as 'response_p95_ms <= 300'"
        )
    return Threshold(metric=match["metric"], sign=match["sign"], bound=float(match["bound"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A threshold beside what was measured; `value` is None if that is not one number a shard."""

    threshold: Threshold
    value: float | None

    @property
    def holds(self) -> bool:
        """Whether it was measured, and is as it must be."""
        return self.value is not None and self.threshold.allows(self.value)

    @property
    def says(self) -> str:
        """`response_p95_ms is 412, must be <= 300`"""
        wanted = f"must be {self.threshold.sign} {spell_number(self.threshold.bound)}"
        if self.value is None:
            return f"{self.threshold.metric} was not reported, {wanted}"
        return f"{self.threshold.metric} is {spell_number(self.value)}, {wanted}"

    def spell(self) -> dict[str, object]:
        """As it stands in the record."""
        return {"says": str(self.threshold), "value": self.value, "holds": self.holds}


def spell_number(value: float) -> str:
    """Without an exponent or idle zeros, so that equal thresholds have equal plans."""
    return f"{value:.9f}".rstrip("0").rstrip(".")


def measure(threshold: Threshold, shards: Sequence[Mapping[str, float]]) -> Measured:
    """The threshold beside the value that is farthest from holding: it must hold in every shard,
    for neither rates nor percentiles can be added up."""
    values = [metrics.get(threshold.metric, math.nan) for metrics in shards]
    if not values or not all(map(math.isfinite, values)):
        return Measured(threshold=threshold, value=None)
    worst = max(values) if threshold.sign in ("<", "<=") else min(values)
    return Measured(threshold=threshold, value=worst)
