"""The timeline of the report page: states, suites and shards as one picture, in rows.

Every bar stands beside its times in words, so the picture itself is hidden from screen readers.
Imported by the page's sections.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from testgate.report.elements import Child, h
from testgate.report.page_parts import counted, duration
from testgate.report.view import RunView, SuiteView, seconds_between

MAX_LANES = 64  # of a suite's shards in the picture
_WIDTH, _LEAST_WIDTH = 1000, 4  # of the picture and of a bar in it, in its own units
_LANE = 10  # the height of a lane with its gap, and of the bar in it
_BAR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """One bar: from and to, in seconds since the gate run began."""

    from_s: float
    to_s: float
    lane: int = 0
    outcome: str | None = None
    kind: str | None = None

    @property
    def took_s(self) -> float:
        return self.to_s - self.from_s


def timeline(run: RunView) -> Element | None:
    """The picture; None if nothing of it has times."""
    whole_s = seconds_between(run.started_at, run.ended_at) or 0.0
    if whole_s <= 0:
        return None
    rows = [_states(run, whole_s)]
    rows += [row for suite in run.suites for row in _suite(run, suite, whole_s)]
    if rows == [None]:
        return None
    axis = h("li", h("span"), _scale(whole_s), h("span"), class_="axis", aria_hidden="true")
    return h("ul", axis, rows, class_="plain timeline")


def _scale(whole_s: float) -> Element:
    marks = (h("span", duration(whole_s * part) or "0 s") for part in (0, 0.5, 1))
    return h("span", marks, class_="scale")


def _states(run: RunView, whole_s: float) -> Element | None:
    """What the state machine did, as far as the suites' times tell: Prepare before them, Judge
    behind them."""
    bars = [bar for suite in run.suites if (bar := _of(run, suite)) is not None]
    if not bars:
        return None
    first, last = min(bar.from_s for bar in bars), max(bar.to_s for bar in bars)
    states = [
        _Bar(from_s=0, to_s=first, kind="prepare"),
        _Bar(from_s=first, to_s=last, kind="suites"),
        _Bar(from_s=last, to_s=whole_s, kind="judge"),
    ]
    # The record has no history of its execution: what stands here must not pass for one.
    told = ", ".join(f"{state.kind} {duration(state.took_s) or '0 ms'}" for state in states)
    said = f"{told}; inferred from the suites' times"
    return _row(h("b", "States"), states, whole_s, said)


def _suite(run: RunView, suite: SuiteView, whole_s: float) -> Iterable[Element]:
    """The suite's own bar, and a lane for each run of its shards if there were several."""
    bar = _of(run, suite)
    if bar is None:
        return
    allowed = f" of {suite.timeout_s:,} s" if suite.timeout_s else ""
    said = f"after {duration(bar.from_s) or '0 ms'}: {duration(bar.took_s)}{allowed}"
    yield _row(suite.name, [bar], whole_s, said)
    runs = [each for each in _runs(run, suite) if each.took_s >= 0]
    if len(runs) < 2:
        return
    shown = runs[:MAX_LANES]
    longest = max(each.took_s for each in runs)
    said = f"{duration(min(each.took_s for each in runs))} to {duration(longest)} each"
    more = f", first {len(shown)} shown" if len(shown) < len(runs) else ""
    name = h("span", f"its {counted(len(runs), 'shard run')}{more}", class_="aside")
    yield _row(name, shown, whole_s, said)


def _of(run: RunView, suite: SuiteView) -> _Bar | None:
    begin_s = seconds_between(run.started_at, suite.started_at)
    end_s = seconds_between(run.started_at, suite.ended_at)
    if begin_s is None or end_s is None or end_s < begin_s:
        return None
    return _Bar(from_s=begin_s, to_s=end_s, outcome=suite.outcome.value)


def _runs(run: RunView, suite: SuiteView) -> Iterable[_Bar]:
    ordered = sorted(suite.runs, key=lambda each: (each.shard, each.attempt))
    for lane, each in enumerate(ordered):
        begin_s = seconds_between(run.started_at, each.started_at)
        end_s = seconds_between(run.started_at, each.ended_at)
        if begin_s is not None and end_s is not None:
            again = "again" if each.attempt > 1 else "shard"
            yield _Bar(from_s=begin_s, to_s=end_s, lane=lane, kind=again)


def _row(name: Child, bars: list[_Bar], whole_s: float, said: str) -> Element:
    lanes = 1 + max(bar.lane for bar in bars)
    height = lanes * _LANE
    svg = h(
        "svg",
        (_rect(bar, whole_s) for bar in bars),
        class_="track" if lanes == 1 else "lanes",
        aria_hidden="true",
        focusable="false",
        viewBox=f"0 0 {_WIDTH} {height}",
        preserveAspectRatio="none",
        height=height if lanes > 1 else None,
    )
    return h("li", h("span", name), svg, h("span", said, class_="aside"))


def _rect(bar: _Bar, whole_s: float) -> Element:
    x = _within(bar.from_s / whole_s)
    width = max(_within(bar.to_s / whole_s) - x, _LEAST_WIDTH)
    return h(
        "rect",
        x=min(x, _WIDTH - _LEAST_WIDTH),
        y=bar.lane * _LANE,
        width=width,
        height=_BAR if bar.lane or bar.kind in ("shard", "again") else _LANE,
        data_outcome=bar.outcome,
        data_kind=bar.kind,
    )


def _within(share: float) -> int:
    return round(min(max(share, 0.0), 1.0) * _WIDTH)
