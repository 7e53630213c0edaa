"""The failing tests of the report page: the first one by itself, the others in a list.

Imported by the page.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from testgate.core.record import MAX_FULL_FAILURES
from testgate.report.elements import Child, h
from testgate.report.page_artifacts import Gallery
from testgate.report.page_changes import news
from testgate.report.page_parts import badge, counted, duration, icon, section, short
from testgate.report.page_repeat import repeat
from testgate.report.view import RunView, SuiteView, TestView

MAX_TRACE_CHARS = 1_000_000  # of all traces and output on the page
MAX_NAME_LIST_CHARS = 500_000
MAX_OPEN = 10  # of many failures a reader wants the messages first
_WHAT_IS_LEFT_CHARS = 400
_MESSAGE_CHARS = 500
_MAX_SAYINGS = 5
_SCROLLS_CHARS, _SCROLLS_LINES = 300, 8  # a message longer than that may have to be scrolled

Failure = tuple[SuiteView, TestView]


def split_failures(run: RunView) -> tuple[list[Failure], list[Failure]]:
    """The failures that stand in full, in the order of the page (number n has the id failure-n),
    and those of which only the name does."""
    full: list[Failure] = []
    by_name: list[Failure] = []
    for failure in run.failures:
        room = failure[1].detailed and len(full) < MAX_FULL_FAILURES
        (full if room else by_name).append(failure)
    return full, by_name


def failure_sections(run: RunView, gallery: Gallery) -> tuple[Element | None, Element | None]:
    """The first failing test and all others; None for what there is not."""
    full, by_name = split_failures(run)
    drawing = _Drawing(run=run, gallery=gallery, room=_Room(MAX_TRACE_CHARS))
    unnamed = sum(suite.failures_left_out for suite in run.suites)
    rest = _Rest(full=full[1:], by_name=by_name, unnamed=unnamed, more=bool(full))
    if not full:
        return None, _others(rest, drawing)
    blocking = full[0][0].blocking
    title = "First failing test" if blocking else "First failing test, of an advisory suite"
    first = section("first-failure", title, _first(full[0], drawing))
    return first, _others(rest, drawing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """All failures but the one by itself; `unnamed` are those that the record only counts."""

    full: list[Failure]
    by_name: list[Failure]
    unnamed: int
    more: bool


class _Room:
    """How many more characters of traces and output there may be: what does not fit keeps its end,
    where the reason stands."""

    def __init__(self, chars: int) -> None:
        self._left = chars

    def take(self, trace: str) -> str:
        if len(trace) > self._left:
            trace = "…" + trace[-_WHAT_IS_LEFT_CHARS:] if trace else ""
        self._left = max(self._left - len(trace), 0)
        return trace


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """What every failure is drawn with."""

    run: RunView
    gallery: Gallery
    room: _Room


def _first(failure: Failure, drawing: _Drawing) -> Element:
    suite, test = failure
    return h(
        "article",
        h("h3", h("bdi", short(test.name)), class_="test-name"),
        _message(test),
        _where(failure, drawing.run),
        _trace(test, drawing.room),
        _output(test, drawing.room),
        drawing.gallery.beside(suite, test),
        repeat(drawing.run, suite, test),
        class_="failure",
        id="failure-1",
    )


def _others(rest: _Rest, drawing: _Drawing) -> Element | None:
    total = len(rest.full) + len(rest.by_name) + rest.unnamed
    if not total:
        return None
    title = counted(total, "more failing test" if rest.more else "failing test")
    items = [_item(number, failure, drawing) for number, failure in enumerate(rest.full, 2)]
    controls = h(
        "p",
        h("button", "Open all", type="button", data_open="true"),
        h("button", "Close all", type="button", data_open="false"),
        class_="controls",
        hidden=True,
    )
    many = len(items) > MAX_OPEN
    return section(
        "failures",
        title,
        _what_they_say(rest.full) if many else None,
        controls if len(items) > 1 else None,
        items,
        _by_name(rest.by_name, rest.unnamed),
    )


def _what_they_say(failures: list[Failure]) -> Element | None:
    """The messages that several failures share: many failures mostly have few causes."""
    tally = Counter(test.message for _, test in failures if test.message)
    shared = [(said, count) for said, count in tally.most_common(_MAX_SAYINGS) if count > 1]
    if not shared:
        return None
    of = f"of the {len(failures):,} in full say: "
    items = (
        h("li", h("b", f"{count:,}"), f" {of}", h("bdi", said[:_MESSAGE_CHARS]))
        for said, count in shared
    )
    return h("ul", items, class_="plain sayings")


def _item(number: int, failure: Failure, drawing: _Drawing) -> Element:
    suite, test = failure
    summary = h(
        "summary",
        icon(test.outcome.value),
        h("span", h("bdi", short(test.name)), class_="test-name"),
        h("span", h("bdi", test.message[:_MESSAGE_CHARS]), class_="message-line"),
    )
    return h(
        "details",
        summary,
        _message(test) if "\n" in test.message or len(test.message) > _MESSAGE_CHARS else None,
        _where(failure, drawing.run),
        _trace(test, drawing.room),
        _output(test, drawing.room),
        drawing.gallery.beside(suite, test),
        repeat(drawing.run, suite, test),
        class_="failure",
        id=f"failure-{number}",
        open=number <= MAX_OPEN,
    )


def _message(test: TestView) -> Element | None:
    if not test.message:
        return None
    said = h("p", h("bdi", test.message), class_="message")
    if len(test.message) > _SCROLLS_CHARS or test.message.count("\n") > _SCROLLS_LINES:
        for name, value in (("tabindex", "0"), ("role", "region"), ("aria-label", "Message")):
            said.set(name, value)  # what scrolls must be reached by keyboard
    return said


def _where(failure: Failure, run: RunView) -> Element:
    suite, test = failure
    known = news(run, suite, test)
    parts: list[Child] = [badge(test.outcome.value)]
    parts += [known] if known is not None else []
    parts.append(f"suite {suite.name}")
    if not suite.blocking:
        parts.append("advisory")
    if test.file:
        line = f":{test.line}" if test.line is not None else ""
        parts.append(["at ", h("code", h("bdi", test.file), line)])
    if test.duration_s:
        parts.append(duration(test.duration_s))
    return h("p", (h("span", part) for part in parts), class_="where")


def _trace(test: TestView, room: _Room) -> Element | None:
    """The trace; its lines that say what was wrong (pytest marks them with an E) stand out."""
    trace = room.take(test.trace)
    if not trace.strip():
        return None
    text = _lines("\n" + trace)  # HTML drops the first line feed
    return h("pre", text, class_="trace", tabindex=0, role="region", aria_label="Trace")


def _output(test: TestView, room: _Room) -> Element | None:
    """What the test printed, folded: the trace tells more often."""
    output = room.take(test.output)
    if not output.strip():
        return None
    lines = counted(len(output.strip().splitlines()), "line")
    return h(
        "details",
        h("summary", f"Captured output, {lines}"),
        h("pre", "\n" + output, class_="trace", tabindex=0, role="region", aria_label="Output"),
        class_="output",
    )


def _lines(trace: str) -> Iterator[Element | str]:
    plain: list[str] = []
    for line in trace.splitlines(keepends=True):
        if line.startswith("E "):
            yield "".join(plain)
            yield h("b", line)
            plain = []
        else:
            plain.append(line)
    yield "".join(plain)


def _by_name(failures: list[Failure], unnamed: int) -> Child:
    """The failures of which only names stand in the record, as one text."""
    left_out = f"The record counts {counted(unnamed, 'more failure')}; the evidence names them."
    note = h("p", left_out, class_="note") if unnamed else None
    if not failures:
        return note
    names, left = [], MAX_NAME_LIST_CHARS
    for suite, test in failures:
        line = f"{suite.name}: {short(test.name)}"
        left -= len(line)
        if left < 0:
            break
        names.append(line)
    hidden = len(failures) - len(names)
    more = f"\nand {hidden:,} more, which record.json names" if hidden else ""
    details = h(
        "details",
        h("summary", f"{counted(len(failures), 'failing test')} by name alone"),
        h("pre", "\n" + "\n".join(names) + more, class_="names", tabindex=0),
        class_="by-name",
    )
    return [details, note]
