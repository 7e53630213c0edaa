"""Checks as data: what they may say, what they come to, and which answers are as expected."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.check_expectations import EXPECT_KEYS, Expect
from testgate.core.checks import CHECK_KEYS, Check, read_check
from testgate.core.conditions import Op, read_condition, same
from testgate.core.errors import InputError, PlanError
from testgate.core.gatefile import parse_gate_file
from testgate.core.plan import Plan, Runner, Suite
from testgate.core.plan_problems import plan_problems
from testgate.core.plan_reading import parse_plan
from testgate.core.variables import filled, variables_problem

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 25)
HEAD = 'schema = 1\n[gate]\nname = "shop"\n[[suites]]\nname = "smoke"\n'


def parsed(lines, extra=""):
    return parse_gate_file(f"{HEAD}[[suites.checks]]\n{lines}\n{extra}", TODAY).suites[0]


def test_a_check_says_little_and_expects_success():
    suite = parsed('name = "health"\npath = "/health"')
    assert (suite.framework, suite.min_tests, suite.path) == ("http", 1, "")
    assert suite.checks == (Check(name="health", path="/health"),)
    assert suite.checks[0].expect.status_wrong(204) is None
    assert suite.checks[0].expect.status_wrong(302) == "status is 302, expected 2xx"


def test_a_check_says_all_of_it():
    (check,) = parsed(
        'name = "buy"\nmethod = "POST"\npath = "/cart?a=1"\nheaders = { X-Tenant = "a" }\n'
        'json = { b = [1, 2.5, true], a = "x" }\nretries = 0\ntimeout_s = 5\n'
        'expect.status = [201, "3xx"]\nexpect.headers.Location = { matches = "^/cart/" }\n'
        'expect.json."length(lines)" = 0\nexpect.json.total = { min = 1, max = 9 }\n'
        'expect.body = { contains = "x" }\nexpect.max_latency_ms = 300'
    ).checks
    assert check.sent == b'{"a":"x","b":[1,2.5,true]}'
    assert read_check(check.spell()) == check
    assert check.expect.status_wrong(200) == "status is 200, expected 201 or 3xx"
    assert json.loads(json.dumps(check.expect.spell())) == {
        "status": [201, "3xx"],
        "headers": {"Location": {"matches": "^/cart/"}},
        "json": {"length(lines)": 0, "total": {"min": 1, "max": 9}},
        "body": {"contains": "x"},
        "max_latency_ms": 300,
    }


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ("EUR", ["EUR"], ["eur", "EUR ", None, ["EUR"], 1]),
        (1, [1, 1.0], ["1", True, 2, None]),
        (True, [True], [1, "true", False, None]),
        ([1, {"a": "b"}], [[1.0, {"a": "b"}]], [[1], [True, {"a": "b"}], {"a": 1}]),
        ({"equals": {"a": 1}}, [{"a": 1}], [{"a": 1, "b": 2}, {"a": "1"}, {}, None]),
        ({"not_equals": 1}, [2, "1", True], [1, 1.0, None]),
        ({"min": 1, "max": 2}, [1, 1.5, 2], [0.9, 3, True, "1", None, float("inf"), [1]]),
        ({"max": 2}, [-5, 2], [10**400, None, "0"]),
        ({"matches": "^a.c$"}, ["abc"], ["xabc", 5, None, ["abc"]]),
        ({"contains": "b"}, ["abc", ["b"]], ["ac", ["abc"], None, {"b": 1}, 5]),
        ({"contains": 1}, [[2, 1]], ["1", [True], 1]),
        ({"exists": True}, [0, "", [], False], [None]),
        ({"exists": False}, [None], [0, "", [], False]),
        ({"exists": True, "matches": "a"}, ["a"], ["b", None]),
    ],
)
def test_only_what_is_expected_meets_a_condition(condition, good, bad):
    read = read_condition(condition)
    assert [value for value in good if read.wrong("x", value) is not None] == []
    assert [value for value in bad if read.wrong("x", value) is None] == []


def test_what_is_wrong_is_got_and_expected():
    says = [
        read_condition({"min": 42}).wrong("json total", 41),
        read_condition("EUR").wrong("json currency", "USD"),
        read_condition({"matches": "^/a"}).wrong("header location", None),
        read_condition({"exists": False}).wrong("json error", "no"),
    ]
    assert says == [
        "json total is 41, expected at least 42",
        'json currency is "USD", expected "EUR"',
        'header location is not there, expected a text that matches "^/a"',
        'json error is "no", expected not to be there',
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=2), each),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_equality_is_json_s_own(left, right):
    """As two canonical texts would say, but that a number has many spellings."""

    def spelled(value):
        if isinstance(value, dict):
            return {key: spelled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [spelled(item) for item in value]
        is_whole = isinstance(value, float) and value.is_integer()
        return int(value) if is_whole else value

    def text(value):
        return json.dumps(spelled(value), sort_keys=True)

    assert same(left, left)
    assert same(left, right) == (text(left) == text(right))


@given(
    st.dictionaries(
        st.sampled_from(
            ["equals", "not_equals", "min", "max", "matches", "contains", "exists", "x"]
        ),
        VALUES,
    )
    | VALUES
)
def test_any_condition_is_read_or_refused_and_keeps_its_meaning(raw):
    try:
        condition = read_condition(raw)
    except PlanError:
        return
    assert read_condition(condition.spell()) == condition
    assert (condition.wrong("x", None) is None) == (raw == {"exists": False})


@pytest.mark.parametrize(
    ("text", "comes_to"),
    [
        ("a", "a"),
        ("${TESTGATE_RUN_ID}/x", "r 1/x"),
        ("$${TESTGATE_RUN_ID} $$ $ {", "${TESTGATE_RUN_ID} $$ $ {"),
        ("${TESTGATE_PARAMETER_A}${TESTGATE_PARAMETER_A}", "${x}${x}"),
    ],
)
def test_variables_stand_for_the_run_s_values(text, comes_to):
    assert variables_problem(text) is None
    values = {"TESTGATE_RUN_ID": "r 1", "TESTGATE_PARAMETER_A": "${x}"}
    assert filled(text, values) == comes_to


def test_a_value_stands_for_itself_wherever_it_is_asked_for():
    check = read_check(
        {
            "name": "a",
            "path": "/a/${TESTGATE_PARAMETER_A}",
            "headers": {"x-a": "${TESTGATE_PARAMETER_A}"},
            "json": {"k": ["${TESTGATE_PARAMETER_A}"]},
            "method": "POST",
            "expect": {
                "body": {"matches": "^${TESTGATE_PARAMETER_A}$"},
                "json": {"x": "${TESTGATE_PARAMETER_A}"},
            },
        }
    )
    value = 'a.b/"?c'
    ready = check.filled({"TESTGATE_PARAMETER_A": value})
    assert ready.path == "/a/a.b%2F%22%3Fc"
    assert ready.headers == (("x-a", value),)
    assert json.loads(ready.json or "") == {"k": [value]}
    assert ready.expect.body is not None
    assert ready.expect.body.wrong("body", value) is None
    assert ready.expect.body.wrong("body", value.replace(".", "x")) is not None
    assert ready.expect.json[0][1].wrong("x", value) is None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "${TESTGATE_PARAMETER_A} has no value in this run: give A in PARAMETERS"),
        (
            {"TESTGATE_PARAMETER_A": ".."},
            "check 'a': path is '/..', expected one like /health, without dots and spaces",
        ),
        (
            {"TESTGATE_PARAMETER_A": "a\r\nb: c"},
            "check 'a': the value of x-a must be printable ASCII, not empty, without spaces around "
            "it",
        ),
    ],
)
def test_a_value_that_is_missing_or_cannot_stand_there_is_refused(values, says):
    given: dict[str, object] = {"name": "a", "path": "/${TESTGATE_PARAMETER_A}"}
    given |= {"headers": {"x-a": "${TESTGATE_PARAMETER_A}"}}
    with pytest.raises(InputError) as caught:
        read_check(given).filled(values)
    assert str(caught.value) == says


def test_the_variables_that_checks_know_are_those_that_suites_get():
    from testgate.core.variables import VARIABLES

    told = set()
    for file in ("state_machines/steps/prepare.py", "src/testgate/runner/environment.py"):
        text = (ROOT / file).read_text()
        told |= {word for word in text.split('"') if word.startswith("TESTGATE_")}
    assert told >= VARIABLES


def suite_of(*checks, **changes):
    values: dict[str, Any] = {
        "name": "smoke",
        "framework": "http",
        "checks": checks,
        "min_tests": len(checks),
    }
    return Suite(**(values | changes))


ONE = Check(name="one", path="/1")


def test_a_plan_holds_checks_and_no_bundle():
    plan = Plan(gate="shop", waves=((suite_of(ONE, Check(name="two", path="/2")),),))
    raw = json.loads(plan.json)
    (told,) = raw["waves"][0]
    assert (told["runner"], told["framework"], "bundle" in told) == ("http", "http", False)
    assert parse_plan(raw) == plan
    assert plan.suites[0].runner is Runner.HTTP


@pytest.mark.parametrize(
    "changes",
    [
        {"bundle": "sha256:" + "0" * 64},
        {"checks": ()},
        {"framework": "pytest", "bundle": "sha256:" + "0" * 64},
        {"shards": 2},
        {"min_tests": 2},
        {"checks": (ONE, ONE)},
        {"command": ("sh",)},
    ],
)
def test_a_suite_of_checks_is_nothing_else(changes):
    assert plan_problems(Plan(gate="shop", waves=((suite_of(ONE),),))) == []
    assert plan_problems(Plan(gate="shop", waves=((suite_of(ONE, **changes),),))) != []


def test_all_checks_but_quarantined_ones_must_run_by_default():
    two = 'name = "a"\npath = "/a"\n[[suites.checks]]\nname = "b"\npath = "/b"'
    entry = (
        '[[quarantine]]\nsuite = "smoke"\ntest = "b"\nowner = "me"\nreason = "slow"\n'
        "expires = 2026-12-01\n"
    )
    assert parsed(two).min_tests == 2
    assert parsed(two, entry).min_tests == 1


@given(st.dictionaries(st.sampled_from(["name", "path", "json", "expect", "headers"]), VALUES))
def test_any_table_is_a_check_or_is_refused(raw):
    try:
        check = read_check(raw)
    except PlanError:
        return
    assert read_check(json.loads(json.dumps(check.spell()))) == check
    assert check.expect == Expect() or "expect" in raw


def test_the_page_has_every_key_and_no_other():
    page = (ROOT / "docs" / "http-checks.md").read_text()
    table = page.split("| key | type | default |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(CHECK_KEYS)
    assert set(re.findall(r"^\| `expect\.(\w+)`", page, re.MULTILINE)) == set(EXPECT_KEYS)
    listed = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \| ", page.split("| comparison |")[1], re.M)
    assert {name for names in listed for name in names if name} == {op.value for op in Op}


@pytest.mark.parametrize("op", ["matches", "contains"])
def test_a_comparison_that_holds_of_every_text_is_refused(op):
    given: dict[str, object] = {"name": "a", "path": "/", "expect": {"body": {op: ""}}}
    with pytest.raises(PlanError, match=f"{op} is empty, which holds of every text"):
        read_check(given)
    given["expect"] = {"body": {op: "${TESTGATE_PARAMETER_A}"}}
    check = read_check(given)
    assert check.filled({"TESTGATE_PARAMETER_A": "x"}).expect.body is not None
    with pytest.raises(InputError, match=f"{op} is empty, .*: a variable of it is empty in this"):
        check.filled({"TESTGATE_PARAMETER_A": ""})
