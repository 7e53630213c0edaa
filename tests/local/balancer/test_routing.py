"""Rules of an Application Load Balancer, as tables."""

import pytest

from testgate.local.balancer.moto_rules import parse_codes
from testgate.local.balancer.routing import (
    FixedResponse,
    HeaderCondition,
    HostCondition,
    MethodCondition,
    PathCondition,
    QueryCondition,
    Redirect,
    RequestFacts,
    Rule,
    SourceIpCondition,
    WeightedGroup,
    choose_group,
    condition_holds,
    redirect_location,
    select_rule,
)

_FACTS = RequestFacts(
    method="GET",
    path="/img/Cat.png",
    host="shop.example.com",
    source_ip="127.0.0.1",
    headers={"user-agent": ("Mozilla/5.0 Chrome",), "x-green": ("a", "b")},
    query=(("version", "v1"), ("empty", "")),
)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (PathCondition(("/img/*",)), True),
        (PathCondition(("/img/cat.png",)), False),
        (PathCondition(("/img/Ca?.png",)), True),
        (PathCondition(("/img/Ca?png",)), False),
        (PathCondition(("/img",)), False),
        (PathCondition(("/other", "/img/*")), True),
        (PathCondition(("/img/Cat[.]png",)), False),
        (HostCondition(("SHOP.example.com",)), True),
        (HostCondition(("*.example.com",)), True),
        (HostCondition(("example.com",)), False),
        (HeaderCondition("User-Agent", ("*chrome*",)), True),
        (HeaderCondition("X-Green", ("b",)), True),
        (HeaderCondition("X-Green", ("c",)), False),
        (HeaderCondition("X-None", ("*",)), False),
        (QueryCondition((("VERSION", "V?"),)), True),
        (QueryCondition(((None, "v1"),)), True),
        (QueryCondition((("version", "v2"), ("empty", ""))), True),
        (QueryCondition((("other", "*"),)), False),
        (MethodCondition(("GET", "HEAD")), True),
        (MethodCondition(("POST",)), False),
        (SourceIpCondition(("10.0.0.0/8", "127.0.0.0/8")), True),
        (SourceIpCondition(("10.0.0.0/8",)), False),
    ],
)
def test_condition(condition, holds):
    assert condition_holds(condition, _FACTS) is holds


def _rule(name: str, priority: int | None, *conditions) -> Rule:
    action = FixedResponse(status=200, content_type="text/plain", body=name)
    return Rule(arn=name, priority=priority, conditions=conditions, action=action)


def test_lowest_priority_whose_conditions_all_hold_wins():
    rules = [
        _rule("default", None),
        _rule("third", 30, PathCondition(("/*",))),
        _rule("second", 20, PathCondition(("/img/*",)), MethodCondition(("GET",))),
        _rule("first", 3, PathCondition(("/img/*",)), MethodCondition(("POST",))),
    ]
    chosen = select_rule(rules, _FACTS)
    assert chosen is not None
    assert chosen.arn == "second"
    assert select_rule(rules[:1], _FACTS) is rules[0]
    assert select_rule([], _FACTS) is None


@pytest.mark.parametrize(
    ("weights", "draw", "group"),
    [
        ((100, 0), 0.0, "0"),
        ((100, 0), 0.999999, "0"),
        ((0, 100), 0.0, "1"),
        ((0, 100), 0.999999, "1"),
        ((1, 3), 0.2, "0"),
        ((1, 3), 0.25, "1"),
        ((0, 0), 0.5, None),
        ((), 0.5, None),
    ],
)
def test_weights_choose_the_group(weights, draw, group):
    groups = [WeightedGroup(str(index), weight) for index, weight in enumerate(weights)]
    assert choose_group(groups, draw) == group


@pytest.mark.parametrize(
    ("redirect", "location"),
    [
        (Redirect(status=301), "http://shop.example.com:8080/img/Cat.png?a=b"),
        (
            Redirect(status=301, protocol="HTTPS", port="443"),
            "https://shop.example.com:443/img/Cat.png?a=b",
        ),
        (
            Redirect(status=302, host="new.#{host}", path="/x/#{path}", query="q=1"),
            "http://new.shop.example.com:8080/x/img/Cat.png?q=1",
        ),
    ],
)
def test_redirects_fill_their_placeholders(redirect, location):
    assert redirect_location(redirect, facts=_FACTS, port=8080, query="a=b") == location


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [("200", 200, 201), ("200-299", 204, 300), ("200,302", 302, 301), ("200-201,404", 404, 403)],
)
def test_matcher_codes(text, good, bad):
    codes = parse_codes(text)
    assert any(good in part for part in codes)
    assert not any(bad in part for part in codes)
