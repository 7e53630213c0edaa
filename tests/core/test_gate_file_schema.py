"""docs/testgate.schema.json, for editors: it allows what publish takes, and knows the same keys."""

import json
import tomllib
from datetime import date
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.check_expectations import EXPECT_KEYS
from testgate.core.checks import CHECK_KEYS, MAX_CHECK_S, MAX_NAME_CHARS, MAX_RETRIES, METHODS
from testgate.core.conditions import OF_TEXT, Op
from testgate.core.config import MAX_TIMEOUT_S, MIN_TIMEOUT_S
from testgate.core.errors import PlanError
from testgate.core.gatefile import FILE_KEYS, GATE_KEYS, parse_gate_file
from testgate.core.gatefile_suites import SUITE_KEYS
from testgate.core.identity_check import KEYS as IDENTITY_KEYS
from testgate.core.plan import (
    MAX_ATTEMPTS,
    MAX_SHARDS,
    MAX_SUITE_TIMEOUT_S,
    NAME,
    OF_FILES,
    EvidenceKind,
    Runner,
)
from testgate.core.quarantine import KEYS as QUARANTINE_KEYS

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "testgate.schema.json").read_text())
SUITE = SCHEMA["$defs"]["suite"]["properties"]
CHECK = SCHEMA["$defs"]["check"]["properties"]
TODAY = date(2026, 11, 25)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_allows_what_the_page_of_checks_shows():
    page = (ROOT / "docs" / "http-checks.md").read_text()
    document = tomllib.loads(page.split("```toml\n")[1].split("```")[0])
    assert list(VALIDATOR.iter_errors(document)) == []
    del document["suites"][0]["checks"][0]["path"]
    assert not VALIDATOR.is_valid(document)


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("properties", "keys"),
    [
        (SCHEMA["properties"], FILE_KEYS),
        (SCHEMA["properties"]["gate"]["properties"], GATE_KEYS),
        (SUITE, SUITE_KEYS),
        (CHECK, CHECK_KEYS),
        (SCHEMA["$defs"]["expect"]["properties"], EXPECT_KEYS),
        (SCHEMA["$defs"]["condition"]["then"]["properties"], [op.value for op in Op]),
        (SCHEMA["$defs"]["text_condition"]["anyOf"][1]["properties"], OF_TEXT),
        (SCHEMA["properties"]["identity"]["properties"], IDENTITY_KEYS),
        (
            SCHEMA["properties"]["quarantine"]["items"]["properties"],
            ("suite", *QUARANTINE_KEYS),
        ),
    ],
    ids=[
        *("file", "gate", "suite", "check", "expect", "condition", "text"),
        *("identity", "quarantine"),
    ],
)
def test_it_knows_the_keys_of_the_parser_and_no_other(properties, keys):
    assert set(properties) == set(keys)


def test_its_limits_are_the_plans():
    assert SUITE["timeout_s"]["maximum"] == MAX_SUITE_TIMEOUT_S
    assert SUITE["shards"]["maximum"] == MAX_SHARDS
    assert SUITE["attempts"]["maximum"] == MAX_ATTEMPTS
    assert SUITE["framework"]["enum"] == list(OF_FILES)
    assert SUITE["runner"]["enum"] == [each.value for each in Runner]
    assert CHECK["method"]["enum"] == list(METHODS)
    assert CHECK["name"]["maxLength"] == MAX_NAME_CHARS
    assert CHECK["retries"]["maximum"] == MAX_RETRIES
    assert CHECK["timeout_s"]["maximum"] == MAX_CHECK_S
    assert SUITE["evidence"]["enum"] == [kind.value for kind in EvidenceKind]
    timeout = SCHEMA["properties"]["gate"]["properties"]["timeout_s"]
    assert (timeout["minimum"], timeout["maximum"]) == (MIN_TIMEOUT_S, MAX_TIMEOUT_S)
    assert SCHEMA["$defs"]["name"]["pattern"] == f"^{NAME.pattern}$"


NAMES = st.sampled_from(["a", "smoke-1", "A", "", "x" * 64])
NUMBERS = st.sampled_from([-1, 0, 1, 5, 6, 64, 65, 780, 781, True, "3", 1.5])
ODD = st.sampled_from(["report", "exit-code", "pytest", "command", "x", 1, True, [], ["sh"], [1]])
CONDITIONS = st.sampled_from(
    [
        1,
        "a",
        True,
        [],
        {"min": 1},
        {"min": "a"},
        {"exists": True},
        {},
        {"over": 1},
        {"matches": "a"},
    ]
)
EXPECTS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([200, "2xx", [200, "5xx"], [], 199, "200", True]),
        "headers": st.dictionaries(st.sampled_from(["etag"]), CONDITIONS, max_size=1),
        "json": st.dictionaries(st.sampled_from(["a.b", "x"]), CONDITIONS),
        "body": CONDITIONS,
        "max_latency_ms": NUMBERS,
        "unknown": NUMBERS,
    },
)
CHECKS = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", ""]), "path": st.sampled_from(["/a", "a", "/a b"])},
    optional={
        "method": st.sampled_from(["GET", "POST", "HEAD", "get"]),
        "headers": st.sampled_from([{}, {"x-a": "b"}, {"x-a": 1}, 1]),
        "body": st.sampled_from(["", 1]),
        "json": ODD,
        "expect": EXPECTS,
        "retries": NUMBERS,
        "timeout_s": NUMBERS,
        "unknown": NUMBERS,
    },
)
SUITES_OF_CHECKS = st.fixed_dictionaries(
    {"name": NAMES, "checks": st.lists(CHECKS, max_size=2)},
    optional={"runner": st.sampled_from(["http", "lambda", "x"]), "path": st.just("s")},
)
SUITES = st.fixed_dictionaries(
    {"name": NAMES, "path": st.sampled_from(["s", "", 1])},
    optional={
        "runner": st.sampled_from(["lambda", "http", 1]),
        **dict.fromkeys(("timeout_s", "min_tests", "shards", "attempts", "wave"), NUMBERS),
        **dict.fromkeys(("framework", "evidence", "command", "blocking", "thresholds"), ODD),
        "unknown": NUMBERS,
    },
)
GATES = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "services": st.sampled_from([["a/b"], ["a/*", "b/?"], [], "a/b", [1]]),
        "timeout_s": st.sampled_from([10, 1800, "x"]),
        "unknown": NUMBERS,
    },
)
FILES = st.fixed_dictionaries(
    {
        "schema": st.sampled_from([1, 1, 1, 2]),
        "gate": GATES,
        "suites": st.lists(SUITES | SUITES_OF_CHECKS, max_size=2),
    },
    optional={"unknown": NUMBERS},
)


def toml(document):
    """The document as TOML, whose literals are JSON's for all that is used here but tables."""
    lines = [f"{key} = {literal(document[key])}" for key in document if key not in TABLES]
    lines += [
        "[gate]",
        *(f"{key} = {literal(value)}" for key, value in document["gate"].items()),
    ]
    for suite in document["suites"]:
        lines += ["[[suites]]", *(f"{key} = {literal(value)}" for key, value in suite.items())]
    return "\n".join(lines)


def literal(value):
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {literal(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value)


TABLES = ("gate", "suites")


@given(FILES)
def test_whatever_the_parser_takes_is_valid(document):
    try:
        parse_gate_file(toml(document), TODAY)
    except PlanError:
        return
    # An unknown framework is found a step later, when there is a plan.
    errors = [each for each in VALIDATOR.iter_errors(document) if "framework" not in each.path]
    assert errors == []


@given(FILES)
def test_whatever_is_not_valid_the_parser_or_the_plan_refuses(document):
    if VALIDATOR.is_valid(document):
        return
    try:
        parsed = parse_gate_file(toml(document), TODAY)
    except PlanError:
        return
    assert any(each.framework not in OF_FILES and not each.checks for each in parsed.suites)
