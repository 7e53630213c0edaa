"""Could another rule take a request that is meant for green? Will the rule under test?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.routing import (
    Bar,
    Condition,
    Sent,
    bar_of,
    could_take,
    is_plain,
    matches,
    must_meet,
    path_beginning,
)

SENT = Sent(host="127.1.2.3", within="/shop/", headers={"x-test": "Green"})


def condition(field, *patterns, name=""):
    return Condition(field=field, patterns=patterns or None, name=name)


@pytest.mark.parametrize(
    ("conditions", "takes"),
    [
        ([], True),
        ([condition("http-request-method", "POST")], True),
        ([condition("query-string", "*")], True),
        ([condition("source-ip", "10.0.0.0/8")], True),
        ([condition("of-the-future", "x")], True),
        ([condition("host-header", "other.example.com")], False),
        ([condition("host-header", "other.example.com", "127.*")], True),
        ([condition("host-header", "127.1.2.?")], True),
        ([condition("host-header", "other\\.example.com")], True),
        ([condition("host-header")], True),
        ([condition("http-header", "1", name="x-canary")], True),
        ([condition("http-header", "green", name="X-Test")], True),
        ([condition("http-header", "g*n", "blue", name="x-test")], True),
        ([condition("http-header", "blue", name="x-test")], False),
        ([condition("http-header", name="x-test")], True),
        ([condition("path-pattern", "/*")], True),
        ([condition("path-pattern", "*")], True),
        ([condition("path-pattern", "/shop/cart*")], True),
        ([condition("path-pattern", "/s*/cart")], True),
        ([condition("path-pattern", "/????/x")], True),
        ([condition("path-pattern", "*/admin")], True),
        ([condition("path-pattern", "/cart*", "/shop/x")], True),
        ([condition("path-pattern", "/cart*")], False),
        ([condition("path-pattern", "/shop")], False),
        ([condition("path-pattern", "/shop?")], True),
        ([condition("path-pattern", "/SHOP/*")], False),
        ([condition("path-pattern", "/cart\\*")], True),
        ([condition("path-pattern")], True),
        ([condition("path-pattern", "/shop/a"), condition("host-header", "other")], False),
    ],
)
def test_a_rule_takes_what_may_meet_all_its_conditions(conditions, takes):
    assert could_take(conditions, SENT) is takes


def test_a_host_that_cannot_be_known_may_be_any():
    assert could_take([condition("host-header", "other.example.com")], Sent(host=""))


def test_hosts_are_compared_whatever_their_case():
    sent = Sent(host="gREEN.example.COM")
    assert could_take([condition("host-header", "Green.Example.com")], sent)


@pytest.mark.parametrize(
    ("asked", "met"),
    [
        (condition("host-header", "127.1.2.3"), True),
        (condition("host-header", "other", "127.1.*"), True),
        (condition("host-header", "other"), False),
        (condition("host-header"), False),
        (condition("http-header", "GREEN", name="X-Test"), True),
        (condition("http-header", "gree?", name="x-test"), True),
        (condition("http-header", "blue", name="x-test"), False),
        (condition("http-header", "green\\*", "*\\*", name="x-test"), False),
        (condition("http-header", "*", name="x-other"), False),
        (condition("http-header", name="x-test"), False),
        (condition("path-pattern", "*"), True),
        (condition("path-pattern", "/*"), True),
        (condition("path-pattern", "/shop*"), True),
        (condition("path-pattern", "/shop/*"), True),
        (condition("path-pattern", "/shop/cart*"), False),
        (condition("path-pattern", "/shop/"), False),
        (condition("path-pattern", "/????/*"), False),
        (condition("path-pattern"), False),
        (condition("http-request-method", "GET"), False),
        (condition("query-string", "*"), False),
        (condition("source-ip", "0.0.0.0/0"), False),
    ],
)
def test_a_condition_is_met_for_sure_or_it_is_in_doubt(asked, met):
    assert must_meet(asked, SENT) is met


@given(
    field=st.sampled_from(["host-header", "path-pattern", "http-header", "query-string"]),
    patterns=st.lists(st.text("/a*?x\\", min_size=1, max_size=5), min_size=1, max_size=3),
    host=st.text("ax", min_size=1, max_size=3),
    path=st.text("/ax", max_size=3),
    value=st.text("ax", min_size=1, max_size=3),
)
def test_what_is_sure_to_be_met_could_be_met(field, patterns, host, path, value):
    asked = Condition(field=field, patterns=tuple(patterns), name="x")
    sent = Sent(host=host, within=f"/{path}", headers={"x": value})
    assert could_take([asked], sent) or not must_meet(asked, sent)


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [
        ("a*c", "abc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a[b]c", "abc", False),
        ("a[b]c", "a[B]c", True),
        ("", "", True),
        ("a\\*", "a*", False),
    ],
)
def test_patterns_mean_what_a_load_balancer_means(pattern, text, met):
    assert matches(pattern, text) is met


def test_a_rule_that_needs_a_header_of_the_suites_own_can_be_barred():
    canary = condition("http-header", "1*", "yes", name="X-Canary")
    expected = Bar(header="x-canary", patterns=("1*", "yes"), rule="r")
    assert bar_of("r", [condition("path-pattern", "/*"), canary], SENT) == expected


@pytest.mark.parametrize(
    "asked",
    [
        condition("http-header", "*python*", name="User-Agent"),
        condition("http-header", name="x-canary"),
        condition("http-header", "green", name="x-test"),
        condition("path-pattern", "/*"),
    ],
    ids=["sent by any client", "a regular expression", "sent by the relay", "no header"],
)
def test_any_other_rule_cannot_be_barred(asked):
    assert bar_of("r", [asked], SENT) is None


@pytest.mark.parametrize(
    ("pattern", "begin"),
    [
        ("*", "/"),
        ("/*", "/"),
        ("/shop*", "/shop"),
        ("/shop/*", "/shop/"),
        ("/shop", None),
        ("/a*b*", None),
        ("/a?*", None),
        ("/a\\*", None),
        ("shop*", None),
        ("", None),
    ],
)
def test_a_path_pattern_takes_a_beginning_or_has_none(pattern, begin):
    assert path_beginning(pattern) == begin


@pytest.mark.parametrize("pattern", ["", "a*", "a?", "a\\b"])
def test_what_matches_more_than_itself_is_not_plain(pattern):
    assert not is_plain(pattern)
