"""Pages in Debian's Chromium: each test opens a report as a file, or the dashboard, and nothing of
it may go wrong."""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from testgate.cli.dashboard_source import BucketSource
from testgate.report.html import render_html
from testgate.ui.pages import make_app
from tests.core.samples import START
from tests.fakes.ports import FakeBucket

CHROMIUM = "/usr/bin/chromium"
PHONE = {"viewport": {"width": 360, "height": 740}}
DESK = {"viewport": {"width": 1280, "height": 900}}
GRAVE = ("serious", "critical")
MISSING = "net::ERR_FILE_NOT_FOUND"  # an image that is not beside its page


@dataclass
class Opened:
    """A page, what went wrong in it, and what it asked for besides itself."""

    page: Page
    path: Path = Path()
    problems: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_any(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Opens an address; at the end no page may have raised, warned, or asked the user for
    anything."""
    made: list[Opened] = []

    def opened(url: str, **options: Any) -> Opened:
        page = browser.new_page(**options)
        this = Opened(page=page)
        made.append(this)
        page.on("pageerror", lambda error: this.problems.append(str(error)))
        page.on("console", lambda message: this.problems.append(message.text))
        page.on("request", lambda request: this.asked.append(request.url))

        def dialog(shown: Any) -> None:
            this.problems.append(f"dialog: {shown.message}")
            shown.dismiss()

        page.on("dialog", dialog)
        page.goto(url)
        return this

    yield opened
    for each in made:
        each.page.close()
    for each in made:
        assert [said for said in each.problems if MISSING not in said] == []


@pytest.fixture
def open_page(open_any: Callable[..., Opened], tmp_path: Path) -> Callable[..., Opened]:
    """Opens the page of a record."""
    numbers = itertools.count()

    def opened(record: Any, **options: Any) -> Opened:
        path = tmp_path / f"report-{next(numbers)}.html"
        path.write_bytes(render_html(record).encode(errors="replace"))
        this = open_any(path.as_uri(), **options)
        this.path = path
        return this

    return opened


@dataclass
class Dashboard:
    """A dashboard over a bucket in memory, and the address at which it answers."""

    bucket: FakeBucket
    url: str
    now: datetime = START


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    """Served as `testgate ui` serves it, on a port of its own."""
    bucket = FakeBucket()
    made = Dashboard(bucket=bucket, url="")
    app = make_app(BucketSource(bucket), lambda: made.now)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def grave(page: Page) -> list[tuple[str, str]]:
    """What axe calls serious or worse."""
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in GRAVE]
