"""The simulation's interpreter does what moto's does, on the definition as it is shipped."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.local.moto.conftest import FunctionError, Functions, States
from tests.schedules.kernel import Kernel
from tests.schedules.states_language.choices import check_rule, is_met
from tests.schedules.states_language.definition import (
    SHIPPED,
    functions_of,
    load_shipped,
    parse_definition,
)
from tests.schedules.states_language.errors import StateError, UnknownFeatureError
from tests.schedules.states_language.interpreter import Interpreter, Invocation, place_result
from tests.schedules.states_language.paths import Scope, read, resolve

GIVEN = {"schema": "testgate.input/1", "who": "nobody in particular"}
PASSED = {"outcome": "passed", "error": "Testgate.Passed", "sentence": "all passed"}
REFUSED = {"outcome": "failed", "error": "Testgate.Failed", "sentence": "1 of 2 failed"}
LATER = {"errorType": "UnavailableError", "errorMessage": "later"}
BROKEN = {"errorType": "ValueError", "errorMessage": "it broke"}


def due(name, shard=1):
    return {"suite": name, "shard": shard, "attempt": 1, "task_timeout_s": 30}


def ready(*waves):
    listed = [list(wave) for wave in waves]
    run = {"input_digest": "i", "plan_digest": "p"}
    return {
        "ready": True,
        "waves": listed,
        "wave_count": len(waves),
        "parallel": 10,
        "plan_digest": "p",
        "run": run,
    }


def ran(suite="smoke", again=False):
    return {"suite": suite, "shard": 1, "attempt": 1, "evidence": "e", "again": again}


@dataclass
class Script:
    """What each function answers, call by call; the last answer is repeated."""

    prepare: list[Any] = field(default_factory=lambda: [ready([due("smoke")])])
    check: list[Any] = field(default_factory=lambda: [{"go_on": True}])
    run_suite: list[Any] = field(default_factory=lambda: [ran()])
    judge: list[Any] = field(default_factory=lambda: [PASSED])

    def play(self) -> tuple[dict[str, Callable[[Any], Any]], list[tuple[str, Any]]]:
        """Handlers by placeholder, and the list that their calls go to."""
        told: list[tuple[str, Any]] = []
        lines = {
            "Prepare": self.prepare,
            "Check": self.check,
            "RunSuite": self.run_suite,
            "Judge": self.judge,
        }

        def handler(name: str) -> Callable[[Any], Any]:
            def handle(event: Any) -> Any:
                nth = sum(function == name for function, _ in told)
                told.append((name, event))
                answer = lines[name][min(nth, len(lines[name]) - 1)]
                if isinstance(answer, dict) and "errorType" in answer:
                    raise FunctionError(answer)
                return answer

            return handle

        return {name: handler(name) for name in lines}, told


SCRIPTS = {
    "passes": Script(),
    "two waves and two shards": Script(
        prepare=[ready([due("a"), due("b")], [due("c"), due("c", 2)])]
    ),
    "is refused": Script(judge=[REFUSED]),
    "is not ready": Script(
        prepare=[{"ready": False, "outcome": "infra_error", "sentence": "no"}], judge=[REFUSED]
    ),
    "is not worth going on": Script(
        prepare=[ready([due("a")], [due("b")])], check=[{"go_on": False}], judge=[REFUSED]
    ),
    "cannot be checked": Script(prepare=[ready([due("a")], [due("b")])], check=[BROKEN]),
    "cannot be prepared": Script(prepare=[BROKEN], judge=[REFUSED]),
    "crashes in a suite": Script(run_suite=[BROKEN], judge=[REFUSED]),
    "tries a suite again": Script(run_suite=[ran(again=True), ran()]),
    "retries a suite": Script(run_suite=[LATER, LATER, ran()]),
    "cannot be judged": Script(judge=[BROKEN]),
    "says nothing": Script(judge=[{}]),
    "answers nothing": Script(run_suite=[None], judge=[REFUSED]),
    "does not say whether it is ready": Script(prepare=[{}]),
    "answers too much": Script(run_suite=["x" * 300_000]),
}


def shipped(functions: dict[str, str]) -> str:
    """The shipped definition with those functions, and pauses of a second between retries."""
    definition = json.loads(SHIPPED.read_text())

    def hurried(value: Any) -> Any:
        if isinstance(value, list):
            return [hurried(item) for item in value]
        if not isinstance(value, dict):
            return value
        pauses = {"IntervalSeconds": 1, "BackoffRate": 1.0}
        return {key: pauses.get(key, hurried(item)) for key, item in value.items()}

    text = json.dumps(hurried(definition)).replace("${Partition}", "aws")
    for name, arn in functions.items():
        text = text.replace(f"${{{name}FunctionArn}}", arn)
    return text


def by_moto(script: Script, states: States, functions: Functions) -> dict[str, Any]:
    handlers, told = script.play()
    arns = {name: functions.add(handler) for name, handler in handlers.items()}
    definition = json.loads(shipped(arns))
    execution = states.start(states.machine(definition.pop("States"), **definition), GIVEN)
    seen = states.ended(execution)
    exits = [
        (event["stateExitedEventDetails"]["name"], event["stateExitedEventDetails"]["output"])
        for event in states.events(execution)
        if "stateExitedEventDetails" in event
    ]
    return {
        "status": seen["status"],
        "output": json.loads(seen.get("output") or "null"),
        "error": seen.get("error"),
        "calls": told,
        "exits": [(name, json.loads(output)) for name, output in exits],
    }


def by_simulation(script: Script) -> dict[str, Any]:
    handlers, told = script.play()
    kernel, exits = Kernel(), list[tuple[str, Any]]()
    seen: dict[str, Any] = {"status": "SUCCEEDED", "output": None, "error": None}

    def invoke(function_arn: str, payload: Any) -> Invocation:
        name = function_arn.rpartition(":")[2].removesuffix("FunctionArn")
        errors: list[StateError] = []

        def work() -> Any:
            try:
                return handlers[name](json.loads(json.dumps(payload)))
            except FunctionError as exc:
                errors.append(StateError(exc.document["errorType"], json.dumps(exc.document)))

        process = kernel.spawn(name, work)

        def answer() -> Any:
            if errors:
                raise errors[0]
            return process.value

        return Invocation(process, answer)

    def run() -> None:
        interpreter = Interpreter(
            definition=parse_definition(shipped({})),
            context={
                "Execution": {"Id": "a", "Name": "n", "StartTime": "t", "Input": GIVEN},
                "StateMachine": {"Id": "m", "Name": "m"},
            },
            kernel=kernel,
            invoke=invoke,
            left=lambda name, data: exits.append((name, data)),
        )
        try:
            seen["output"] = interpreter.run(GIVEN)
        except StateError as exc:
            seen.update(status="FAILED", error=exc.name)

    kernel.spawn("execution", run)
    kernel.run(10_000)
    return {**seen, "calls": told, "exits": exits}


def comparable(value: Any) -> Any:
    """Without what differs by design: names and moments of executions, the words of causes."""
    if isinstance(value, list | tuple):
        return [comparable(item) for item in value]
    if not isinstance(value, dict):
        return value
    hidden = {"arn", "name", "started_at", "Cause"}
    return {key: "…" if key in hidden else comparable(item) for key, item in value.items()}


def ordered(pairs: list[tuple[str, Any]]) -> list[str]:
    """Items of a Map may come in any order."""
    return sorted(json.dumps([name, comparable(value)], sort_keys=True) for name, value in pairs)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_an_execution_goes_as_in_motos_interpreter(
    name: str, states: States, functions: Functions
) -> None:
    simulated = by_simulation(SCRIPTS[name])
    expected = by_moto(SCRIPTS[name], states, functions)
    for what in ("status", "output", "error"):
        assert simulated[what] == expected[what], what
    assert ordered(simulated["calls"]) == ordered(expected["calls"])
    assert ordered(simulated["exits"]) == ordered(expected["exits"])


def test_every_function_of_the_definition_has_its_script():
    handlers, _ = Script().play()
    named = {name.removesuffix("FunctionArn") for name in functions_of(load_shipped())}
    assert named == set(handlers)


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Activity", "End": True},
        {"Type": "Pass", "End": True, "Assign": {}},
        {"Type": "Pass", "End": True, "Next": "Other"},
        {"Type": "Pass", "End": True, "Parameters": {"x.$": "States.UUID()"}},
        {"Type": "Pass", "End": True, "Parameters": {"x.$": "$.list[*]"}},
        {"Type": "Pass", "End": True, "OutputPath": "$..any"},
        {"Type": "Task", "End": True, "Resource": "arn:aws:states:::sns:publish"},
        {"Type": "Choice", "Choices": [{"Variable": "$.x", "StringMatches": "a*", "Next": "A"}]},
        {"Type": "Wait", "End": True, "Timestamp": "2026-11-23T08:00:00Z"},
    ],
)
def test_what_the_interpreter_does_not_know_it_refuses(state):
    with pytest.raises(UnknownFeatureError):
        parse_definition(json.dumps({"StartAt": "It", "States": {"It": state}}))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$.a.b[1]", 2),
        ("$['a']['b'][0]", 1),
        ("$$.State.Name", "It"),
        ("States.Array($.a.b, 'x', 1.5, true)", [[1, 2], "x", 1.5, True]),
        ("States.ArrayGetItem($.a.b, States.MathAdd(0, 1))", 2),
        ("States.ArrayLength(States.Array())", 0),
        ("States.Format('{} is {}: {}', 'it', $.a.b, null)", "it is [1,2]: null"),
        (r"States.Format('it\'s \{{}\}', 1)", "it's {1}"),
        ("States.StringToJson(States.JsonToString($.a))", {"b": [1, 2]}),
    ],
)
def test_expressions(expression, value):
    assert read(expression, Scope({"a": {"b": [1, 2]}}, {"State": {"Name": "It"}})) == value


@pytest.mark.parametrize("expression", ["$.no", "$.a.b[2]", "$.a[0]", "$.a.b.c"])
def test_a_path_that_leads_nowhere_is_a_runtime_error(expression):
    with pytest.raises(StateError, match=r"States\.Runtime"):
        read(expression, Scope({"a": {"b": [1, 2]}}, {}))


def test_templates_replace_only_what_asks_for_it():
    template = {"a.$": "$.x", "b": ["$.x", {"c.$": "$.x"}]}
    assert resolve(template, Scope({"x": 1}, {})) == {"a": 1, "b": ["$.x", {"c": 1}]}


def test_a_result_goes_where_its_path_says():
    assert place_result("$", {"a": 1}, 2) == 2
    assert place_result(None, {"a": 1}, 2) == {"a": 1}
    assert place_result("$.b.c", {"a": 1}, 2) == {"a": 1, "b": {"c": 2}}


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ({"Variable": "$.n", "NumericLessThanPath": "$.m"}, True),
        ({"Variable": "$.n", "NumericEquals": 2}, False),
        ({"Variable": "$.n", "StringEquals": "1"}, False),
        ({"Variable": "$.s", "StringEquals": "x"}, True),
        ({"Variable": "$.no", "IsPresent": False}, True),
        ({"Variable": "$.no", "IsPresent": True}, False),
        ({"Not": {"Variable": "$.z", "IsNull": True}}, False),
        (
            {
                "And": [
                    {"Variable": "$.b", "BooleanEquals": True},
                    {"Variable": "$.n", "IsString": True},
                ]
            },
            False,
        ),
        (
            {
                "Or": [
                    {"Variable": "$.b", "BooleanEquals": True},
                    {"Variable": "$.no", "IsNull": True},
                ]
            },
            True,
        ),
    ],
)
def test_choices(rule, met):
    check_rule(rule)
    scope = Scope({"n": 1, "m": 2, "s": "x", "b": True, "z": None}, {})
    assert is_met(rule, scope) is met
