"""Report pages in Debian's Chromium: each test opens one as a file, and nothing of it may go
wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from testgate.report.html import render_html

CHROMIUM = "/usr/bin/chromium"
MISSING = "net::ERR_FILE_NOT_FOUND"  # an image that is not beside its page


@dataclass
class Opened:
    """A page, what went wrong in it, and what it asked for besides itself."""

    page: Page
    path: Path
    problems: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens the page of a record; at the end no page may have raised, warned, or asked the user
    for anything."""
    made: list[Opened] = []
    pages = []

    def opened(record: Any, **options: Any) -> Opened:
        path = tmp_path / f"report-{len(made)}.html"
        path.write_bytes(render_html(record).encode(errors="replace"))
        page = browser.new_page(**options)
        pages.append(page)
        this = Opened(page=page, path=path)
        made.append(this)
        page.on("pageerror", lambda error: this.problems.append(str(error)))
        page.on("console", lambda message: this.problems.append(message.text))
        page.on("request", lambda request: this.asked.append(request.url))

        def dialog(shown: Any) -> None:
            this.problems.append(f"dialog: {shown.message}")
            shown.dismiss()

        page.on("dialog", dialog)
        page.goto(path.as_uri())
        return this

    yield opened
    for page in pages:
        page.close()
    for each in made:
        assert [said for said in each.problems if MISSING not in said] == []
