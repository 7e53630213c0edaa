"""The report page as people meet it: light, dark, small, by keyboard, by screen reader, large, and
in spite of what tests are called."""

import time

import pytest

from tests.pages.conftest import DESK, PHONE, grave
from tests.pages.pictures import png
from tests.report import records

RECORDS = {
    "refused": records.refused,
    "passed": records.promoted,
    "rich": records.rich,
    "quarantined": records.quarantined,
    "compared": records.compared,
    "hostile": records.hostile,
}
MAX_ROWS = 500


def show_list(page):
    page.get_by_role("button", name="Show the list").click()
    page.get_by_label("Search").wait_for()


def rows(page):
    return page.locator("#list tbody tr")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", RECORDS)
def test_no_page_has_a_grave_hindrance(name, scheme, open_page):
    page = open_page(RECORDS[name](), color_scheme=scheme, **DESK).page
    assert grave(page) == []
    show_list(page)
    assert grave(page) == []


def test_axe_finds_what_is_grave(open_page):
    """So that the test above can fail."""
    page = open_page(records.refused(), **DESK).page
    page.evaluate("document.querySelector('h1').style.color = '#d8a890'")
    assert [what for what, _ in grave(page)] == ["color-contrast"]


@pytest.mark.parametrize("name", RECORDS)
def test_a_phone_never_scrolls_sideways(name, open_page):
    page = open_page(RECORDS[name](), color_scheme="dark", **PHONE).page
    show_list(page)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_a_dark_page_is_dark_and_a_light_one_light(open_page):
    grounds = {}
    for scheme in ("light", "dark"):
        page = open_page(records.refused(), color_scheme=scheme, **DESK).page
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(int(part) for part in colour[4:-1].split(", "))
    assert grounds["dark"] < 100
    assert grounds["light"] > 650


def test_the_verdict_its_sentence_and_the_first_failure_are_seen_without_scrolling(open_page):
    page = open_page(records.refused(), **DESK).page
    for text in ("FAILED", "3 of 14 tests in suite smoke failed", "500, expected 201"):
        found = page.get_by_text(text).first
        assert found.bounding_box()["y"] < 900
    passed = open_page(records.promoted(), **DESK).page
    assert passed.get_by_role("heading", level=1).inner_text() == "PASSED"
    assert passed.locator(".failure").count() == 0


def test_everything_is_reached_by_keyboard_alone(open_page):
    page = open_page(records.compared(), **DESK).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#first-failure') !== null")
    seen = set()
    for _ in range(80):
        seen.add(page.evaluate("document.activeElement.closest('section')?.id"))
        focused = page.evaluate("document.activeElement.textContent")
        if focused == "Show the list":
            break
        page.keyboard.press("Tab")
    assert {"failures", "changes", "artifacts", "links", "repeat", "tests"} <= seen
    page.keyboard.press("Enter")
    page.keyboard.type("order_is_listed")
    assert rows(page).count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"


def test_focus_is_seen(open_page):
    page = open_page(records.refused(), **DESK).page
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert width >= 2


def test_filters_and_search_find_tests_and_link_to_their_failures(open_page):
    page = open_page(records.compared(), **DESK).page
    show_list(page)
    assert rows(page).count() == 14
    page.get_by_label("Outcome").select_option(label="failed")
    assert rows(page).count() == 3
    page.get_by_label("Since the run before").select_option(label="known")
    assert rows(page).count() == 1
    assert page.get_by_role("status").inner_text() == "1 to 1 of 1 shown"
    page.get_by_role("button", name="Close all").click()
    assert not page.locator("#failure-3").evaluate("node => node.open")
    rows(page).get_by_role("link").click()
    assert page.locator("#failure-3").evaluate("node => node.open")
    page.get_by_label("Search").fill("nothing is called so")
    assert rows(page).count() == 0
    assert page.get_by_role("status").inner_text() == "0 shown"


def test_ten_thousand_tests_paint_before_their_list_and_show_few_rows_at_a_time(open_page):
    page = open_page(records.many(), **DESK).page
    assert rows(page).count() == 0
    painted = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity"
    )
    assert painted < 5_000
    assert page.evaluate("document.getElementsByTagName('*').length") < 7_000
    show_list(page)
    assert 0 < rows(page).count() <= MAX_ROWS
    began = time.monotonic()
    page.get_by_label("Search").fill("product-9999-")
    assert rows(page).count() == 1
    page.get_by_label("Search").fill("")
    page.get_by_label("Order").select_option(label="slowest first")
    for _ in range(8):
        page.get_by_role("button", name="Next").click()
        assert rows(page).count() <= MAX_ROWS
    assert page.get_by_role("status").inner_text() == "801 to 900 of 10,000 shown"
    assert time.monotonic() - began < 20


def test_hostile_names_stay_text(open_page):
    """No script of theirs runs, nothing of theirs becomes an element or is loaded."""
    opened = open_page(records.hostile(), **DESK)
    page = opened.page
    show_list(page)
    for _ in range(2):
        for name in ("Open all", "Close all"):
            page.get_by_role("button", name=name).click()
    assert page.evaluate("document.scripts.length") == 2
    assert page.locator("img, iframe, object, embed, link, base, form").count() == 0
    page.get_by_label("Search").fill("<script>")
    assert "<script>alert(1)</script>" in rows(page).first.inner_text()
    assert opened.asked == [opened.path.as_uri()]


def test_what_a_failing_test_printed_opens_as_text(open_page):
    opened = open_page(records.hostile(), **DESK)
    page = opened.page
    name = "<script>alert(1)</script>"
    article = page.locator(".failure", has=page.get_by_text(name, exact=True)).first
    printed = article.locator("pre[aria-label=Output]")
    assert not printed.is_visible()
    article.locator("summary", has_text="Captured output, 2 lines").click()
    assert printed.inner_text().strip() == f"{name}\n{name}"
    assert page.evaluate("document.scripts.length") == 2
    assert grave(page) == []
    assert opened.asked == [opened.path.as_uri()]


def test_a_script_that_got_into_the_page_would_not_run(open_page):
    """The page's own policy is the second wall; the console says that it stood."""
    opened = open_page(records.refused(), **DESK)
    opened.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        "{textContent: 'document.title = \"taken\"'}))"
    )
    assert opened.page.title() != "taken"
    assert any("Content Security Policy" in said for said in opened.problems)
    opened.problems.clear()


def hostile_images():
    record = records.compared()
    (smoke,) = record["suites"]
    smoke["artifacts"] = [
        records.image(name)
        for name in (
            'shots/test_checkout "><img src=x onerror=alert(1)>.png',
            "shots/a#b?c%41&d.png",
            "../../../../etc/passwd.png",
            "shots//x.png",
            "shots/draws.svg",
        )
    ] + [{"path": "javascript:alert(1)//.png", "size_bytes": 1}]
    return record


def test_images_beside_the_page_are_shown_and_others_are_named(open_page):
    opened = open_page(hostile_images(), **DESK)
    shots = opened.path.parent / "evidence" / "smoke" / "1" / "1-0" / "artifacts" / "shots"
    shots.mkdir(parents=True)
    (shots / "a#b?c%41&d.png").write_bytes(png(320, 200))
    page = opened.page
    page.reload()
    page.locator("#artifacts").scroll_into_view_if_needed()
    image = page.locator("#artifacts img")
    image.wait_for(state="visible")
    assert (
        image.evaluate("async (image) => { await image.decode(); return image.naturalWidth }")
        == 320
    )
    assert page.locator("img").count() == 1
    assert "not beside this page" in page.locator("#first-failure").inner_text()
    here = opened.path.parent.as_uri()
    assert all(url.startswith(here) for url in opened.asked), opened.asked
    assert not any("passwd" in url or "svg" in url for url in opened.asked)
    assert "draws.svg" in page.locator("#artifacts").inner_text()


def test_the_timeline_shows_states_suites_and_each_run_of_a_shard(open_page):
    page = open_page(records.compared(), **DESK).page
    lanes = page.locator(".timeline .lanes rect")
    assert lanes.count() == 5
    boxes = [lanes.nth(n).bounding_box() for n in range(5)]
    assert all(box["width"] > 1 and box["height"] > 4 for box in boxes)
    assert [box["y"] for box in boxes] == sorted({box["y"] for box in boxes})
    states = "prepare 1.0 s, suites 7.0 s, judge 1.5 s; inferred from the suites' times"
    assert states in page.locator(".timeline").inner_text()
