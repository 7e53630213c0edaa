"""New, known and fixed against the gate run before: what a record keeps of it, and what the page
shows."""

import pytest

from testgate.report.changes import MAX_NAMED, is_comparable, spell_changes
from testgate.report.html import render_html
from tests.core.samples import passed
from tests.report import records
from tests.report.page import read_page

EARLIER = "2026-11-20T08:00:00.000Z"


def names(changes, key):
    return [(each["suite"], each["test"]) for each in changes[key]]


def test_tests_are_new_known_or_fixed():
    changes = records.compared()["changes"]
    assert names(changes, "newly_failing") == [
        ("smoke", "test_checkout.py::test_checkout"),
        ("smoke", "test_checkout.py::test_checkout_empties_the_cart"),
    ]
    assert names(changes, "still_failing") == [
        ("smoke", "test_orders.py::TestOrders::test_order_is_listed")
    ]
    assert names(changes, "fixed") == [("smoke", "test_catalog.py::test_product[3]")]
    assert changes["counts"] == {"newly_failing": 2, "still_failing": 1, "fixed": 1}
    assert changes["before"]["outcome"] == "failed"
    assert changes["partial"] is False


def test_since_when_a_test_fails_is_carried_from_run_to_run():
    """The first of three runs in which it failed is the one that is told."""
    first = records.record(records.broken("a"), passed("b")) | {"ended_at": EARLIER}
    second = records.record(records.broken("a"), records.broken("b"))
    second["changes"] = spell_changes(first, second)
    third = records.record(records.broken("a"), records.broken("b"))
    since = {each["test"]: each["since"] for each in spell_changes(second, third)["still_failing"]}
    assert since == {"a": EARLIER, "b": second["ended_at"]}


def test_of_many_changes_some_are_named_and_all_are_counted():
    before = records.record(*(passed(f"t{n}") for n in range(500)))
    after = records.record(*(records.broken(f"t{n}") for n in range(500)))
    changes = spell_changes(before, after)
    assert len(changes["newly_failing"]) == MAX_NAMED
    assert changes["counts"]["newly_failing"] == 500


@pytest.mark.parametrize(
    ("changes", "comparable"),
    [
        ({}, True),
        ({"gate": "another"}, False),
        ({"stage": "POST_PRODUCTION_TRAFFIC_SHIFT"}, False),
        ({"suites": []}, False),
    ],
)
def test_only_the_same_gate_at_the_same_stage_with_tests_is_compared(changes, comparable):
    assert is_comparable(records.promoted() | changes, records.refused()) is comparable


@pytest.mark.parametrize("damaged", [None, [], {"still_failing": 3}, {"still_failing": [None]}])
def test_an_earlier_record_of_any_shape_in_its_changes_is_read(damaged):
    before = records.record(records.broken("a")) | {"changes": damaged}
    (still,) = spell_changes(before, records.record(records.broken("a")))["still_failing"]
    assert still["since"] == before["ended_at"]


def test_the_page_says_so_in_words_at_each_failing_test_and_in_the_list():
    root = read_page(render_html(records.compared()))
    told = root.one("section", id="changes").text
    assert "2 newly failing, 1 failing as before, 1 fixed, against the gate run before" in told
    assert "new" in root.one("article", id="failure-1").text
    third = root.one("details", id="failure-3").text
    assert "known since 2026-11-23 08:00 UTC" in third


def test_without_a_run_before_the_page_says_that_nobody_knows():
    root = read_page(render_html(records.refused()))
    assert "no earlier gate run" in root.one("section", id="changes").text
    assert not list(read_page(render_html(records.promoted())).all("details"))
