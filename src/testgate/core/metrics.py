"""What metrics and alarms make of a deployment: a pure decision over windows of time.

Check k is over the k-th interval since the hook was first asked, and is judged from what CloudWatch
says of that interval: how often ECS called and what it handed back in hookDetails change nothing.
Standard library only; imported by the metrics hook.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from testgate.core.decision import Allow, Refuse, Wait
from testgate.core.errors import EvidenceError
from testgate.core.metrics_config import Metric, MetricsConfig, Missing
from testgate.core.outcomes import Outcome

CHECK_SCHEMA = "testgate.check/1"
LONGEST_DELAY_S = 120
_SHOWN = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Result(StrEnum):
    """What one window says, from best to worst."""

    GOOD = "good"
    MISSING = "missing"
    BAD = "bad"


_WORSE = list(Result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One metric or alarm in one window: its value or state as text, and what that means."""

    what: str
    value: str
    expected: str
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One window, by its number from 1, and all that was looked at in it."""

    number: int
    began_at: datetime
    looks: tuple[Look, ...]

    @property
    def result(self) -> Result:
        """The worst of its looks; nothing looked at is missing."""
        return worst_result(look.result for look in self.looks)

    def spell(self) -> dict[str, object]:
        """As it stands in the answer."""
        return {
            "check": self.number,
            "began_at": self.began_at.isoformat(),
            "result": self.result.value,
            "looks": [
                {"what": look.what, "value": look.value, "result": look.result.value}
                for look in self.looks
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFacts:
    """An alarm's state now, and since when, if CloudWatch tells."""

    state: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLook:
    """What was made of an alarm when its check was due, as it was stored then."""

    result: Result
    says: str


def worst_result(results: Iterable[Result]) -> Result:
    """The worst of several; nothing is missing."""
    return max(results, key=_WORSE.index, default=Result.MISSING)


def first_window(asked_at: datetime, interval_s: int) -> datetime:
    """The first whole interval since the hook was asked, on CloudWatch's own grid."""
    since_s = (asked_at - _EPOCH).total_seconds()
    return _EPOCH + timedelta(seconds=math.ceil(since_s / interval_s) * interval_s)


def due_checks(config: MetricsConfig, begin: datetime, now: datetime) -> int:
    """How many windows have ended so long ago that their data must be there."""
    past_s = (now - begin).total_seconds() - config.lag_s
    return max(0, min(config.checks, int(past_s // config.interval_s)))


def due_at(config: MetricsConfig, begin: datetime, number: int) -> datetime:
    """When the check of that number is due."""
    return begin + timedelta(seconds=number * config.interval_s + config.lag_s)


def numbered(
    config: MetricsConfig, begin: datetime, points: Sequence[tuple[datetime, float]]
) -> dict[int, float]:
    """Data points by the number of their check; what is on no window's begin, or no number, is no
    data."""
    values: dict[int, float] = {}
    for moment, value in points:
        windows, rest = divmod((moment - begin).total_seconds(), config.interval_s)
        if rest == 0 and math.isfinite(value):
            values[int(windows) + 1] = value
    return values


def look_at_alarm(
    config: MetricsConfig, facts: AlarmFacts, due: datetime, now: datetime
) -> AlarmLook:
    """An alarm's state when a check was due, as far as its state now tells it: less than an
    interval later, or unchanged since before."""
    late = (now - due).total_seconds() >= config.interval_s
    if late and (facts.since is None or facts.since > due):
        return AlarmLook(
            result=Result.MISSING,
            says=f"{facts.state} by {now.isoformat(timespec='seconds')}, unknown before",
        )
    results = {"OK": Result.GOOD, "ALARM": Result.BAD}
    return AlarmLook(result=results.get(facts.state, Result.MISSING), says=facts.state)


def spell_alarm_looks(
    number: int, looked_at: datetime, looks: Mapping[str, AlarmLook]
) -> dict[str, object]:
    """What was made of the alarms at one check, as stored."""
    return {
        "schema": CHECK_SCHEMA,
        "check": number,
        "looked_at": looked_at.isoformat(),
        "alarms": {
            name: {"result": look.result.value, "says": look.says} for name, look in looks.items()
        },
    }


def stored_alarm_looks(
    config: MetricsConfig, result: Result, document: object
) -> dict[str, AlarmLook]:
    """What a stored check says of each alarm. Its key told the result; of a good one, that is all.

    Raises EvidenceError for a document of another form, or that knows better than its key.
    """
    if result is Result.GOOD:
        return {name: AlarmLook(result=Result.GOOD, says="OK") for name in config.alarms}
    try:
        alarms = document["alarms"]  # type: ignore[index]
        looks = {
            name: AlarmLook(result=Result(alarms[name]["result"]), says=str(alarms[name]["says"]))
            for name in config.alarms
        }
    except (KeyError, TypeError, ValueError) as exc:
        raise EvidenceError(f"a stored check does not tell of alarms: {exc!r}") from None
    if worst_result(look.result for look in looks.values()) is not result:
        raise EvidenceError("a stored check says something else than its key")
    return looks


def make_checks(
    config: MetricsConfig,
    begin: datetime,
    due: int,
    values: Sequence[Mapping[int, float]],
    alarms: Mapping[int, Mapping[str, AlarmLook]],
) -> tuple[Check, ...]:
    """The checks that are due. `values` are those of each metric, `alarms` by check and name."""
    return tuple(
        Check(
            number=number,
            began_at=begin + timedelta(seconds=(number - 1) * config.interval_s),
            looks=(
                *(
                    _look(metric, of_metric.get(number))
                    for metric, of_metric in zip(config.metrics, values, strict=True)
                ),
                *(_alarm_look(name, alarms.get(number, {}).get(name)) for name in config.alarms),
            ),
        )
        for number in range(1, due + 1)
    )


def decide_metrics(
    config: MetricsConfig, begin: datetime, checks: Sequence[Check], now: datetime
) -> Allow | Refuse | Wait:
    """Refuse as soon as more went wrong than is allowed; allow when every check has been made."""
    counts = {result: sum(check.result is result for check in checks) for result in Result}
    evidence = {"begin": begin.isoformat(), "checks": [check.spell() for check in checks]}
    if counts[Result.BAD] > config.failures_allowed:
        return Refuse(
            outcome=Outcome.FAILED,
            sentence=f"{counts[Result.BAD]} of {config.checks} checks failed "
            f"(allowed {config.failures_allowed}): {_told(checks, Result.BAD)}",
            evidence=evidence,
        )
    if counts[Result.MISSING] > config.missing_allowed:
        return Refuse(
            outcome=Outcome.INFRA_ERROR,
            sentence=f"{counts[Result.MISSING]} of {config.checks} checks had no data "
            f"(allowed {config.missing_allowed}): {_told(checks, Result.MISSING)}",
            evidence=evidence,
        )
    made = (
        f"{counts[Result.GOOD]} good, {counts[Result.BAD]} failed (allowed "
        f"{config.failures_allowed}), {counts[Result.MISSING]} without data (allowed "
        f"{config.missing_allowed})"
    )
    if len(checks) < config.checks:
        return _wait(config, begin, len(checks), made, now, counts)
    return Allow(sentence=f"{config.checks} checks made: {made}", evidence=evidence)


def plan_sentence(config: MetricsConfig, begin: datetime) -> str:
    """What will be looked at, and until when."""
    what = ", ".join([*(metric.label for metric in config.metrics), *config.alarms])
    end = due_at(config, begin, config.checks).isoformat(sep=" ", timespec="seconds")
    return (
        f"makes {config.checks} checks of {config.interval_s} s each from "
        f"{begin.isoformat(sep=' ', timespec='seconds')} and answers by {end}: {what}"
    )


def _wait(
    config: MetricsConfig,
    begin: datetime,
    made: int,
    says: str,
    now: datetime,
    counts: Mapping[Result, int],
) -> Wait:
    next_s = (due_at(config, begin, made + 1) - now).total_seconds()
    return Wait(
        delay_s=max(1, min(LONGEST_DELAY_S, math.ceil(next_s))),
        says=f"has made {made} of {config.checks} checks: {says}",
        state={"checks": made, **{result.value: count for result, count in counts.items()}},
    )


def _look(metric: Metric, value: float | None) -> Look:
    if value is None:
        results = {Missing.GOOD: Result.GOOD, Missing.BAD: Result.BAD}
        result = results.get(metric.missing, Result.MISSING)
    else:
        held = metric.comparison.holds(value, metric.threshold)
        result = Result.GOOD if held else Result.BAD
    return Look(
        what=metric.label,
        value="no data" if value is None else f"{value:g}",
        expected=metric.expected,
        result=result,
    )


def _alarm_look(name: str, seen: AlarmLook | None) -> Look:
    return Look(
        what=f"alarm {name}",
        value=seen.says if seen else "not looked at",
        expected="OK",
        result=seen.result if seen else Result.MISSING,
    )


def _told(checks: Sequence[Check], result: Result) -> str:
    """`AWS/X Errors Sum was 12 at 08:01:00 (expected <= 5)`, of the first few."""
    looks = [
        f"{look.what} was {look.value} at {check.began_at:%H:%M:%S} (expected {look.expected})"
        for check in checks
        if check.result is result
        for look in check.looks
        if look.result is result
    ]
    more = len(looks) - _SHOWN
    return "; ".join(looks[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
