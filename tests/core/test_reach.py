"""How green is reached: derived from the rule under test, given by the user, or refused."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.config import parse_config
from testgate.core.errors import InputError
from testgate.core.reach import Listener, find_reach, with_bars
from testgate.core.routing import Bar, Condition, must_meet

LISTENER = Listener(arn="l", protocol="HTTP", name="LB-1.example.net", port=9001)
SECURE = dataclasses.replace(LISTENER, protocol="HTTPS", port=443)


def host(*patterns):
    return Condition(field="host-header", patterns=patterns or None)


def path(*patterns):
    return Condition(field="path-pattern", patterns=patterns or None)


def header(name, *patterns):
    return Condition(field="http-header", patterns=patterns or None, name=name)


def find(*conditions, listener=LISTENER, **details):
    return find_reach(parse_config({"GATE": "shop"} | details), conditions, listener)


def refusal(*conditions, listener=LISTENER, **details):
    with pytest.raises(InputError) as caught:
        find(*conditions, listener=listener, **details)
    return str(caught.value)


@pytest.mark.parametrize(
    ("conditions", "base_url", "sends_host", "headers", "within"),
    [
        ((), "http://LB-1.example.net:9001", "", {}, "/"),
        ((path("/*"),), "http://LB-1.example.net:9001", "", {}, "/"),
        ((path("/shop/*"),), "http://LB-1.example.net:9001/shop", "", {}, "/shop/"),
        ((path("/shop*"),), "http://LB-1.example.net:9001/shop", "", {}, "/shop"),
        ((path("/x", "/b/*", "/a/b/*"),), "http://LB-1.example.net:9001/b", "", {}, "/b/"),
        ((path("/shop/*", "*"),), "http://LB-1.example.net:9001", "", {}, "/"),
        ((host("*.a.com", "G.a.com"),), "http://LB-1.example.net:9001", "g.a.com", {}, "/"),
        ((host("lb-1.Example.net"),), "http://LB-1.example.net:9001", "", {}, "/"),
        ((host("*.example.net"),), "http://LB-1.example.net:9001", "", {}, "/"),
        ((header("X-Test", "1"),), "http://LB-1.example.net:9001", "", {"x-test": "1"}, "/"),
        (
            (header("X-Test", "gr*", "blue"), header("x-test", "*n", "bl?e")),
            "http://LB-1.example.net:9001",
            "",
            {"x-test": "blue"},
            "/",
        ),
        (
            (header("x-test", "1"), host("g.a.com"), path("/shop/*")),
            "http://LB-1.example.net:9001/shop",
            "g.a.com",
            {"x-test": "1"},
            "/shop/",
        ),
    ],
)
def test_what_the_rule_names_in_plain_words_is_sent(
    conditions, base_url, sends_host, headers, within
):
    reach = find(*conditions)
    assert (reach.base_url, reach.host, reach.headers) == (base_url, sends_host, headers)
    assert reach.fence.within == within
    assert all(must_meet(condition, reach.sent) for condition in conditions)


def test_a_secure_listener_is_reached_by_the_rules_name():
    reach = find(host("*.example.net", "green.example.net"), listener=SECURE)
    assert (reach.base_url, reach.host) == ("https://LB-1.example.net:443", "green.example.net")


@pytest.mark.parametrize("conditions", [(), (host("*.example.net"),), (path("/*"),)])
def test_a_secure_listener_needs_a_name_that_its_certificate_has(conditions):
    says = refusal(*conditions, listener=SECURE)
    assert "no certificate names the load balancer's own address LB-1.example.net" in says
    assert "set TEST_HOST" in says
    named = find(*conditions, listener=SECURE, TEST_HOST="green.example.net")
    assert named.host == "green.example.net"


@pytest.mark.parametrize(
    ("condition", "says", "mends"),
    [
        (host("*.a.com"), "host-header *.a.com, which names no host", "TEST_HOST"),
        (host(), "host-header a regular expression", "TEST_ENDPOINT"),
        (header("x-test", "g*"), "a certain http-header x-test", "TEST_HEADERS"),
        (header("x-test"), "http-header a regular expression", "TEST_ENDPOINT"),
        (path("/health"), "path-pattern /health", "TEST_ENDPOINT"),
        (path("*/x"), "path-pattern */x", "TEST_ENDPOINT"),
        (path(), "path-pattern a regular expression", "TEST_ENDPOINT"),
        (
            Condition(field="http-request-method", patterns=("GET", "HEAD")),
            "http-request-method GET or HEAD",
            "TEST_ENDPOINT",
        ),
        (
            Condition(field="source-ip", patterns=("10.0.0.0/8",)),
            "source-ip 10.0.0.0/8",
            "TEST_ENDPOINT",
        ),
        (Condition(field="query-string", patterns=("v=2",)), "query-string v=2", "TEST_ENDPOINT"),
    ],
)
def test_what_cannot_be_derived_is_named_with_the_key_that_mends_it(condition, says, mends):
    sentence = refusal(condition)
    assert says in sentence
    assert f"set {mends}" in sentence


def test_every_condition_that_cannot_be_met_is_told():
    sentence = refusal(host("*.a.com"), header("x-test", "?"), path("/x"))
    assert all(word in sentence for word in ("TEST_HOST", "TEST_HEADERS", "TEST_ENDPOINT"))


@pytest.mark.parametrize(
    ("condition", "details", "says"),
    [
        (host("g.a.com"), {"TEST_HOST": "b.a.com"}, "TEST_HOST is b.a.com, and the rule"),
        (
            header("X-Test", "green-and-secret"),
            {"TEST_HEADERS": {"x-test": "blue-and-secret"}},
            "TEST_HEADERS gives x-test a value that",
        ),
    ],
)
def test_what_the_user_gives_must_be_what_the_rule_takes(condition, details, says):
    sentence = refusal(condition, **details)
    assert says in sentence
    assert "something else than green would answer" in sentence
    assert "secret" not in sentence
    assert says in refusal(condition, TEST_ENDPOINT="http://proxy.example", **details)


def test_a_derived_headers_value_is_never_told():
    sentence = refusal(header("x-origin-verify", "hunter2-*"))
    assert "x-origin-verify" in sentence
    assert "hunter2" not in sentence


def test_what_the_user_gives_is_sent_besides_what_the_rule_needs():
    reach = find(
        host("*.a.com"),
        header("x-test", "a*", "b"),
        TEST_HOST="Green.a.com",
        TEST_HEADERS={"X-Test": "abc", "x-more": "1"},
    )
    assert reach.host == reach.seen_host == "green.a.com"
    assert reach.headers == {"x-test": "abc", "x-more": "1"}


def test_a_value_that_cannot_be_sent_is_not_derived():
    assert "certain http-header x-test" in refusal(header("x-test", "a\r\nb"))
    assert "certain http-header connection" in refusal(header("Connection", "close"))


def test_an_internal_load_balancer_needs_an_endpoint():
    internal = dataclasses.replace(LISTENER, internal=True)
    assert "LB-1.example.net is internal" in refusal(listener=internal)
    assert find(listener=internal, TEST_ENDPOINT="http://vpn.example/").base_url == (
        "http://vpn.example"
    )


def test_an_endpoint_of_its_own_vouches_for_what_cannot_be_seen():
    """It may be a proxy that adds what the rule needs; what is known of the rule is sent too."""
    reach = find(
        host("g.a.com"),
        path("/shop/*"),
        header("x-test", "1"),
        header("x-other", "a*"),
        Condition(field="http-request-method", patterns=("GET",)),
        TEST_ENDPOINT="https://proxy.example/base/",
    )
    assert (reach.base_url, reach.host) == ("https://proxy.example/base", "")
    assert (reach.fence.within, reach.headers) == ("/", {"x-test": "1"})
    assert reach.sent.host == ""


def test_behind_an_endpoint_the_host_is_known_where_the_rule_takes_it():
    assert find(TEST_ENDPOINT="http://g.a.com").sent.host == "g.a.com"
    assert find(host("*.a.com"), TEST_ENDPOINT="http://g.a.com").sent.host == "g.a.com"
    named = find(host("*.a.com"), TEST_ENDPOINT="http://x.example", TEST_HOST="g.a.com")
    assert (named.sent.host, named.host) == ("g.a.com", "g.a.com")


@pytest.mark.parametrize(
    ("condition", "endpoint", "says"),
    [
        (path("/shop/*"), "http://lb-1.example.net:9001/", "add its path"),
        (path("/shop/*"), "http://lb-1.example.net:9001/shopping", "add its path"),
        (Condition(field="query-string", patterns=("v=2",)), "http://lb-1.example.net:9001", "v=2"),
    ],
)
def test_an_endpoint_that_is_the_listener_itself_vouches_for_nothing(condition, endpoint, says):
    assert says in refusal(condition, TEST_ENDPOINT=endpoint)


def test_an_endpoint_that_is_the_listener_keeps_its_path():
    reach = find(path("/s*", "/shop/*"), TEST_ENDPOINT="http://LB-1.example.net:9001/shop/v1")
    assert (reach.base_url, reach.fence.within) == ("http://LB-1.example.net:9001/shop/v1", "/s")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://g.a.com:99999",
        "http://g.a.com:65536",
        "http://g.a.com:0",
        "http://g.a.com:080",
        f"http://{'a' * 64}.com",
        "http://a..b",
        "http://größe.example",
        "http://g.a.com/é",
    ],
)
def test_an_endpoint_that_nothing_can_be_asked_at_is_refused(endpoint):
    assert "expected http(s)://host[:port][/path]" in refusal(TEST_ENDPOINT=endpoint)


@pytest.mark.parametrize(
    "endpoint", ["http://[::1]:65535", "http://10.0.0.1:1/a%20b/", "https://a_b.c-d.example./x"]
)
def test_any_endpoint_that_can_be_asked_is_taken(endpoint):
    assert parse_config({"GATE": "g", "TEST_ENDPOINT": endpoint}).test_endpoint == endpoint


def test_the_digest_follows_all_that_is_sent():
    plain = find(header("x-test", "1"))
    others = [
        find(header("x-test", "2")),
        find(header("x-test", "1"), TEST_HOST="g.a.com"),
        find(header("x-test", "1"), path("/a*")),
        with_bars(plain, [Bar(header="x", patterns=("1",), rule="r")]),
    ]
    assert len({reach.digest for reach in (plain, *others)}) == 5


FIELDS = st.sampled_from(["host-header", "path-pattern", "http-header", "source-ip"])


@given(
    conditions=st.lists(
        st.builds(
            Condition,
            field=FIELDS,
            patterns=st.none()
            | st.lists(st.text("/ab.*?\\\n", min_size=1, max_size=4), max_size=3).map(tuple),
            name=st.sampled_from(["x-a", "X-A", "x-b", "Host", "TE"]),
        ),
        max_size=4,
    ),
    secure=st.booleans(),
    given_host=st.none() | st.sampled_from(["a", "b.a"]),
    given_headers=st.dictionaries(st.sampled_from(["x-a", "x-b"]), st.text("ab", min_size=1)),
    own_path=st.none() | st.sampled_from(["", "/a", "/a/b"]),
)
def test_what_is_found_is_taken_by_the_rule_or_refused(
    conditions, secure, given_host, given_headers, own_path
):
    """Whatever the rule and the user say: no request is sent that the rule may leave to another."""
    details = {"TEST_HOST": given_host, "TEST_HEADERS": given_headers}
    if own_path is not None:
        listener = SECURE if secure else LISTENER
        scheme, address = listener.protocol.lower(), f"{listener.name}:{listener.port}"
        details["TEST_ENDPOINT"] = f"{scheme}://{address}{own_path}"
    try:
        reach = find(
            *conditions,
            listener=SECURE if secure else LISTENER,
            **{key: value for key, value in details.items() if value},
        )
    except InputError as exc:
        assert exc.problems
        return
    assert all(must_meet(condition, reach.sent) for condition in conditions)
    assert not secure or reach.host or own_path is not None
