"""docs/testgate.schema.json, for editors: it allows what publish takes, and knows the same keys."""

import json
from datetime import date
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.config import MAX_TIMEOUT_S, MIN_TIMEOUT_S
from testgate.core.errors import PlanError
from testgate.core.frameworks import FRAMEWORKS
from testgate.core.gatefile import FILE_KEYS, GATE_KEYS, SUITE_KEYS, parse_gate_file
from testgate.core.identity_check import KEYS as IDENTITY_KEYS
from testgate.core.plan import (
    MAX_ATTEMPTS,
    MAX_SHARDS,
    MAX_SUITE_TIMEOUT_S,
    NAME,
    EvidenceKind,
)
from testgate.core.quarantine import KEYS as QUARANTINE_KEYS

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "testgate.schema.json").read_text())
SUITE = SCHEMA["$defs"]["suite"]["properties"]
TODAY = date(2026, 11, 25)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("properties", "keys"),
    [
        (SCHEMA["properties"], FILE_KEYS),
        (SCHEMA["properties"]["gate"]["properties"], GATE_KEYS),
        (SUITE, SUITE_KEYS),
        (SCHEMA["properties"]["identity"]["properties"], IDENTITY_KEYS),
        (
            SCHEMA["properties"]["quarantine"]["items"]["properties"],
            ("suite", *QUARANTINE_KEYS),
        ),
    ],
    ids=["file", "gate", "suite", "identity", "quarantine"],
)
def test_it_knows_the_keys_of_the_parser_and_no_other(properties, keys):
    assert set(properties) == set(keys)


def test_its_limits_are_the_plans():
    assert SUITE["timeout_s"]["maximum"] == MAX_SUITE_TIMEOUT_S
    assert SUITE["shards"]["maximum"] == MAX_SHARDS
    assert SUITE["attempts"]["maximum"] == MAX_ATTEMPTS
    assert SUITE["framework"]["enum"] == list(FRAMEWORKS)
    assert SUITE["evidence"]["enum"] == [kind.value for kind in EvidenceKind]
    timeout = SCHEMA["properties"]["gate"]["properties"]["timeout_s"]
    assert (timeout["minimum"], timeout["maximum"]) == (MIN_TIMEOUT_S, MAX_TIMEOUT_S)
    assert SCHEMA["$defs"]["name"]["pattern"] == f"^{NAME.pattern}$"


NAMES = st.sampled_from(["a", "smoke-1", "A", "", "x" * 64])
NUMBERS = st.sampled_from([-1, 0, 1, 5, 6, 64, 65, 780, 781, True, "3", 1.5])
ODD = st.sampled_from(["report", "exit-code", "pytest", "command", "x", 1, True, [], ["sh"], [1]])
SUITES = st.fixed_dictionaries(
    {"name": NAMES, "path": st.sampled_from(["s", "", 1])},
    optional={
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
        "suites": st.lists(SUITES, max_size=2),
    },
    optional={"unknown": NUMBERS},
)


def toml(document):
    """The document as TOML, whose literals are JSON's for all that is used here."""
    lines = [f"{key} = {json.dumps(document[key])}" for key in document if key not in TABLES]
    lines += [
        "[gate]",
        *(f"{key} = {json.dumps(value)}" for key, value in document["gate"].items()),
    ]
    for suite in document["suites"]:
        lines += ["[[suites]]", *(f"{key} = {json.dumps(value)}" for key, value in suite.items())]
    return "\n".join(lines)


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
    assert any(suite.framework not in FRAMEWORKS for suite in parsed.suites)
