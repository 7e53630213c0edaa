"""The page: alone, in the order of a person's questions, and deaf to what tests say."""

import json
import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import testgate.report
from testgate.core.outcomes import Outcome
from testgate.report.elements import h, raw, to_html, visible
from testgate.report.html import PAGE, page_number, render_html
from testgate.report.page_list import MAX_LIST_CHARS
from tests.core.samples import passed
from tests.report import records
from tests.report.damage import damaged
from tests.report.page import read_page

FILES = Path(testgate.report.__file__).parent
ALLOWED = re.compile(
    "#document|html|head|meta|title|style|body|a|header|p|h1|h2|h3|span|strong|b|bdi|code|pre|time|"
    "main|nav|section|article|details|summary|dl|dt|dd|div|ul|li|svg|path|rect|button|noscript|"
    "script|footer|figure|figcaption|img"
)
BESIDE = re.compile(r"evidence(/[A-Za-z0-9_.~%-]+)+")
CONSOLE = re.compile(
    r"https://[a-z0-9-]+\.console\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/"
)


def page(record):
    return read_page(render_html(record))


def list_data(root):
    return json.loads(root.one("script", id="list-data").text)


def test_a_refusal_reads_in_the_order_of_questions():
    root = page(records.refused())
    body = root.one("body")
    wanted = [
        "FAILED",
        "3 of 14 tests in suite smoke failed (allowed 0); first: test_checkout.py::test_checkout",
        "product: green misbehaved",
        "test_checkout.py::test_checkout",
        "500, expected 201",
        "at test_checkout.py:42",
        "assert 500 == 201",
        "11 passed",
        "3 failed",
        "2 more failing tests",
        "test_checkout.py::test_checkout_empties_the_cart",
        "test_orders.py::TestOrders::test_order_is_listed",
        "shop:1.2.0",
        "9.5 s",
        "Open in Step Functions",
        "Open in Amazon ECS",
        "ECS rolls the deployment back; production stays with the previous revision.",
    ]
    text, at = body.text, 0
    for part in wanted:
        at = text.find(part, at)
        assert at >= 0, part
        at += len(part)
    headings = [each.text for each in root.all("h2")]
    assert headings == [
        "First failing test",
        "Counts",
        "New or known",
        "2 more failing tests",
        "What was tested",
        "Time",
        "Links",
        "What happens next",
        "Repeat it",
        "All 14 tests",
    ]
    assert root.one("title").text == "FAILED · shop/web · Testgate"


def test_failing_tests_are_open_and_say_where():
    root = page(records.refused())
    failures = [node for node in root.all() if "failure" in node.classes]
    assert [node.attributes["id"] for node in failures] == ["failure-1", "failure-2", "failure-3"]
    assert failures[0].tag == "article"
    assert all("open" in node.attributes for node in failures[1:])
    assert "at test_orders.py:42" in failures[2].text


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_a_word_and_a_shape_and_not_only_a_colour(outcome):
    root = page(records.without_tests(outcome, "because"))
    heading = root.one("h1")
    assert heading.text == outcome.value.upper().replace("_", " ")
    shapes = {
        other: page(records.without_tests(other, "x")).one("h1").one("path").attributes["d"]
        for other in Outcome
    }
    assert len(set(shapes.values())) == len(Outcome)


def test_a_pass_shows_no_failure_and_says_what_follows():
    root = page(records.promoted())
    assert not any("failure" in node.classes for node in root.all())
    assert "production traffic may shift to this revision" in root.text
    assert "MODE observe" not in root.one("main").text


def test_the_page_refers_to_nothing_outside_itself():
    for record in (records.refused(), records.rich(), records.hostile(), records.compared()):
        root = page(record)
        for node in root.all():
            assert ALLOWED.fullmatch(node.tag), node.tag
            for name, value in node.attributes.items():
                assert not name.startswith("on"), name
                assert name not in ("srcset", "style", "data", "action", "background")
                if name == "src":
                    assert node.tag == "img"
                    assert BESIDE.fullmatch(value), value
                elif name == "href" and BESIDE.fullmatch(value):
                    assert next(node.all("img")).attributes["src"] == value
                elif name == "href":
                    assert node.tag == "a"
                    assert value.startswith("#") or CONSOLE.match(value), value
    style = (FILES / "page.css").read_text()
    assert not re.search(r"url\(|@import|@font-face|image-set", style)
    script = (FILES / "page.js").read_text()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|eval|fetch|XMLHttp|import\(|document\.write", script
    )


def test_its_policy_allows_its_own_style_and_script_and_nothing_else():
    root = page(records.refused())
    policy = root.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    own = {
        "style-src": root.one("style").text,
        "script-src": next(n.text for n in root.all("script") if not n.attributes.get("type")),
    }
    wanted = {
        name: [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"]
        for name, text in own.items()
    }
    wanted |= {name: ["'none'"] for name in ("default-src", "base-uri", "form-action")}
    assert {part.split()[0]: part.split()[1:] for part in policy.split("; ")} == wanted
    assert "img-src" not in policy
    shown = page(records.compared()).one("meta", **{"http-equiv": "Content-Security-Policy"})
    assert shown.attributes["content"] == f"{policy}; img-src 'self'"
    head = [node.attributes for node in root.one("head").all("meta")]
    assert head[0] == {"charset": "utf-8"}
    assert head[1].get("http-equiv") == "Content-Security-Policy"


def test_links_lead_to_the_region_of_the_arn():
    links = {node.text: node.attributes["href"] for node in page(records.refused()).all("a")}
    assert links["Open in Step Functions"] == (
        "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1"
        f"#/v2/executions/details/{records.EXECUTION}"
    )
    assert links["Open in Amazon ECS"] == (
        "https://us-east-1.console.aws.amazon.com/ecs/v2/clusters/shop/services/web/deployments"
        "?region=us-east-1"
    )


def skeleton(root):
    """The tags and attribute names of a page, without any text."""
    return Counter((node.tag, *sorted(node.attributes)) for node in root.all())


@given(
    st.one_of(st.text(min_size=1, max_size=80), st.sampled_from([n for n in records.HOSTILE if n]))
)
@example("0.py")
@example("test_a.py::test_b[<b>]")
def test_nothing_that_a_test_says_becomes_markup(text):
    """The page of any text has the elements of a page of a harmless one, and shows the text."""
    one_line = " ".join(text.split()) or "x"
    fields = {"message": one_line, "trace": f"x\n  {one_line}", "file": one_line}
    fields |= {"output": f"x\n{one_line}"}
    root = page(records.record(records.broken(one_line, **fields), image=one_line))
    harmless = {"message": "m" * len(one_line), "trace": "x\n  m", "file": "f"}
    harmless |= {"output": "x\no"}
    alike = "n.py" if re.fullmatch(r"[^:]+\.py(::.+)?", one_line) else "n"  # pytest can name it
    other = page(records.record(records.broken(alike, **harmless), image="i"))
    assert skeleton(root) == skeleton(other)
    shown = visible(one_line)[:400]
    assert shown in root.one("article", id="failure-1").text
    assert list_data(root)["rows"][0][3].startswith(shown)


def test_hostile_names_stay_text_everywhere():
    root = page(records.hostile())
    article = root.one("article", id="failure-1")
    assert article.one("h3").text == "<script>alert(1)</script>"
    assert len(list(root.all("script"))) == 2
    names = [row[3] for row in list_data(root)["rows"]]
    assert "</script><!-- <script>" in names
    assert "javascript:alert(1)" in names
    long = next(name for name in names if name.startswith("long_"))
    assert long.endswith("… (5,005 characters)")
    assert len(long) < 500


def test_what_hides_or_turns_text_is_made_visible():
    assert visible("a\u202eb\u2066c\x00d\x1be\x7f\x9bf\ud800\ufeff") == (
        "a\\u202eb\\u2066c␀d␛e␡\\u009bf\\ud800\\ufeff"
    )
    assert visible("a\r\nb\rc\td\n") == "a\nb\nc\td\n"
    assert visible("שלום عربى 👩‍👩‍👧") == "שלום عربى 👩‍👩‍👧"


@given(st.one_of(damaged(records.rich()), damaged(records.compared())))
def test_any_record_has_a_page(record):
    root = page(record)
    assert root.one("h1").text
    if record.get("outcome") != "passed":
        assert root.one("h1").text != "PASSED"


def test_records_of_older_and_of_no_version_have_a_page():
    old = records.refused()
    for suite in old["suites"]:
        for key in ("relay", "quarantine", "min_tests", "timeout_s"):
            suite.pop(key, None)
    assert "test_checkout.py::test_checkout" in page(old).text
    assert page({}).one("h1").text == "INFRA ERROR"


def test_what_newer_versions_record_is_shown():
    text = page(records.rich()).text
    for part in (
        "2 of 3 attempts",
        "4 shards",
        "response_p95_ms <= 300",
        "measured 212.5",
        "measured nothing",
        "503, expected 200",
        "1 flaky test, passed only when tried again",
        "waits for <b>SHOP-12</b>",
        "suite journey did not run",
        "advisory: it refuses nothing",
    ):
        assert part in text, part


def test_ten_thousand_tests_half_of_them_failing_stay_readable():
    record = records.many()
    text = render_html(record)
    assert len(text.encode()) < 3_000_000
    root = read_page(text)
    failures = [node for node in root.all() if "failure" in node.classes]
    assert len(failures) == 200
    assert len([node for node in failures if "open" in node.attributes]) <= 10
    assert len(list(root.all("tr"))) == 0
    assert len(list(root.all())) < 6_000
    body = root.one("body").text
    for suite in record["suites"]:
        for test in suite["failures"]:
            assert test["name"] in body
    assert "5,000 failed" in body
    assert "199 of the 199 in full say: 500, expected 201" in body
    assert len(list_data(root)["rows"]) == 10_000


def test_a_list_too_long_for_a_page_says_so():
    names = [f"test_{n}_" + "x" * 250 for n in range(MAX_LIST_CHARS // 250 + 10)]
    text = render_html(records.record(*(passed(name) for name in names)))
    assert len(text.encode()) < 4_000_000
    assert "of them; record.json has more." in text


def test_what_a_record_leaves_out_is_counted():
    """10,000 failures with long names fill a record: then it lists no other test, or not all."""
    names = [f"test_{n}_" + "𝄞" * 290 for n in range(10_000)]
    record = records.record(*(records.broken(name) for name in names), passed("good"))
    only = record["suites"][0]
    assert only["failures_left_out"]
    body = page(record).one("body").text
    assert "9,999 more failing tests" in body
    assert f"The record counts {only['failures_left_out']:,} more failures" in body
    assert "All 10,001 tests" in body
    assert "passed ones first; the evidence has all" in body


def test_traces_of_any_length_keep_the_page_small_and_their_ends():
    tests = [records.broken(f"t{n}", trace="<" * 7_900 + f"the end of {n}") for n in range(200)]
    text = render_html(records.record(*tests))
    assert len(text.encode()) < 8_000_000
    assert "the end of 199" in text


def test_the_list_links_each_failure_to_its_place():
    root = page(records.refused())
    data = list_data(root)
    rows = {row[3]: row for row in data["rows"]}
    number = rows["test_orders.py::TestOrders::test_order_is_listed"][4]
    assert "test_order_is_listed" in root.one("details", id=f"failure-{number}").text
    assert rows["test_catalog.py::test_product[0]"][4] == 0
    assert data["outcomes"][rows["test_checkout.py::test_checkout"][1]] == "failed"


def test_without_javascript_verdict_failures_and_counts_are_there_and_the_rest_is_named():
    root = page(records.refused())
    assert "record.json" in root.one("noscript").text
    assert "hidden" in root.one("div", id="list").attributes
    visible_parts = [node for node in root.all() if "hidden" not in node.attributes]
    assert any("failure" in node.classes for node in visible_parts)


def test_sections_have_headings_and_everything_is_reachable_by_keyboard():
    root = page(records.rich())
    ids = [node.attributes["id"] for node in root.all() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    for section in root.all("section"):
        heading = root.one("h2", id=section.attributes["aria-labelledby"])
        assert heading.text
    for link in root.all("a"):
        target = link.attributes["href"]
        assert not target.startswith("#") or target[1:] in ids
    for pre in root.all("pre"):
        assert pre.attributes["tabindex"] == "0"
    assert root.one("html").attributes["lang"] == "en"
    for svg in root.all("svg"):
        assert svg.attributes["aria-hidden"] == "true"


def palettes():
    """Light and dark colours as the style has them."""
    style = (FILES / "page.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    one = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    return {"light": one, "dark": one | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark))}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_the_contrast_that_wcag_asks_for(scheme):
    colours = palettes()[scheme]
    pairs = [(text, ground) for text in ("text", "muted", "link") for ground in ("page", "card")]
    for tone in ("passed", "failed", "flaky", "unsure", "idle", "apart"):
        pairs += [(tone, f"{tone}-soft"), (tone, "card"), ("text", f"{tone}-soft")]
    pairs += [("failed", "code"), ("text", "code"), ("muted", "code")]
    for text, ground in pairs:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def test_the_same_record_gives_the_same_page_before_and_after_it_is_stored():
    record = records.rich()
    assert render_html(record) == render_html(records.stored(record))


def test_a_stored_page_says_which_format_it_has():
    assert page_number(render_html(records.refused())) == PAGE
    assert page_number("<html><head></head></html>") is None


@pytest.mark.parametrize("text", ["a</script>b", "<!-- x", "<SCRIPT>"])
def test_text_that_could_leave_its_script_is_refused(text):
    with pytest.raises(ValueError, match="leave its"):
        raw("script", text)


def test_attributes_are_escaped_and_false_ones_left_out():
    element = h("p", "x", title='"><b>', hidden=True, id=None, open=False, data_n=3)
    read = read_page(to_html(element)).one("p")
    assert read.attributes == {"title": '"><b>', "hidden": "", "data-n": "3"}
    assert read.text == "x"
