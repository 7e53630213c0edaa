"""Plans and gate files: what is published, and everything that is wrong with what is not."""

import json
from datetime import date

import pytest

from testgate.core.errors import PlanError
from testgate.core.gatefile import parse_gate_file
from testgate.core.plan import Due, Plan
from testgate.core.plan_problems import plan_problems
from testgate.core.plan_reading import parse_plan
from tests.core.samples import plan, suite

TODAY = date(2026, 11, 23)

GATE = 'schema = 1\n[gate]\nname = "shop"\n'


def test_a_plan_survives_storage_under_its_digest():
    two = Plan(gate="shop", waves=((suite(),), (suite("rest", blocking=False),)))
    assert parse_plan(json.loads(two.json)) == two
    assert two.due == {Due(suite="smoke", shard=1), Due(suite="rest", shard=1)}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (plan(suite(blocking=False)), "has no blocking suite"),
        (plan(suite(), suite()), "'smoke' is named twice"),
        (Plan(gate="shop", waves=((suite(),), ())), "wave 2 has no suite"),
        (Plan(gate="shop", waves=()), "has no blocking suite"),
        (plan(suite(min_tests=0)), "min_tests is 0"),
        (plan(suite(timeout_s=781)), "timeout_s is 781"),
        (plan(suite(shards=65)), "shards is 65"),
        (plan(suite(attempts=6)), "attempts is 6"),
        (plan(suite(shards=61, attempts=5)), "may come to 305 runs"),
        (Plan(gate="shop", waves=((suite(),),), timeout_s=5), "timeout_s of [gate] is 5"),
        (plan(suite(framework="cobol")), "framework 'cobol' is not known"),
        (plan(suite(bundle="latest")), "bundle is 'latest', expected"),
        (plan(suite("Smoke")), "name is 'Smoke', expected"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told(changed, says):
    assert any(says in problem for problem in plan_problems(changed))
    with pytest.raises(PlanError):
        parse_plan(json.loads(changed.json))


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "testgate.plan/2"},
        {"gate": None},
        {"waves": {}},
        {"waves": [None]},
        {"waves": [[None]]},
        {"waves": [[{"name": "a"}]]},
        {"extra": 1},
    ],
)
def test_a_plan_of_another_shape_is_refused(change):
    with pytest.raises(PlanError):
        parse_plan(json.loads(plan().json) | change)


def test_a_gate_file_is_read_with_its_defaults():
    parsed = parse_gate_file(GATE + '[[suites]]\nname = "smoke"\npath = "smoke"\n', TODAY)
    (entry,) = parsed.suites
    assert (parsed.gate, entry.timeout_s, entry.min_tests, entry.blocking) == ("shop", 300, 1, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema = ", "not valid TOML"),
        (GATE, "no [[suites]] table"),
        (
            GATE.replace("1", "2") + '[[suites]]\nname="a"\npath="a"',
            "schema is 2, expected schema = 1",
        ),
        ('schema = 1\n[[suites]]\nname="a"\npath="a"', "[gate] name is missing"),
        (GATE + "gaet = 1\n", "no [[suites]] table"),
        (GATE + '[[suites]]\nname="a"\n', "path is missing"),
        (GATE + '[[suites]]\npath="a"\n', "name is missing"),
        (GATE + '[[suites]]\nname="a"\npath="a"\nmin_test=3', "unknown key 'min_test'"),
        (
            GATE + '[[suites]]\nname="a"\npath="a"\nmin_tests="3"',
            "min_tests is '3', expected a whole number",
        ),
        (GATE + '[[suites]]\nname="a"\npath="a"\nmin_tests=0', "min_tests is 0"),
        (GATE + '[[suites]]\nname="a"\npath="a"\nshards=65', "shards is 65, expected 1 to 64"),
        (GATE + '[[suites]]\nname="a"\npath="a"\nattempts=0', "attempts is 0, expected 1 to 5"),
        (GATE + '[[suites]]\nname="a"\npath="a"\nthresholds=3', "thresholds is 3, expected a l"),
        (GATE + '[[suites]]\nname="a"\npath="a"\nthresholds=["a"]', "threshold 'a' is not of"),
        (GATE + '[[suites]]\nname="a"\npath="a"\ncommand="sh x"', "command is 'sh x', expected"),
        (GATE + '[[suites]]\nname="a"\npath="a"\nevidence="no"', "evidence is 'no', expected"),
        (GATE + 'timeout_s="9"\n[[suites]]\nname="a"\npath="a"', "[gate] timeout_s is '9', exp"),
        (GATE + '[[suites]]\nname="a"\npath="a"\ntimeout_s=0', "timeout_s is 0"),
        (
            GATE + '[[suites]]\nname="a"\npath="a"\nblocking=1',
            "blocking is 1, expected true or false",
        ),
        ("suites = [1]\nschema = 1\n[gate]\nname='a'", "suites[1] is not a table"),
        ("surprise = 1\n" + GATE, "unknown key 'surprise'"),
    ],
)
def test_what_is_wrong_with_a_gate_file_is_told(text, says):
    with pytest.raises(PlanError) as caught:
        parse_gate_file(text, TODAY)
    assert says in str(caught.value)
