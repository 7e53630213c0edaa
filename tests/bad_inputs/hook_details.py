"""hookDetails: what a service may write into its lifecycle hook, and gets wrong."""

import json
from typing import Any

from testgate.core.binding import parse_question
from testgate.core.config import parse_config, parse_details
from tests.bad_inputs.catalogue import BadInput
from tests.core.samples import question


def whole(raw: object, says: str, given: str = "") -> BadInput:
    """hookDetails as ECS hands them over."""
    return BadInput(
        kind="hookDetails",
        given=given or (raw if isinstance(raw, str) else json.dumps(raw)),
        act=lambda: parse_config(parse_details(raw)),
        says=says,
    )


def key(name: str, value: object, says: str) -> BadInput:
    """One key beside GATE (or in its place)."""
    spelled = json.dumps(value)
    return BadInput(
        kind="hookDetails",
        given=f"{name}: {spelled if len(spelled) < 80 else spelled[:40] + '…'}",
        act=lambda: parse_config({"GATE": "shop"} | {name: value}),
        says=says,
    )


def suites(value: object, says: str) -> BadInput:
    """TEST_SUITES without GATE."""
    return BadInput(
        kind="hookDetails",
        given=f"TEST_SUITES: {json.dumps(value)}",
        act=lambda: parse_config({"TEST_SUITES": value}),
        says=says,
    )


def started(given: str, says: str, change: Any) -> BadInput:
    """An execution that somebody started by hand, with this for input."""
    good = json.loads(question().input_json)
    raw = change(good) if callable(change) else change
    return BadInput(kind="execution input", given=given, act=lambda: parse_question(raw), says=says)


ROWS = (
    whole(
        "GATE=shop",
        "hookDetails is text that is not JSON: Expecting value: line 1 column 1 (char 0)",
    ),
    whole(
        "[" * 20_000,
        "hookDetails is text that is nested too deeply",
        "20,000 arrays in each other",
    ),
    whole(["shop"], "hookDetails must be a JSON object, got an array"),
    whole("7", "hookDetails must be a JSON object, got a number"),
    whole(
        {},
        "hookDetails names no tests: set GATE (a published gate) or TEST_SUITES (published suites)",
    ),
    whole(
        {"GATE": "shop", "TEST_SUITES": ["smoke"]},
        "GATE and TEST_SUITES exclude each other: set one of them",
    ),
    whole(
        {"GAT": "shop"},
        "unknown key 'GAT' in hookDetails; did you mean GATE?; hookDetails names no tests: set GATE (a published gate) or TEST_SUITES (published suites)",
    ),
    key(
        "XYZZY",
        1,
        "unknown key 'XYZZY' in hookDetails; known keys: CONTAINER, GATE, MODE, ON_CREATE, PARAMETERS, TEST_ENDPOINT, TEST_HEADERS, TEST_HOST, TEST_SUITES, TIMEOUT_SECONDS",
    ),
    key(
        "TEST_HOST",
        "green.example.com:443",
        "TEST_HOST: got 'green.example.com:443', expected a host's name, without port",
    ),
    key("TEST_HEADERS", ["x-test"], "TEST_HEADERS: expected an object of texts"),
    key("TEST_HEADERS", {"x-test": 1}, "TEST_HEADERS: the value of 'x-test' must be text"),
    key("TEST_HEADERS", {"x test": "1"}, "TEST_HEADERS: 'x…' is not the name of a header"),
    key("TEST_HEADERS", {"Host": "green"}, "TEST_HEADERS: Host is what TEST_HOST is for"),
    key(
        "TEST_HEADERS",
        {"Connection": "close"},
        "TEST_HEADERS: Connection is each request's own and cannot be set for all",
    ),
    key(
        "TEST_HEADERS",
        {"x-test": " 1"},
        "TEST_HEADERS: the value of x-test must be printable ASCII, not empty, without spaces around it",
    ),
    key("TEST_HEADERS", {"x-test": "1", "X-Test": "2"}, "TEST_HEADERS: names X-Test twice"),
    key(
        "TEST_HEADERS",
        {"x-test": "x" * 1020},
        "TEST_HEADERS: is 1026 bytes, at most 1024 are allowed",
    ),
    key("GATE", "", "GATE: is empty"),
    key("GATE", 7, "GATE: expected text, got a number"),
    key("GATE", None, "GATE: expected text, got null"),
    key("GATE", True, "GATE: expected text, got a boolean"),
    key("GATE", {"name": "shop"}, "GATE: expected text, got an object"),
    key("GATE", "Shop", "GATE: got 'Shop', expected name or name@sha256:<64 hex>"),
    key("GATE", "shop@latest", "GATE: got 'shop@latest', expected name or name@sha256:<64 hex>"),
    suites(
        [], "TEST_SUITES: expected names of suites, as a list or with commas, got an empty list"
    ),
    suites(7, "TEST_SUITES: expected names of suites, as a list or with commas, got a number"),
    suites(
        "smoke,,pay",
        "TEST_SUITES: '' is not the name of a suite: lower-case letters, digits, - and _",
    ),
    suites(
        ["Smoke"],
        "TEST_SUITES: 'Smoke' is not the name of a suite: lower-case letters, digits, - and _",
    ),
    suites("smoke, pay, smoke", "TEST_SUITES: names suite 'smoke' twice"),
    key("MODE", "Observe", "MODE: got 'Observe', expected enforce or observe"),
    key("MODE", None, "MODE: got null, expected enforce or observe"),
    key("ON_CREATE", "ignore", "ON_CREATE: got 'ignore', expected run or skip"),
    key("TIMEOUT_SECONDS", 9, "TIMEOUT_SECONDS: got 9, expected 10 to 82800 seconds"),
    key("TIMEOUT_SECONDS", 86_400, "TIMEOUT_SECONDS: got 86400, expected 10 to 82800 seconds"),
    key("TIMEOUT_SECONDS", "1e3", "TIMEOUT_SECONDS: expected a whole number of seconds, got '1e3'"),
    key("TIMEOUT_SECONDS", 90.5, "TIMEOUT_SECONDS: expected a whole number of seconds, got 90.5"),
    key(
        "TEST_ENDPOINT",
        "green.example.com",
        "TEST_ENDPOINT: got 'green.example.com', expected http(s)://host[:port][/path]",
    ),
    key(
        "TEST_ENDPOINT",
        "http://user:pass@green.example.com",
        "TEST_ENDPOINT: got 'http://user:pass@green.example.com', expected http(s)://host[:port][/path]",
    ),
    key("CONTAINER", ["web"], "CONTAINER: expected text, got an array"),
    key("CONTAINER", "\ud800", "CONTAINER: '\\ud800' holds half a character (a lone surrogate)"),
    key("PARAMETERS", ["x"], "PARAMETERS: expected an object of texts, got an array"),
    key(
        "PARAMETERS",
        {"region": "eu"},
        "PARAMETERS: 'region' is not a name of capitals, digits and _",
    ),
    key("PARAMETERS", {"REGION": 1}, "PARAMETERS: REGION must be text, got a number"),
    key(
        "PARAMETERS",
        {"REGION": "\ud800"},
        "PARAMETERS: '\\ud800' holds half a character (a lone surrogate)",
    ),
    key(
        "PARAMETERS",
        {"TEXT": "x" * 1100},
        "PARAMETERS: is 1111 bytes as JSON, at most 1024 are allowed",
    ),
    started("{}", "the execution's input is not testgate.input/1; start gate runs by a hook", {}),
    started(
        "the gate's own, without its stage",
        "the execution's input lacks config, revision or stage",
        lambda good: good | {"stage": None},
    ),
    started(
        "the gate's own, with the revision of another service",
        "revision 'arn:aws:ecs:us-east-1:123456789012:service-revision/shop/other/9313423515462893900' is not one of the deployment's service",
        lambda good: good | {"revision": good["revision"].replace("/web/", "/other/")},
    ),
    started(
        "the gate's own, and another key",
        "the execution's input holds more than a question",
        lambda good: good | {"more": 1},
    ),
)
