"""New or known: what changed since the service's gate run before, on the report page.

Imported by the page's sections.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from xml.etree.ElementTree import Element

from testgate.report.elements import Child, h
from testgate.report.page_parts import badge, counted, moment, section, short
from testgate.report.view import ChangesView, ChangeView, RunView, SuiteView, TestView, parse_time

MAX_LISTED = 20  # of each kind: the others stand in the list of all tests

_KINDS: Mapping[str, str] = {
    "newly_failing": "newly failing",
    "still_failing": "failing as before",
    "fixed": "fixed",
}


def changes_section(run: RunView) -> Element | None:
    """What failed before, too, and what is new; None if no test failed and none had."""
    changes = run.changes
    if changes is None:
        if not any(run.failures):
            return None
        nothing = "The record has no earlier gate run of this service to compare with."
        return section("changes", "New or known", h("p", nothing, class_="note"))
    if not any(changes.counts.values()):
        return None
    told = ", ".join(
        f"{changes.counts[kind]:,} {said}"
        for kind, said in _KINDS.items()
        if changes.counts.get(kind)
    )
    partial = "Records leave names of tests out: there may be more." if changes.partial else None
    return section(
        "changes",
        "New or known",
        h("p", h("b", told), ", against ", _before(changes), "."),
        (_list(kind, changes) for kind in _KINDS),
        h("p", partial, class_="note") if partial else None,
    )


def news(run: RunView, suite: SuiteView, test: TestView) -> Element | None:
    """`new` or `known since …` beside a failing test; None where nobody knows."""
    if run.changes is None:
        return None
    if any(_is(each, suite, test) for each in run.changes.newly_failing):
        return h("span", "new", class_="badge", data_news="new")
    for each in run.changes.still_failing:
        if _is(each, suite, test):
            return h("span", f"known{_since(each.since)}", class_="badge", data_news="known")
    return None


def _is(change: ChangeView, suite: SuiteView, test: TestView) -> bool:
    return (change.suite, change.test) == (suite.name, test.name)


def _before(changes: ChangesView) -> Child:
    when = moment(changes.ended_at)
    at: Child = [" at ", when] if when is not None else None
    return ["the gate run before, ", badge(changes.outcome), at]


def _list(kind: str, changes: ChangesView) -> Element | None:
    names: tuple[ChangeView, ...] = getattr(changes, kind)
    if not names:
        return None
    hidden = changes.counts[kind] - len(names[:MAX_LISTED])
    more = f"and {counted(hidden, 'more test')}" if hidden > 0 else None
    return h(
        "details",
        h("summary", f"{changes.counts[kind]:,} {_KINDS[kind]}"),
        h("ul", _items(names[:MAX_LISTED]), class_="plain names-of-tests"),
        h("p", more, class_="note") if more else None,
        class_="by-name",
        open=kind != "fixed" and len(names) <= MAX_LISTED,
    )


def _items(names: Iterable[ChangeView]) -> Iterable[Element]:
    for each in names:
        aside = h("span", f"suite {each.suite}{_since(each.since, ', ')}", class_="aside")
        yield h("li", h("bdi", short(each.test), class_="test-name"), aside)


def _since(since: str, before: str = " ") -> str:
    time = parse_time(since)
    return f"{before}since {time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else ""
