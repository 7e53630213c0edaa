"""Small parts of the report page: badges, bars, tables of facts, numbers and times in words.

Imported by the sections of the page.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from xml.etree.ElementTree import Element

from testgate.report.elements import Child, h
from testgate.report.view import ArtifactView, parse_time

MAX_NAME_CHARS = 400
_MINUTE_S, _HOUR_S = 60, 3600

# Outcomes differ by shape and word as well as by colour.
_SHAPES: Mapping[str, str] = {
    "passed": "M3 8.5 6.5 12 13 4.5",
    "flaky": "M1.5 9.5C4 3 6 3 8 8s4 5 6.5-1.5",
    "skipped": "M3 8h10",
    "failed": "M4 4l8 8M12 4l-8 8",
    "suite_error": "M8 2.5v7M8 12.5v1",
    "infra_error": "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9 8 10M8 12.8v.7",
    "timed_out": "M8 2a6 6 0 1 0 .01 0M8 4.8V8l2.4 1.6",
    "aborted": "M4.5 4.5h7v7h-7z",
    "quarantined": "M8 2a6 6 0 1 0 .01 0M4 12l8-8",
}
_SVG = {"focusable": "false", "aria_hidden": "true"}


def word(outcome: str) -> str:
    """`SUITE ERROR`"""
    return outcome.upper().replace("_", " ")


def badge(outcome: str) -> Element:
    """An outcome with its shape and its word."""
    return h("span", icon(outcome), word(outcome).lower(), class_="badge", data_outcome=outcome)


def icon(outcome: str) -> Element:
    """The shape of an outcome; the word stands beside it."""
    path = h("path", d=_SHAPES.get(outcome, _SHAPES["infra_error"]))
    return h("svg", path, viewBox="0 0 16 16", class_="icon", **_SVG)


def section(identifier: str, title: str, *content: Child) -> Element:
    """A section with its heading."""
    heading = h("h2", title, id=f"{identifier}-title")
    return h("section", heading, content, id=identifier, aria_labelledby=f"{identifier}-title")


def facts(rows: Iterable[tuple[str, Child]]) -> Element:
    """Names and values; rows without a value are left out."""
    return h(
        "dl",
        (
            h("div", h("dt", name), h("dd", value))
            for name, value in rows
            if value is not None and value != ""
        ),
        class_="facts",
    )


def bar(parts: Iterable[tuple[str, int]]) -> Element | None:
    """Counts side by side as one bar, each as wide as its share; None if there is nothing."""
    shown = [(outcome, count) for outcome, count in parts if count]
    total = sum(count for _, count in shown)
    if not total:
        return None
    svg = h("svg", viewBox=f"0 0 {total} 1", preserveAspectRatio="none", class_="bar", **_SVG)
    done = 0
    for outcome, count in shown:
        svg.append(h("rect", x=done, y=0, width=count, height=1, data_outcome=outcome))
        done += count
    return svg


def short(name: str) -> str:
    """A name that leaves room for others."""
    if len(name) <= MAX_NAME_CHARS:
        return name or "(no name)"
    return f"{name[:MAX_NAME_CHARS]}… ({len(name):,} characters)"


def counted(count: int, noun: str) -> str:
    """`1 test`, `2,000 tests`"""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size(artifact: ArtifactView) -> str:
    """`12 KB`, `3.4 MB`"""
    kb = artifact.size_bytes / 1000
    return f"{kb:.0f} KB" if kb < 1000 else f"{kb / 1000:.1f} MB"


def duration(seconds: float | None) -> str:
    """`120 ms`, `9.5 s`, `3 min 20 s`, `2 h 5 min`; "" for none."""
    if seconds is None or seconds < 0:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if round(seconds, 1) < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"


def moment(text: str) -> Element | None:
    """A time for people and for programs; None for none."""
    time = parse_time(text)
    if time is None:
        return None
    spelled = time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return h("time", spelled, datetime=time.astimezone(UTC).isoformat())
