"""k6's summary at the end of a test, told by its structure: k6 has had four shapes of it.

Thresholds become tests. Checks are only counted where a threshold is on them; elsewhere each is a
test, and one that failed without k6 minding makes the report unusable, for k6 ends with 0 then.
Imported by `testgate.runner.reports`.

| shape | thresholds |
|---|---|
| `--summary-export` | in each metric `{expression: failed}` (grafana/k6#1498: true is bad) |
| the same since the new summary | beside the metrics, `{metric: {expression: failed}}` |
| `handleSummary()` | in each metric `{expression: {"ok": passed}}` |
| `--new-machine-readable-summary` | none: at most `results.passed` for all of them |
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.runner.reported import MAX_NAME_CHARS, Report, capped, clean, is_failure
from testgate.runner.strict_json import read_json

_MAX_GROUPS_DEEP = 50
_MAX_METRICS = 500
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_STATISTIC = re.compile(r"[a-z][a-z0-9.]{0,12}")
_OF_TREND = re.compile(r"\s*(avg|min|med|max|p\()")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    name: str
    passes: int
    fails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Summary:
    """What every shape says. `metrics`: the statistics of each. `trends`: those that are said to be
    of times or sizes. `thresholds`: metric, expression, and whether it held."""

    metrics: Mapping[str, Json]
    trends: frozenset[str] = frozenset()
    thresholds: Sequence[tuple[str, str, bool]]
    checks: Sequence[_Check]


def parse_k6(file: str, data: bytes) -> Report | None:
    """Thresholds and checks, or None if this is no summary. Raises RunnerError if it says nothing
    that could be relied on."""
    raw = read_json(file, data)
    if not isinstance(raw, dict):
        return None
    if isinstance(raw.get("metrics"), dict) and isinstance(raw.get("root_group"), dict):
        summary = _grouped(file, raw)
    elif isinstance(raw.get("results"), dict) and isinstance(raw["results"].get("metrics"), list):
        summary = _machine_readable(file, raw["results"])
    else:
        return None
    tests = [_threshold_test(summary, *each) for each in summary.thresholds]
    _refuse_unjudged(file, summary)
    if not any(_is_on_checks(metric) for metric, _, _ in summary.thresholds):
        thresholds_failed = any(is_failure(test.outcome) for test in tests)
        tests += _check_tests(file, summary.checks, excused=thresholds_failed)
    return Report(tests=capped(file, tests), metrics=_numbers(summary.metrics))


def _grouped(file: str, raw: Json) -> _Summary:
    metrics = {name: _object(file, name, each) for name, each in raw["metrics"].items()}
    told = [(name, each.get("thresholds")) for name, each in metrics.items()]
    told += _object(file, "thresholds", raw.get("thresholds") or {}).items()
    return _Summary(
        metrics={
            name: _object(file, name, each.get("values", each)) for name, each in metrics.items()
        },
        trends=frozenset(name for name, each in metrics.items() if each.get("type") == "trend"),
        thresholds=[
            (metric, expression, _held(file, metric, expression, said))
            for metric, expressions in told
            for expression, said in _object(file, metric, expressions or {}).items()
        ],
        checks=list(_checks_of(file, raw["root_group"], ())),
    )


def _object(file: str, name: str, value: object) -> Json:
    if not isinstance(value, dict):
        raise RunnerError(f"{file}: {clean(name, 80)} is not told in an object, as k6 tells it")
    return value


def _machine_readable(file: str, results: Json) -> _Summary:
    passed = results.get("passed")
    if type(passed) is not bool:
        raise RunnerError(
            f"{file} tells of no thresholds, as k6's new machine-readable summary does not; let k6 "
            "write it with --new-machine-readable-summary=false"
        )
    checks = results.get("checks")
    listed = checks.get("results") if isinstance(checks, dict) else None
    if not isinstance(listed, list | None):
        raise RunnerError(f"{file} has results.checks.results that are no list")
    return _Summary(
        metrics={
            str(each.get("name")): each["values"]
            for each in results["metrics"]
            if isinstance(each, dict) and isinstance(each.get("values"), dict)
        },
        thresholds=[("thresholds", "all", passed)],
        checks=[_check(file, each, ()) for each in listed or ()],
    )


def _held(file: str, metric: str, expression: str, said: object) -> bool:
    ok = said.get("ok") if isinstance(said, dict) else said
    if type(ok) is not bool:
        raise RunnerError(
            f"{file}: threshold {clean(expression, 80)!r} of {clean(metric, 80)} is neither true "
            "nor false, and so says not whether it held"
        )
    return ok if isinstance(said, dict) else not ok


def _checks_of(file: str, group: Json, path: tuple[str, ...]) -> Iterator[_Check]:
    """Those of a group and of the groups in it; both are lists or, in files, objects by name."""
    if len(path) > _MAX_GROUPS_DEEP:
        raise RunnerError(f"{file} has groups nested more than {_MAX_GROUPS_DEEP} deep")
    for each in _items(group.get("checks")):
        yield _check(file, each, path)
    for each in _items(group.get("groups")):
        yield from _checks_of(file, each, (*path, str(each.get("name", ""))))


def _items(value: object) -> list[Any]:
    found = list(value.values()) if isinstance(value, dict) else value
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _check(file: str, raw: object, path: tuple[str, ...]) -> _Check:
    told = raw if isinstance(raw, dict) else {}
    name, passes, fails = told.get("name"), told.get("passes"), told.get("fails")
    if not isinstance(name, str) or not _is_count(passes) or not _is_count(fails):
        raise RunnerError(
            f"{file}: check {clean(str(name), 80)!r} lacks its passes or fails, the two counts"
        )
    return _Check(name="::".join([*path, name]), passes=passes, fails=fails)


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _threshold_test(summary: _Summary, metric: str, expression: str, held: bool) -> TestResult:
    values = summary.metrics.get(metric, {})
    told = [f"{key} {value:g}" for key, value in values.items() if type(value) in (int, float)]
    return TestResult(
        name=clean(f"{metric}: {expression}", MAX_NAME_CHARS),
        outcome=Outcome.PASSED if held else Outcome.FAILED,
        message="" if held else clean("crossed; " + ", ".join(told), 200),
    )


def _refuse_unjudged(file: str, summary: _Summary) -> None:
    """k6 lets a threshold hold whose metric has no samples (grafana/k6#1526)."""
    for metric, expression, held in summary.thresholds:
        if held and metric != "thresholds" and _has_no_samples(summary, metric, expression):
            raise RunnerError(
                f"{file}: threshold {clean(expression, 80)!r} is on {clean(metric, 80)}, which has "
                "no samples; is its name or tag spelt as the script has it?"
            )


def _has_no_samples(summary: _Summary, metric: str, expression: str) -> bool:
    """Times and sizes are never all zero; checks are there to be made, and a rate of a tag needs
    one event. A rate or counter without tags may count what should not happen."""
    values = summary.metrics.get(metric)
    if values is None:
        return True
    if metric in summary.trends or _is_of_trend(expression, values):
        return all(not value for value in values.values() if type(value) in (int, float))
    if _is_on_checks(metric) or ("{" in metric and "fails" in values):
        return not values.get("passes") and not values.get("fails")
    return False


def _is_of_trend(expression: str, values: Json) -> bool:
    """For shapes without types. A gauge has a least and a greatest value, too, but a `value`."""
    words = (expression, *values)
    return "value" not in values and any(_OF_TREND.match(word) for word in words)


def _is_on_checks(metric: str) -> bool:
    return metric == "checks" or metric.startswith("checks{")


def _check_tests(file: str, checks: Sequence[_Check], *, excused: bool) -> Iterator[TestResult]:
    """`excused`: k6 has failed for another reason, and so these failures are no disagreement."""
    for check in checks:
        name, ran = clean(check.name, MAX_NAME_CHARS), check.passes + check.fails
        if check.fails and not excused:
            raise RunnerError(
                f"{file}: check {name!r} failed {check.fails} of {ran} times, and no threshold is "
                "on checks; give the script one, such as checks: ['rate==1']"
            )
        failed = check.fails > 0
        outcome = Outcome.FAILED if failed else Outcome.PASSED if ran else Outcome.SKIPPED
        message = f"failed {check.fails} of {ran} times" if failed else ""
        yield TestResult(name=name, outcome=outcome, message=message)


def _numbers(metrics: Mapping[str, Json]) -> dict[str, float]:
    """For thresholds of the gate file, such as `k6.http_req_duration.p95`."""
    return {
        f"k6.{metric}.{statistic}": float(value)
        for metric, values in list(metrics.items())[:_MAX_METRICS]
        if _NAME.fullmatch(metric)
        for statistic, value in _statistics(values)
        if math.isfinite(value)
    }


def _statistics(values: Json) -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        statistic = key.replace("(", "").replace(")", "")
        if type(value) in (int, float) and _STATISTIC.fullmatch(statistic):
            yield statistic, value
