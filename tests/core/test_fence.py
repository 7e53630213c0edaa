"""A request that something else than green would answer is seen before it is sent."""

import json

import pytest

from testgate.core.errors import InputError
from testgate.core.fence import Fence, fence_problem, parse_fence
from testgate.core.routing import Bar

BAR = Bar(header="x-canary", patterns=("1", "be?a"), rule="arn:rule/listener/4711")
FENCE = Fence(within="/shop/", bars=(BAR,))


@pytest.mark.parametrize(
    "target", ["/shop/", "/shop/cart?next=/admin", "/shop/a%20b", "/shop/x?../..", "/shop//a"]
)
def test_what_the_rule_under_test_takes_passes(target):
    assert fence_problem(FENCE, target, [("Accept", "*/*"), ("X-Canary", "0")]) is None


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "*",
        "/shop",
        "/shopping/x",
        "/Shop/x",
        "/?/shop/",
        "/shop/../admin",
        "/shop/%2e%2E/admin",
        "/shop/x/..%2f..%2fadmin",
        "/shop/./x",
        "/%73hop/x",
        "/shop%2fx",
    ],
)
def test_what_another_rule_may_take_does_not(target):
    problem = fence_problem(FENCE, target, [])
    assert problem is not None
    assert "takes paths that begin with /shop/" in problem


def test_where_the_rule_takes_every_path_every_path_passes():
    for target in ("/", "*", "/a/../b", "/shop"):
        assert fence_problem(Fence(), target, []) is None


@pytest.mark.parametrize("value", ["1", "beta", "BETA", "1 ", "\tbeta\t"])
def test_a_header_by_which_another_rule_would_answer_does_not_pass(value):
    problem = fence_problem(FENCE, "/shop/", [("X-CANARY", value)])
    assert problem == "listener rule 4711 would take a request with this header x-canary"


def test_a_bar_that_cannot_be_judged_bars():
    doubtful = Fence(bars=(Bar(header="x", patterns=("a\\*",), rule="r"),))
    assert fence_problem(doubtful, "/", [("x", "b")])


def test_a_fence_survives_the_way_to_the_runner():
    assert parse_fence(json.loads(json.dumps(FENCE.spell()))) == FENCE


@pytest.mark.parametrize("raw", [{}, {"within": "/"}, {"within": "/", "bars": [{}]}])
def test_a_fence_that_cannot_be_read_is_refused(raw):
    with pytest.raises(InputError, match="fence cannot be read"):
        parse_fence(raw)
