"""The States Language on the local AWS, as the documentation of AWS has it."""

import json
from typing import Any

import pytest

from .conftest import FunctionError, Functions, States

CAUGHT = {"Type": "Pass", "Result": "caught", "End": True}


def invoke(function: str, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        **fields,
    }


def catching(*errors: str) -> dict[str, Any]:
    return {"Catch": [{"ErrorEquals": list(errors), "Next": "Caught"}]}


def raising(document: Any) -> Any:
    def handler(event: Any) -> Any:
        raise FunctionError(document)

    return handler


def test_states_all_does_not_catch_an_output_over_the_limit(
    states: States, functions: Functions
) -> None:
    function = functions.add(lambda event: "x" * 300_000)
    task = invoke(function, End=True, **catching("States.ALL"))
    seen = states.run({"Task": task, "Caught": CAUGHT})
    assert (seen["status"], seen["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_an_output_over_the_limit_can_be_caught_by_its_name(
    states: States, functions: Functions
) -> None:
    function = functions.add(lambda event: "x" * 300_000)
    task = invoke(function, End=True, **catching("States.DataLimitExceeded"))
    assert states.output({"Task": task, "Caught": CAUGHT}) == "caught"


@pytest.mark.parametrize("wanted", ["States.ALL", "States.TaskFailed", "States.Runtime"])
def test_nothing_catches_a_runtime_error(states: States, functions: Functions, wanted: str) -> None:
    task = invoke(functions.add(lambda event: 1), End=True, **catching(wanted))
    task["Parameters"] = {"FunctionName.$": "$.nowhere"}
    seen = states.run({"Task": task, "Caught": CAUGHT})
    assert (seen["status"], seen["error"]) == ("FAILED", "States.Runtime")


def test_states_all_does_not_catch_a_runtime_error_of_a_map_item(states: States) -> None:
    each = {"Each": {"Type": "Pass", "Parameters": {"x.$": "$.nowhere"}, "End": True}}
    fan_out = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "Each", "States": each},
        "End": True,
        **catching("States.ALL"),
    }
    seen = states.run({"Map": fan_out, "Caught": CAUGHT}, [{}])
    assert (seen["status"], seen["error"]) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize("wanted", ["Boom", "States.TaskFailed", "States.ALL"])
def test_a_function_error_is_caught_by_its_type(
    states: States, functions: Functions, wanted: str
) -> None:
    document = {"errorType": "Boom", "errorMessage": "it broke"}
    task = invoke(functions.add(raising(document)), End=True, **catching(wanted))
    found = states.output({"Task": task, "Caught": {"Type": "Pass", "End": True}})
    assert found["Error"] == "Boom"
    assert json.loads(found["Cause"]) == document


def test_a_function_error_without_type_is_lambda_unknown(
    states: States, functions: Functions
) -> None:
    task = invoke(functions.add(raising({"errorMessage": "gone"})), End=True)
    assert states.run({"Task": task})["error"] == "Lambda.Unknown"


def test_a_missing_function_has_lambdas_own_error_name(states: States) -> None:
    seen = states.run({"Task": invoke("no-such-function", End=True)})
    assert seen["error"] == "Lambda.ResourceNotFoundException"


def test_retry_by_error_type_counts_and_then_succeeds(states: States, functions: Functions) -> None:
    counts: list[int] = []

    def handler(event: Any) -> Any:
        counts.append(event["count"])
        if len(counts) < 2:
            raise FunctionError({"errorType": "Flaky", "errorMessage": "again"})
        return "done"

    retry = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0}]
    task = invoke(functions.add(handler), End=True, Retry=retry, OutputPath="$.Payload")
    task["Parameters"] = {
        "FunctionName": task["Parameters"]["FunctionName"],
        "Payload": {"count.$": "$$.State.RetryCount"},
    }
    assert states.output({"Task": task}) == "done"
    assert counts == [0, 1]


def choosing(*rules: dict[str, Any]) -> dict[str, Any]:
    rule = rules[0] if len(rules) == 1 else {"And": list(rules)}
    return {"Type": "Choice", "Choices": [{**rule, "Next": "Met"}], "Default": "Other"}


NOWHERE = {"Variable": "$.a.b", "BooleanEquals": True}
PRESENT = {"Variable": "$.a.b", "IsPresent": True}
ENDS = {
    "Met": {"Type": "Pass", "Result": "met", "End": True},
    "Other": {"Type": "Pass", "Result": "other", "End": True},
}


@pytest.mark.parametrize("given", [{}, {"a": None}])
def test_a_choice_whose_variable_leads_nowhere_is_a_runtime_error(
    states: States, given: dict[str, Any]
) -> None:
    seen = states.run({"Choice": choosing(NOWHERE), **ENDS}, given)
    assert (seen["status"], seen["error"]) == ("FAILED", "States.Runtime")
    assert states.output({"Choice": choosing(PRESENT, NOWHERE), **ENDS}, given) == "other"
    assert (
        states.output({"Choice": choosing(PRESENT, NOWHERE), **ENDS}, {"a": {"b": True}}) == "met"
    )


def test_a_choice_without_match_and_default_says_so(states: States) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "Done"}],
    }
    seen = states.run({"Choice": choice, "Done": {"Type": "Succeed"}}, {"a": 2})
    assert (seen["status"], seen["error"]) == ("FAILED", "States.NoChoiceMatched")
    assert "'Choice'" in seen["cause"]


def test_a_choice_takes_its_match_or_its_default(states: States) -> None:
    machine = {
        "Choice": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}],
            "Default": "Other",
        },
        "One": {"Type": "Pass", "Result": "one", "End": True},
        "Other": {"Type": "Pass", "Result": "other", "End": True},
    }
    assert [states.output(machine, {"a": a}) for a in (1, 2)] == ["one", "other"]


def test_a_missed_heartbeat_has_its_own_error(states: States, functions: Functions) -> None:
    task = invoke(functions.add(lambda event: None), End=True, HeartbeatSeconds=1)
    task["Resource"] += ".waitForTaskToken"
    task["Parameters"] = {
        "FunctionName": task["Parameters"]["FunctionName"],
        "Payload": {"token.$": "$$.Task.Token"},
    }
    seen = states.run({"Task": {**task, "TimeoutSeconds": 60}})
    assert seen["error"] == "States.HeartbeatTimeout"


def test_the_context_object_names_the_execution(states: States) -> None:
    execution = states.start(
        states.machine(
            {
                "Pass": {
                    "Type": "Pass",
                    "Parameters": {
                        "id.$": "$$.Execution.Id",
                        "name.$": "$$.Execution.Name",
                        "start.$": "$$.Execution.StartTime",
                        "input.$": "$$.Execution.Input.a",
                        "state.$": "$$.State.Name",
                        "machine.$": "$$.StateMachine.Name",
                    },
                    "End": True,
                }
            }
        ),
        {"a": 5},
        name="known",
    )
    seen = json.loads(states.ended(execution)["output"])
    assert seen["id"] == execution
    assert (seen["name"], seen["input"], seen["state"]) == ("known", 5, "Pass")
    assert seen["start"].endswith("Z") and "T" in seen["start"]


def test_maps_nest_with_item_selectors(states: States) -> None:
    inner = {
        "Type": "Map",
        "ItemsPath": "$.shards",
        "MaxConcurrency": 1,
        "ItemSelector": {
            "suite.$": "$.suite",
            "shard.$": "$$.Map.Item.Value",
            "index.$": "$$.Map.Item.Index",
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Shard",
            "States": {"Shard": {"Type": "Pass", "End": True}},
        },
        "End": True,
    }
    outer = {
        "Type": "Map",
        "ItemsPath": "$.suites",
        "ItemSelector": {
            "suite.$": "$$.Map.Item.Value.name",
            "shards.$": "$$.Map.Item.Value.shards",
            "run.$": "$.run",
        },
        "ItemProcessor": {"StartAt": "Shards", "States": {"Shards": inner}},
        "ResultSelector": {"all.$": "$[*][*]"},
        "ResultPath": "$.result",
        "End": True,
    }
    suites = [{"name": "a", "shards": ["x", "y"]}, {"name": "b", "shards": ["z"]}]
    found = states.output({"Suites": outer}, {"run": 1, "suites": suites})
    assert found["result"]["all"] == [
        {"suite": "a", "shard": "x", "index": 0},
        {"suite": "a", "shard": "y", "index": 1},
        {"suite": "b", "shard": "z", "index": 0},
    ]


def test_a_result_selector_shapes_a_task_result(states: States, functions: Functions) -> None:
    function = functions.add(lambda event: {"n": event["n"] + 1})
    task = invoke(function, End=True, ResultSelector={"next.$": "$.Payload.n"}, ResultPath="$.r")
    assert states.output({"Task": task}, {"n": 1}) == {"n": 1, "r": {"next": 2}}


def test_a_task_timeout_is_taken_from_the_input(states: States, functions: Functions) -> None:
    task = invoke(functions.add(lambda event: None), End=True, **catching("States.Timeout"))
    task["Resource"] += ".waitForTaskToken"
    task["Parameters"] = {
        "FunctionName": task["Parameters"]["FunctionName"],
        "Payload": {"token.$": "$$.Task.Token"},
    }
    task["TimeoutSecondsPath"] = "$.limit_s"
    assert states.output({"Task": task, "Caught": CAUGHT}, {"limit_s": 1}) == "caught"


@pytest.mark.parametrize("suffix", ["", "Path"])
def test_fail_takes_error_and_cause_as_text_or_by_path(states: States, suffix: str) -> None:
    texts = {"Error": "Testgate.Failed", "Cause": "2 of 41 tests failed"}
    paths = {"ErrorPath": "$.error", "CausePath": "States.Format('{} of 41 tests failed', $.n)"}
    given = {"error": "Testgate.Failed", "n": 2}
    seen = states.run({"Fail": {"Type": "Fail", **(paths if suffix else texts)}}, given)
    assert seen["status"] == "FAILED"
    assert (seen["error"], seen["cause"]) == ("Testgate.Failed", "2 of 41 tests failed")


def test_a_map_item_that_fails_is_caught_by_the_map(states: States) -> None:
    each = {"Each": {"Type": "Fail", "Error": "Custom", "Cause": "why"}}
    fan_out = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "Each", "States": each},
        "End": True,
        **catching("Custom"),
    }
    assert states.output({"Map": fan_out, "Caught": CAUGHT}, [1]) == "caught"


@pytest.mark.parametrize("kind", ["Map", "Parallel"])
def test_a_predefined_error_of_an_item_or_branch_keeps_its_name(states: States, kind: str) -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "End"}]}
    inner = {"StartAt": "Choice", "States": {"Choice": choice, "End": {"Type": "Succeed"}}}
    body = {"ItemProcessor": inner} if kind == "Map" else {"Branches": [inner]}
    outer = {"Type": kind, "End": True, **body}
    assert states.run({"Outer": outer}, [1])["error"] == "States.NoChoiceMatched"
    caught = {**outer, **catching("States.ALL")}
    assert states.output({"Outer": caught, "Caught": CAUGHT}, [1]) == "caught"


def test_a_map_of_many_items_one_after_the_other_ends(states: States) -> None:
    """Because moto recurses once per item, and Python allows a thousand levels."""
    fan_out = {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": "Each", "States": {"Each": {"Type": "Pass", "End": True}}},
        "End": True,
    }
    assert states.output({"Map": fan_out}, list(range(1200))) == list(range(1200))


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50.0}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 10.0}, "FAILED"),
    ],
)
def test_a_distributed_map_fails_over_its_tolerance(
    states: States, tolerance: dict[str, Any], status: str
) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "Bad"}],
        "Default": "Good",
    }
    fan_out = {
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Choice",
            "States": {
                "Choice": choice,
                "Bad": {"Type": "Fail", "Error": "Bad"},
                "Good": {"Type": "Succeed"},
            },
        },
        "End": True,
        **tolerance,
    }
    seen = states.run({"Map": fan_out}, [1, 2, 3])
    assert seen["status"] == status
    if status == "FAILED":
        assert seen["error"] == "States.ExceedToleratedFailureThreshold"


def test_text_and_nothing_are_json_in_the_output(states: States) -> None:
    done = {"Done": {"Type": "Succeed"}}
    assert states.run(done, "text")["output"] == '"text"'
    none = {"Null": {"Type": "Pass", "OutputPath": None, "End": True}}
    assert states.run(none)["output"] == "{}"
