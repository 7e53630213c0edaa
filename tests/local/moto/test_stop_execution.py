"""StopExecution and time-outs: at once, for good, with error, cause, date and history."""

import itertools
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Functions, Gate, States, eventually


def invoke(function: str, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        **fields,
    }


def token_wait(function: str, **fields: Any) -> dict[str, Any]:
    return {
        **invoke(function, **fields),
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": function, "Payload": {"Token.$": "$$.Task.Token"}},
    }


def stop(states: States, execution: str) -> dict[str, Any]:
    answer = states.client.stop_execution(executionArn=execution, error="Why", cause="Because")
    return dict(answer)


def assert_aborted(states: States, execution: str) -> dict[str, Any]:
    seen = states.describe(execution)
    assert (seen["status"], seen["error"], seen["cause"]) == ("ABORTED", "Why", "Because")
    last = states.events(execution)[-1]
    assert last["type"] == "ExecutionAborted"
    assert last["executionAbortedEventDetails"] == {"error": "Why", "cause": "Because"}
    return seen


def test_stopping_during_a_lambda_call_aborts_at_once_and_for_good(
    states: States, functions: Functions
) -> None:
    gate = Gate()
    called: list[Any] = []
    execution = states.start(
        states.machine(
            {
                "First": invoke(functions.add(gate.handler), Next="Second"),
                "Second": invoke(functions.add(called.append), End=True),
            }
        )
    )
    assert gate.entered.wait(10)
    answer = stop(states, execution)
    seen = assert_aborted(states, execution)
    assert seen["stopDate"] == answer["stopDate"]
    gate.opened.set()
    eventually(lambda: threads_of(execution), lambda alive: not alive)
    later = assert_aborted(states, execution)
    assert later["stopDate"] == seen["stopDate"]
    assert called == []


def threads_of(execution: str) -> list[str]:
    name = f"execution-{execution.rsplit(':', 1)[1]}"
    return [thread.name for thread in threading.enumerate() if thread.name == name]


def test_stopping_ends_a_token_wait(states: States, functions: Functions) -> None:
    entered = threading.Event()
    function = functions.add(lambda event: entered.set())
    execution = states.start(states.machine({"Wait": token_wait(function, End=True)}))
    assert entered.wait(10)
    stop(states, execution)
    assert_aborted(states, execution)
    eventually(lambda: threads_of(execution), lambda alive: not alive)
    assert_aborted(states, execution)


def test_stopping_ends_a_wait(states: States) -> None:
    machine = states.machine({"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}})
    execution = states.start(machine)
    eventually(
        lambda: [event["type"] for event in states.events(execution)],
        lambda types: "WaitStateEntered" in types,
    )
    stop(states, execution)
    assert_aborted(states, execution)
    eventually(lambda: threads_of(execution), lambda alive: not alive)
    assert_aborted(states, execution)


def test_stopping_ends_a_map(states: States, functions: Functions) -> None:
    gate = Gate()
    each = {"Each": invoke(functions.add(gate.handler), End=True)}
    fan_out = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 2,
        "ItemProcessor": {"StartAt": "Each", "States": each},
        "End": True,
    }
    execution = states.start(states.machine({"Map": fan_out}), {"items": [1, 2, 3, 4]})
    assert gate.entered.wait(10)
    stop(states, execution)
    assert_aborted(states, execution)
    gate.opened.set()
    eventually(lambda: threads_of(execution), lambda alive: not alive)
    assert_aborted(states, execution)


def test_stopping_right_after_the_start_runs_nothing(states: States, functions: Functions) -> None:
    called: list[Any] = []
    machine = states.machine(
        {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Call"},
            "Call": invoke(functions.add(called.append), End=True),
        }
    )
    execution = states.start(machine)
    stop(states, execution)
    assert_aborted(states, execution)
    eventually(lambda: threads_of(execution), lambda alive: not alive)
    assert_aborted(states, execution)
    assert called == []


def test_stopping_a_closed_execution_changes_nothing(states: States) -> None:
    execution = states.start(states.machine({"Done": {"Type": "Succeed"}}), "text")
    before = states.ended(execution)
    assert stop(states, execution)["stopDate"] == before["stopDate"]
    after = states.describe(execution)
    assert (after["status"], after["output"]) == ("SUCCEEDED", '"text"')


def test_a_cause_over_the_limit_is_refused(states: States) -> None:
    execution = states.start(states.machine({"Done": {"Type": "Succeed"}}))
    with pytest.raises(ClientError, match="32768"):
        states.client.stop_execution(executionArn=execution, cause="x" * 32_769)


def test_the_machine_timeout_gives_a_stop_date_and_ends_the_history(
    states: States, functions: Functions
) -> None:
    gate = Gate()
    task = invoke(functions.add(gate.handler), End=True)
    seen = states.run({"Task": task}, TimeoutSeconds=1)
    gate.opened.set()
    assert seen["status"] == "TIMED_OUT"
    assert seen["stopDate"] > seen["startDate"]
    machine = seen["stateMachineArn"]
    listed = states.client.list_executions(stateMachineArn=machine)["executions"][0]
    assert listed["stopDate"] == seen["stopDate"]
    assert states.events(seen["executionArn"])[-1]["type"] == "ExecutionTimedOut"


def test_history_comes_in_pages_and_in_both_orders(states: States) -> None:
    names = [f"S{n}" for n in range(60)]
    chain: dict[str, Any] = {
        name: {"Type": "Pass", "Next": after} for name, after in itertools.pairwise(names)
    }
    execution = states.run({**chain, names[-1]: {"Type": "Pass", "End": True}})["executionArn"]
    history = states.client.get_execution_history
    first = history(executionArn=execution)
    assert len(first["events"]) == 100
    rest = history(executionArn=execution, nextToken=first["nextToken"])
    ids = [event["id"] for event in first["events"] + rest["events"]]
    assert ids == list(range(1, 123))
    assert "nextToken" not in rest
    newest = history(executionArn=execution, maxResults=1, reverseOrder=True)["events"]
    assert [event["type"] for event in newest] == ["ExecutionSucceeded"]
    bare = history(executionArn=execution, maxResults=1, includeExecutionData=False)["events"]
    assert "input" not in bare[0]["executionStartedEventDetails"]


def test_a_task_failed_by_its_token_keeps_the_cause(states: States, functions: Functions) -> None:
    tokens: list[str] = []
    function = functions.add(lambda event: tokens.append(event["Token"]))
    execution = states.start(states.machine({"Wait": token_wait(function, End=True)}))
    token = eventually(lambda: tokens, bool)[0]
    states.client.send_task_failure(taskToken=token, error="Broken", cause="a long story")
    seen = states.ended(execution)
    assert (seen["error"], seen["cause"]) == ("Broken", "a long story")
