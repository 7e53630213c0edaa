"""What a service may ask of the metrics hook in `hookDetails`: metrics, alarms, and how often.

Standard library only; imported by the metrics hook.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from testgate.core.config import Mode, OnCreate, users_own
from testgate.core.errors import ConfigError, InputError
from testgate.core.fields import Fields, choice, kind_of, parse_fields, text, texts, whole

# Periods that CloudWatch knows and that end with each hour, so that its windows are ours.
INTERVALS_S = (1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 600, 900, 1200, 1800, 3600)
MAX_CHECKS = 500
MAX_METRICS = 10
MAX_ALARMS = 50
MAX_TOTAL_S = 82_800  # an hour inside the 24 hours that ECS gives a lifecycle stage
SHORT_INTERVAL_S = 60
MAX_SHORT_TOTAL_S = 9_000  # within the three hours for which CloudWatch keeps shorter periods
GRACE_S = 300  # beyond the last check, for a CloudWatch that cannot be reached
PLACEHOLDERS = ("CLUSTER", "SERVICE", "REVISION", "TARGET_GROUP", "LOAD_BALANCER")
_OF_THE_BALANCER = ("{TARGET_GROUP}", "{LOAD_BALANCER}")

_STATISTIC = re.compile(
    r"SampleCount|Average|Sum|Minimum|Maximum|IQM|(?:p|tm|wm|tc|ts)\d{1,2}(?:\.\d{1,10})?"
    r"|(?:TM|WM|PR|TC|TS)\([0-9.:%]{1,40}\)"
)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TARGET_GROUP = re.compile(r".+:(targetgroup/[^/:]+/[^/:]+)")
_BALANCER = re.compile(r".+:listener(?:-rule)?/((?:app|net)/[^/:]+/[^/:]+)/.+")


class Comparison(StrEnum):
    """What a good value does to its threshold."""

    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="

    def holds(self, value: float, threshold: float) -> bool:
        """Whether `value <comparison> threshold`."""
        match self:
            case Comparison.LESS:
                return value < threshold
            case Comparison.AT_MOST:
                return value <= threshold
            case Comparison.MORE:
                return value > threshold
            case Comparison.AT_LEAST:
                return value >= threshold


class Missing(StrEnum):
    """What a window without data means; some metrics have data only when something happened."""

    MISSING = "missing"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric and what it must do in each window. Dimensions may hold placeholders."""

    namespace: str
    name: str
    statistic: str
    comparison: Comparison
    threshold: float
    dimensions: Mapping[str, str] = field(default_factory=dict)
    missing: Missing = Missing.MISSING

    @property
    def label(self) -> str:
        """How sentences call it."""
        return f"{self.namespace} {self.name} {self.statistic}"

    @property
    def expected(self) -> str:
        """`<= 5`"""
        return f"{self.comparison.value} {self.threshold:g}"

    @property
    def needs_balancer(self) -> bool:
        """Whether a dimension names what only the revision's load balancer entry tells."""
        values = "".join(self.dimensions.values())
        return any(placeholder in values for placeholder in _OF_THE_BALANCER)

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """The dimensions with placeholders filled. Raises KeyError for one without a value."""
        return {
            name: _PLACEHOLDER.sub(lambda match: values[match.group(1)], value)
            for name, value in self.dimensions.items()
        }

    def spell(self) -> dict[str, object]:
        """As it stands in hookDetails."""
        return {
            "namespace": self.namespace,
            "name": self.name,
            "statistic": self.statistic,
            "comparison": self.comparison.value,
            "threshold": self.threshold,
            "dimensions": dict(self.dimensions),
            "missing": self.missing.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig:
    """What is checked, how often, and how much of it may go wrong."""

    metrics: tuple[Metric, ...] = ()
    alarms: tuple[str, ...] = ()
    checks: int = 5
    interval_s: int = 60
    lag_s: int = 60
    failures_allowed: int = 0
    missing_allowed: int = 0
    container: str | None = None
    on_create: OnCreate = OnCreate.RUN
    mode: Mode = Mode.ENFORCE

    @property
    def total_s(self) -> int:
        """From the first window's begin until the last check is due."""
        return self.checks * self.interval_s + self.lag_s

    @property
    def patience_s(self) -> int:
        """Seconds from the first asking within which the hook answers, whatever CloudWatch does."""
        return self.total_s + self.interval_s + GRACE_S

    def spell(self) -> dict[str, object]:
        """The keys that make the question, defaults spelled out; MODE is not one."""
        return {
            "METRICS": [metric.spell() for metric in self.metrics],
            "ALARMS": list(self.alarms),
            "CHECKS": self.checks,
            "INTERVAL_SECONDS": self.interval_s,
            "LAG_SECONDS": self.lag_s,
            "FAILURES_ALLOWED": self.failures_allowed,
            "MISSING_ALLOWED": self.missing_allowed,
            "CONTAINER": self.container,
            "ON_CREATE": self.on_create.value,
        }


def parse_metrics(details: Mapping[str, object]) -> MetricsConfig:
    """A service's configuration. Raises ConfigError that lists every problem at once."""
    read, problems = parse_fields(users_own(details), FIELDS)
    if problems:
        raise ConfigError(*problems)
    config = MetricsConfig(**read)  # type: ignore[arg-type]
    problems = _choice_problems(config)
    if problems:
        raise ConfigError(*problems)
    return config


def balancer_dimensions(target_group_arn: str, rule_arn: str) -> dict[str, str]:
    """The load balancer's placeholders, from a target group's ARN and a rule's or listener's.

    CloudWatch knows both by the ends of their ARNs. Raises InputError for other ARNs.
    """
    group, balancer = _TARGET_GROUP.fullmatch(target_group_arn), _BALANCER.fullmatch(rule_arn)
    if group is None or balancer is None:
        raise InputError(
            f"target group {target_group_arn!r} and rule {rule_arn!r} name no dimensions"
        )
    return {"TARGET_GROUP": group.group(1), "LOAD_BALANCER": balancer.group(1)}


def _choice_problems(config: MetricsConfig) -> list[str]:
    problems = []
    if not config.metrics and not config.alarms:
        problems.append("hookDetails names nothing to check: set METRICS or ALARMS")
    if config.failures_allowed + config.missing_allowed >= config.checks:
        problems.append(
            f"FAILURES_ALLOWED {config.failures_allowed} and MISSING_ALLOWED "
            f"{config.missing_allowed} leave none of {config.checks} CHECKS that must be good"
        )
    silent = all(metric.missing is Missing.GOOD for metric in config.metrics)
    if config.metrics and silent and not config.alarms:
        problems.append(
            "every metric counts missing data as good, so that a service without any would pass: "
            "add one that does not, such as a count of requests"
        )
    most = MAX_SHORT_TOTAL_S if config.interval_s < SHORT_INTERVAL_S else MAX_TOTAL_S
    if config.total_s > most:
        problems.append(
            f"{config.checks} CHECKS of {config.interval_s} s and LAG_SECONDS {config.lag_s} take "
            f"{config.total_s} s, at most {most} are possible"
        )
    return problems


def _metrics(value: object) -> tuple[Metric, ...]:
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list) or not items:
        raise ValueError(f"expected a list of metrics, got {kind_of(value)}")
    if len(items) > MAX_METRICS:
        raise ValueError(f"has {len(items)} metrics, at most {MAX_METRICS} are allowed")
    return tuple(_metric(item, number) for number, item in enumerate(items, 1))


def _metric(value: object, number: int) -> Metric:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object for metric {number}, got {kind_of(value)}")
    read, problems = parse_fields(value, METRIC_FIELDS, f"metric {number}")
    problems += [f"{key} is missing" for key in _REQUIRED if key not in value]
    if problems:
        raise ValueError(f"metric {number}: {'; '.join(problems)}")
    return Metric(**read)  # type: ignore[arg-type]


def _statistic(value: object) -> str:
    name = text(value)
    if not _STATISTIC.fullmatch(name):
        raise ValueError(f"got {name[:100]!r}, expected one of CloudWatch's, as Sum or p99")
    return name


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError(f"expected a number, got {str(value)[:100]!r}")
    return number


def _dimensions(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object of texts, got {kind_of(value)}")
    for name, said in value.items():
        text(name)
        unknown = set(_PLACEHOLDER.findall(text(said))) - set(PLACEHOLDERS)
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(f"knows no {{{min(unknown)}}}; it may hold {known}")
    return dict(value)


def _alarms(value: object) -> tuple[str, ...]:
    names = texts(value)
    if len(names) > MAX_ALARMS:
        raise ValueError(f"has {len(names)} alarms, at most {MAX_ALARMS} are allowed")
    return names


def _interval(value: object) -> int:
    seconds = whole(1, INTERVALS_S[-1], "seconds")(value)
    if seconds not in INTERVALS_S:
        raise ValueError(f"got {seconds}, expected one of {', '.join(map(str, INTERVALS_S))}")
    return seconds


_REQUIRED = ("namespace", "name", "statistic", "comparison", "threshold")
METRIC_FIELDS: Fields = {
    "namespace": ("namespace", text),
    "name": ("name", text),
    "statistic": ("statistic", _statistic),
    "comparison": ("comparison", choice(Comparison)),
    "threshold": ("threshold", _number),
    "dimensions": ("dimensions", _dimensions),
    "missing": ("missing", choice(Missing)),
}
FIELDS: Fields = {
    "METRICS": ("metrics", _metrics),
    "ALARMS": ("alarms", _alarms),
    "CHECKS": ("checks", whole(1, MAX_CHECKS)),
    "INTERVAL_SECONDS": ("interval_s", _interval),
    "LAG_SECONDS": ("lag_s", whole(0, 900, "seconds")),
    "FAILURES_ALLOWED": ("failures_allowed", whole(0, MAX_CHECKS)),
    "MISSING_ALLOWED": ("missing_allowed", whole(0, MAX_CHECKS)),
    "CONTAINER": ("container", text),
    "ON_CREATE": ("on_create", choice(OnCreate)),
    "MODE": ("mode", choice(Mode)),
}
