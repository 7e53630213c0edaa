"""The list of all tests on the report page: compact data, and the place where the script shows it.

Imported by the page.
"""

import json
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from testgate.core.outcomes import Outcome
from testgate.report.elements import h, raw, visible
from testgate.report.page_failures import split_failures
from testgate.report.page_parts import counted, section, short
from testgate.report.view import RunView, TestView

MAX_LIST_CHARS = 2_000_000  # of all names: about the size of the data
_QUARANTINED = "quarantined"
_OUTCOMES = (*(outcome.value for outcome in Outcome), _QUARANTINED)
_NEWS = {"newly_failing": 1, "still_failing": 2, "fixed": 3}  # 0 for none: places in NEWS
NEWS = ("", "new", "known", "fixed")
_MS = 1000


def list_section(run: RunView) -> Element | None:
    """The section; None if no test was reported."""
    total = sum(len(suite.tests) for suite in run.suites)
    left_out = sum(suite.tests_left_out for suite in run.suites)
    if not total:
        return None
    rows = list(_rows(run))
    data = {
        "suites": [suite.name for suite in run.suites],
        "outcomes": _OUTCOMES,
        "news": NEWS,
        "rows": rows,
    }
    cut = f"The first {len(rows):,} of them; record.json has more." if len(rows) < total else None
    missing = f"The record leaves out {left_out:,} tests, passed ones first; the evidence has all."
    return section(
        "tests",
        f"All {counted(total + left_out, 'test')}",
        h("p", missing, class_="note") if left_out else None,
        h("p", cut, class_="note") if cut else None,
        h(
            "noscript",
            h(
                "p",
                "The list of all tests needs JavaScript. Without it, record.json has them.",
                class_="note",
            ),
        ),
        h("div", h("button", "Show the list", type="button"), id="list", hidden=True),
        raw("script", _json(data), type="application/json", id="list-data"),
    )


def _rows(run: RunView) -> Iterator[list[object]]:
    """Suite, outcome (both as places in their lists), milliseconds, name, the number of the
    failure on this page, 0 for none, and what is new of it."""
    full, _ = split_failures(run)
    numbers = {id(test): number for number, (_, test) in enumerate(full, 1)}
    news = _news(run)
    left = MAX_LIST_CHARS
    for place, suite in enumerate(run.suites):
        for test in suite.tests:
            name = visible(short(test.name))
            left -= len(name)
            if left < 0:
                return
            outcome = _OUTCOMES.index(_outcome(test))
            ms, number = round(test.duration_s * _MS), numbers.get(id(test), 0)
            yield [place, outcome, ms, name, number, news.get((suite.name, test.name), 0)]


def _news(run: RunView) -> dict[tuple[str, str], int]:
    """What changed since the gate run before, by suite and test."""
    if run.changes is None:
        return {}
    lists = {key: getattr(run.changes, key) for key in _NEWS}
    return {(e.suite, e.test): _NEWS[key] for key, entries in lists.items() for e in entries}


def _outcome(test: TestView) -> str:
    return _QUARANTINED if test.quarantine is not None else test.outcome.value


def _json(data: object) -> str:
    """JSON that cannot leave its script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
