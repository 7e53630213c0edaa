"""Every form of a report as bytes, by the name that the command line knows it by.

Imported by Judge and finish, which store them, and by the commands, which render them anew.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from testgate.report.ctrf import render_ctrf
from testgate.report.html import render_html
from testgate.report.junit import render_junit
from testgate.report.markdown import render_markdown
from testgate.report.view import Record

MAX_REPORT_BYTES = 30_000_000  # what GitLab reads at most; a page has a few percent of it


class Form(StrEnum):
    """The forms of a report."""

    MARKDOWN = "markdown"
    HTML = "html"
    JUNIT = "junit"
    CTRF = "ctrf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """One form's media type, and what renders a record in it."""

    content_type: str
    render: Callable[[Record], str]


def _ctrf_text(record: Record) -> str:
    # Without indentation, which the fast encoder does not know: 10,000 tests would take a second.
    return json.dumps(render_ctrf(record), ensure_ascii=False, allow_nan=False) + "\n"


RENDERERS: Mapping[Form, Renderer] = {
    Form.MARKDOWN: Renderer(content_type="text/markdown; charset=utf-8", render=render_markdown),
    Form.HTML: Renderer(content_type="text/html; charset=utf-8", render=render_html),
    Form.JUNIT: Renderer(content_type="application/xml", render=render_junit),
    Form.CTRF: Renderer(content_type="application/json", render=_ctrf_text),
}


def render(form: Form, record: Record) -> bytes:
    """The report in that form, UTF-8. Raises whatever a record can cause that is none of ours."""
    return RENDERERS[form].render(record).encode(errors="replace")
