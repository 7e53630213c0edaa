"""The dashboard as people meet it: light, dark, small, by keyboard, by screen reader, live, and in
spite of what tests and suites are called."""

import pytest

from tests.pages import dashboards
from tests.pages.conftest import DESK, PHONE, grave
from tests.pages.dashboards import CHECKOUT, NOT_FOUND, PAGES, TESTS
from tests.ui.stored import a_place, a_record, ended_tests, judge, store, tell

NAMES = sorted(PAGES)


@pytest.fixture
def visit(dashboard, open_any):
    """Opens a page of a dashboard that has something to show."""
    dashboards.fill(dashboard.bucket)

    def opened(path, **options):
        this = open_any(f"{dashboard.url}{path}", **options)
        if path in NOT_FOUND:  # of which the browser's console speaks too
            this.problems[:] = [said for said in this.problems if "404" not in said]
        return this

    return opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_no_page_has_a_grave_hindrance(name, scheme, visit):
    page = visit(PAGES[name], color_scheme=scheme, **DESK).page
    assert page.locator("h1").count() == 1
    assert grave(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_empty_history_says_what_to_do(scheme, dashboard, open_any):
    page = open_any(dashboard.url, color_scheme=scheme, **DESK).page
    assert "testgate attach" in page.locator("main").inner_text()
    assert grave(page) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_never_scrolls_sideways(name, visit):
    page = visit(PAGES[name], color_scheme="dark", **PHONE).page
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    assert grave(page) == []


def test_a_dark_page_is_dark_and_a_light_one_light(visit):
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(PAGES["services"], color_scheme=scheme, **DESK).page
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(int(part) for part in colour[4:-1].split(", "))
    assert grounds["dark"] < 100
    assert grounds["light"] > 650


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lost", "is missing: it has expired, or was never written"),
        ("half-written", "cut off"),
        ("newer", "upgrade testgate"),
        ("no-report", "testgate why"),
        ("nowhere", "The list of services shows what there is"),
    ],
)
def test_what_cannot_be_read_says_what_was_found_and_what_to_do(name, says, visit):
    assert says in visit(PAGES[name], **DESK).page.locator("main").inner_text()


def test_from_a_refused_service_to_the_failing_test_it_is_two_clicks(visit):
    page = visit(PAGES["services"], **DESK).page
    assert dashboards.REFUSAL in page.locator("main").inner_text()
    page.get_by_role("link", name="shop/web", exact=True).last.click()
    assert page.locator("h1").inner_text() == "FAILED"
    page.get_by_role("link", name="Full report").click()
    assert CHECKOUT in page.locator("#first-failure").inner_text()


def test_a_page_asks_for_nothing_beyond_the_dashboard(dashboard, visit):
    for path in PAGES.values():
        opened = visit(path, **DESK)
        assert all(url.startswith(f"{dashboard.url}/") for url in opened.asked), path


def test_everything_is_reached_by_keyboard_alone(visit):
    page = visit(PAGES["services"], **DESK).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert width >= 2
    links = page.locator("main a").count()
    seen = set()
    for _ in range(links):
        seen.add(page.evaluate("document.activeElement.getAttribute('href')"))
        page.keyboard.press("Tab")
    assert seen == {each.get_attribute("href") for each in page.locator("main a").all()}


def test_two_gate_runs_are_compared_by_keyboard_alone(visit):
    page = visit("/compare/shop/web", **DESK).page
    page.get_by_label("Before").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("[data-list=newly_failing]").wait_for()
    assert CHECKOUT in page.locator("[data-list=newly_failing]").inner_text()


def test_a_strip_tells_its_outcomes_without_colours(visit):
    page = visit(PAGES["refused"], **DESK).page
    link = page.get_by_role("link", name="infra error, 2026-11-23 07:56 UTC")
    assert link.get_attribute("href") == "/run/shop/web/d1/web-4"


def test_states_and_tests_appear_as_they_come_and_the_verdict_when_it_falls(dashboard, visit):
    """The page is never loaded again: its script asks every two seconds."""
    opened = visit(PAGES["live"], **DESK)
    page, bucket = opened.page, dashboard.bucket
    page.evaluate("window.stays = true")
    assert page.locator("[data-step=running] strong").first.inner_text() == "Wave 1"
    assert page.locator("#failures code").inner_text() == CHECKOUT
    later = "test_cart.py::test_cart_is_emptied"
    assert page.get_by_text(later).count() == 0
    tests = (*TESTS[:7], (CHECKOUT, "failed"), (later, "failed"))
    tell(bucket, ended_tests(*tests, total=14), "live-1", shard=2, due=3, ended=True)
    page.locator("#failures").get_by_text(later).wait_for()
    assert page.locator("#shards").get_by_text(later).count() == 1
    tell(bucket, ended_tests(), "live-1", suite="contract", due=3, ended=True)
    page.locator("[data-step=running]", has_text="CheckWave").wait_for()
    judge(bucket, "live-1")
    page.locator("[data-step=running]", has_text="Judge").wait_for()
    assert page.locator("[data-step=skipped] strong").all_inner_texts() == ["Wave 2", "AskAfter"]
    store(bucket, a_place("live-1"), a_record("failed", (CHECKOUT, "failed")))
    page.get_by_role("heading", name="FAILED").wait_for()
    assert page.locator("[data-step=refused] strong").inner_text() == "Judge"
    assert page.title() == "FAILED · shop/web · Testgate"
    assert page.evaluate("window.stays") is True
    assert grave(page) == []
    page.get_by_role("link", name="Result").click()
    assert page.locator("h1").inner_text() == "FAILED"


def test_a_live_page_says_that_the_dashboard_is_gone(visit):
    opened = visit(PAGES["live"], **DESK)
    opened.page.route("**/live/**", lambda route: route.abort())
    opened.page.get_by_text("The dashboard does not answer; it is asked again.").wait_for()
    opened.page.unroute("**/live/**")
    opened.page.locator("#lost").wait_for(state="hidden")
    opened.problems.clear()  # the browser's own words about it


@pytest.mark.parametrize("name", ["hostile", "hostile-live", "services"])
def test_hostile_names_stay_text(name, visit):
    """No script of theirs runs, nothing of theirs becomes an element or is loaded."""
    page = visit(PAGES[name], **DESK).page
    if name == "hostile-live":
        with page.expect_response("**/live/**"):
            pass
        page.wait_for_function("document.readyState === 'complete'")
    assert page.locator("img, iframe, object, embed, base").count() == 0
    assert page.evaluate("document.scripts.length") == (1 if name == "hostile-live" else 0)
    assert "<script>alert(1)</script>" in page.locator("main").inner_text()


def test_a_script_that_got_into_a_page_would_not_run(visit):
    opened = visit(PAGES["live"], **DESK)
    opened.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        "{textContent: 'document.title = \"taken\"'}))"
    )
    assert opened.page.title() != "taken"
    assert any("Content Security Policy" in said for said in opened.problems)
    opened.problems.clear()
