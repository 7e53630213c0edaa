"""The record as one HTML page that stands alone: no network, no other file.

Its own policy lets it load nothing and run nothing but the style and script in it, by their hashes.
Small: a failure stands in full as long as there is room, and of passed tests only what the script
needs to list them on demand. Standard library only; imported by Judge, finish and the commands.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from xml.etree.ElementTree import Element

from testgate import __version__
from testgate.report.elements import h, raw, to_html
from testgate.report.page_artifacts import Gallery, artifacts_section
from testgate.report.page_changes import changes_section
from testgate.report.page_failures import failure_sections
from testgate.report.page_list import list_section
from testgate.report.page_parts import word
from testgate.report.page_repeat import repeat_section
from testgate.report.page_sections import (
    counts_section,
    flaky_section,
    header,
    links_section,
    next_section,
    quarantine_section,
    tested_section,
    time_section,
)
from testgate.report.reading import read_record
from testgate.report.view import Record

PAGE = 2  # raised when a page of an older number should be rendered anew from its record
_GENERATOR = re.compile(r'<meta name="generator" content="testgate [^"]* page/(\d{1,6})">')
_HEAD_CHARS = 4_000


def render_html(record: Record) -> str:
    """The page. The same record gives the same page."""
    run = read_record(record)
    gallery = Gallery(run)
    first, others = failure_sections(run, gallery)
    title = f"{word(run.outcome.value)} · {run.subject} · Testgate"
    sections = (
        first,
        counts_section(run),
        changes_section(run),
        others,
        flaky_section(run),
        quarantine_section(run),
        tested_section(run),
        time_section(run),
        artifacts_section(run, gallery),
        links_section(run),
        next_section(run),
        repeat_section(run),
        list_section(run),
    )
    body = h(
        "body",
        h("a", "Skip to the details", class_="skip", href="#details"),
        header(run),
        _contents([each for each in sections if each is not None]),
        h("main", sections, id="details"),
        h("footer", h("p", f"Written by Testgate {__version__}. {_loads(gallery)}")),
        raw("script", _file("page.js")),
    )
    return to_html(h("html", _head(title, gallery), body, lang="en"))


def page_number(page: str) -> int | None:
    """Which page format a stored page has; None if it is none of ours."""
    match = _GENERATOR.search(page[:_HEAD_CHARS])
    return int(match[1]) if match else None


def _contents(sections: list[Element]) -> Element:
    """Links to the sections by their headings: with many failures the page is long."""
    links = (h("a", each.findtext("h2", ""), href=f"#{each.get('id')}") for each in sections)
    return h("nav", links, aria_label="Sections")


def _loads(gallery: Gallery) -> str:
    if gallery.shown:
        return "This page loads nothing but images that lie beside it, in evidence."
    return "This page loads nothing."


def _head(title: str, gallery: Gallery) -> Element:
    style, script = _file("page.css"), _file("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    ) + ("; img-src 'self'" if gallery.shown else "")
    return h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", http_equiv="Content-Security-Policy", content=policy),
        h("meta", name="generator", content=f"testgate {__version__} page/{PAGE}"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="color-scheme", content="light dark"),
        h("meta", name="referrer", content="no-referrer"),
        h("title", title),
        raw("style", style),
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _file(name: str) -> str:
    """A file of this package: style and script are files, so that editors know them."""
    return Path(__file__).with_name(name).read_text("utf-8")
