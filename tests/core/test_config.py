"""The user's keys: good values, bad values, and typos that must never weaken a gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.config import (
    EXECUTION_KEY,
    KNOWN_KEYS,
    STATE_KEY,
    Mode,
    OnCreate,
    parse_config,
    parse_details,
    show_config,
    spell_config,
)
from testgate.core.errors import ConfigError

DIGEST = "sha256:" + "a" * 64


def test_defaults_enforce_and_run():
    config = parse_config({"GATE": "shop"})
    assert (config.mode, config.on_create, config.timeout_s) == (Mode.ENFORCE, OnCreate.RUN, 1800)


def test_all_keys_are_read():
    config = parse_config(
        {
            "GATE": f"shop@{DIGEST}",
            "TEST_ENDPOINT": "https://green.example.com:8443/base",
            "TEST_HOST": "Green.Example.com",
            "TEST_HEADERS": {"X-Test": "Key 1"},
            "CONTAINER": "web",
            "MODE": "observe",
            "TIMEOUT_SECONDS": "600",
            "ON_CREATE": "skip",
            "PARAMETERS": {"REGION": "eu"},
            EXECUTION_KEY: "arn:…",
            STATE_KEY: {"troubles": 1},
        }
    )
    assert config.gate == f"shop@{DIGEST}"
    assert config.timeout_s == 600
    assert config.mode is Mode.OBSERVE
    assert config.parameters == {"REGION": "eu"}
    assert config.test_host == "green.example.com"
    assert config.test_headers == {"x-test": "Key 1"}


@pytest.mark.parametrize(
    "name", ["Connection", "TE", "transfer-encoding", "Content-Length", "Expect", "Upgrade"]
)
def test_a_header_that_frames_requests_is_refused(name):
    with pytest.raises(ConfigError, match="is each request's own"):
        parse_config({"GATE": "shop", "TEST_HEADERS": {name: "1"}})


@pytest.mark.parametrize("value", ["", " a", "a ", "a\r\nb: c", "a\x00", "a\tb", "ä", "\ud800"])
def test_a_headers_value_is_printable_or_refused_untold(value):
    with pytest.raises(ConfigError) as caught:
        parse_config({"GATE": "shop", "TEST_HEADERS": {"x-key": value}})
    told = "TEST_HEADERS: the value of x-key must be printable ASCII, not empty, without spaces"
    assert str(caught.value) == f"{told} around it"


def test_no_sentence_tells_a_headers_value():
    slips = [{"Authorization: Bearer hunter2": "x"}, {"x": {"hunter2": 1}}, {"x": "hunter2\n"}]
    for headers in slips:
        with pytest.raises(ConfigError) as caught:
            parse_config({"GATE": "shop", "TEST_HEADERS": headers})
        assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        parse_details('{"TEST_HEADERS": {"x": "hunter2"}')
    assert "hunter2" not in str(caught.value)


def test_people_are_shown_the_names_of_headers_alone():
    config = parse_config({"GATE": "shop", "TEST_HEADERS": {"x-b": "hunter2", "X-A": "hunter2"}})
    assert show_config(config) == spell_config(config) | {"TEST_HEADERS": ["x-a", "x-b"]}
    assert "TEST_HEADERS" not in show_config(parse_config({"GATE": "shop"}))


@pytest.mark.parametrize("raw", ["smoke, checkout", ["smoke", "checkout"]])
def test_suites_come_as_a_list_or_with_commas(raw):
    assert parse_config({"TEST_SUITES": raw}).test_suites == ("smoke", "checkout")


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({}, "names no tests"),
        ({"GATE": "shop", "TEST_SUITES": "smoke"}, "exclude each other"),
        ({"GATE": "shop", "TIMEOUT": 5}, "unknown key 'TIMEOUT'"),
        ({"GATE": "shop", "MOD": "observe"}, "did you mean MODE?"),
        ({"GATE": "shop", "mode": "observe"}, "did you mean MODE?"),
        ({"GATE": "shop", "XYZZY": 1}, "known keys: CONTAINER"),
        ({"GATE": "shop", "TEST_HOST": "a:80"}, "TEST_HOST: got 'a:80', expected a host's name"),
        ({"GATE": "shop", "TEST_HOST": "*.a.com"}, "expected a host's name"),
        ({"GATE": "shop", "TEST_HOST": "10.0.0.1"}, "expected a host's name"),
        ({"GATE": "shop", "TEST_HOST": "a..b"}, "expected a host's name"),
        ({"GATE": "shop", "TEST_HOST": "a\r\nb: c"}, "expected a host's name"),
        ({"GATE": "shop", "TEST_HOST": "a" * 64}, "expected a host's name"),
        ({"GATE": "shop", "TEST_HEADERS": ["x"]}, "TEST_HEADERS: expected an object of texts"),
        ({"GATE": "shop", "TEST_HEADERS": {"x": 1}}, "TEST_HEADERS: the value of 'x' must be text"),
        ({"GATE": "shop", "TEST_HEADERS": {"x y": "1"}}, "'x…' is not the name of a header"),
        ({"GATE": "shop", "TEST_HEADERS": {"": "1"}}, "'' is not the name of a header"),
        ({"GATE": "shop", "TEST_HEADERS": {"HOST": "a"}}, "Host is what TEST_HOST is for"),
        ({"GATE": "shop", "TEST_HEADERS": {"x": "1", "X": "2"}}, "names X twice"),
        ({"GATE": "shop", "TEST_HEADERS": {"x": "y" * 1024}}, "1025 bytes, at most 1024"),
        ({"GATE": ""}, "GATE: is empty"),
        ({"GATE": 7}, "GATE: expected text, got a number"),
        ({"GATE": "Shop"}, "GATE: got 'Shop', expected name or name@sha256"),
        ({"GATE": "shop@latest"}, "GATE: got 'shop@latest'"),
        ({"TEST_SUITES": []}, "TEST_SUITES: expected names"),
        ({"TEST_SUITES": "a,,b"}, "'' is not the name of a suite"),
        ({"TEST_SUITES": "a,a"}, "names suite 'a' twice"),
        ({"GATE": "shop", "MODE": "Observe"}, "MODE: got 'Observe', expected enforce or observe"),
        ({"GATE": "shop", "MODE": None}, "MODE: got null"),
        ({"GATE": "shop", "ON_CREATE": "ignore"}, "ON_CREATE: got 'ignore', expected run or skip"),
        ({"GATE": "shop", "TIMEOUT_SECONDS": 9}, "got 9, expected 10 to 82800 seconds"),
        ({"GATE": "shop", "TIMEOUT_SECONDS": True}, "expected a whole number of seconds"),
        ({"GATE": "shop", "TIMEOUT_SECONDS": 90.5}, "expected a whole number of seconds"),
        ({"GATE": "shop", "TIMEOUT_SECONDS": "1e3"}, "expected a whole number of seconds"),
        ({"GATE": "shop", "TEST_ENDPOINT": "green"}, "expected http(s)://"),
        ({"GATE": "shop", "TEST_ENDPOINT": "http://user@host"}, "expected http(s)://"),
        ({"GATE": "shop", "CONTAINER": "\ud800"}, "CONTAINER: '\\ud800' holds half a character"),
        ({"GATE": "shop", "PARAMETERS": {"A": "\ud800"}}, "holds half a character"),
        ({"GATE": "shop", "PARAMETERS": [1]}, "PARAMETERS: expected an object of texts"),
        ({"GATE": "shop", "PARAMETERS": {"a": "b"}}, "'a' is not a name of capitals"),
        ({"GATE": "shop", "PARAMETERS": {"A": 1}}, "A must be text, got a number"),
        ({"GATE": "shop", "PARAMETERS": {"A": "x" * 1100}}, "at most 1024 are allowed"),
    ],
)
def test_bad_configuration_is_refused_by_name(details, says):
    with pytest.raises(ConfigError) as caught:
        parse_config(details)
    assert says in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        parse_config({"GAT": "shop", "MODE": "x", "TIMEOUT_SECONDS": "soon"})
    assert len(caught.value.problems) == 4


def test_mode_is_no_part_of_the_question():
    observed = parse_config({"GATE": "shop", "MODE": "observe"})
    assert spell_config(observed) == spell_config(parse_config({"GATE": "shop"}))


def test_equal_meanings_are_spelled_alike():
    one = parse_config(
        {"TEST_SUITES": "a,b", "TIMEOUT_SECONDS": "600", "TEST_HEADERS": {"X-A": "1"}}
    )
    other = parse_config(
        {"TEST_SUITES": ["a", "b"], "TIMEOUT_SECONDS": 600.0, "TEST_HEADERS": {"x-a": "1"}}
    )
    assert spell_config(one) == spell_config(other)
    assert parse_config(spell_config(one)) == one


@given(
    key=st.text(min_size=1).filter(lambda key: key not in KNOWN_KEYS | {EXECUTION_KEY, STATE_KEY})
)
def test_no_unknown_key_is_ever_accepted(key):
    with pytest.raises(ConfigError):
        parse_config({"GATE": "shop", key: "x"})


@given(
    st.dictionaries(
        st.sampled_from(sorted(KNOWN_KEYS)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=5,
        ),
    )
)
def test_any_json_is_parsed_or_refused_and_nothing_else_happens(details):
    try:
        parse_config(details)
    except ConfigError as exc:
        assert exc.problems
