"""StartExecution: names, inputs and idempotency as AWS documents them."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import ROLE, Functions, Gate, States

PASS: dict[str, Any] = {"Pass": {"Type": "Pass", "End": True}}


def code_of(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def running(states: States, functions: Functions):
    """A machine whose executions run until its gate opens."""
    gate = Gate()
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": functions.add(gate.handler)},
        "End": True,
    }
    yield states.machine({"Task": task})
    gate.opened.set()


def test_a_missing_name_becomes_a_uuid(states: States) -> None:
    machine = states.machine(PASS)
    first, second = (states.describe(states.start(machine))["name"] for _ in range(2))
    assert uuid.UUID(first) != uuid.UUID(second)


@pytest.mark.parametrize("name", ["x" * 81, "a b", "a:b", "a<b", "a,b", "a/b", "a\x7fb", "a*", "$"])
def test_a_forbidden_name_is_refused(states: States, name: str) -> None:
    machine = states.machine(PASS)
    call = states.client.start_execution
    assert code_of(call, stateMachineArn=machine, name=name) == "InvalidName"


def test_a_name_of_80_characters_is_accepted(states: States) -> None:
    execution = states.start(states.machine(PASS), name="a.b-c_d=é@!+" + "x" * 68)
    assert states.ended(execution)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("text", ["no json", '{"a": NaN}', "", '"' + "x" * 262_143 + '"'])
def test_an_input_that_is_no_json_or_too_large_is_refused(states: States, text: str) -> None:
    machine = states.machine(PASS)
    call = states.client.start_execution
    assert code_of(call, stateMachineArn=machine, input=text) == "InvalidExecutionInput"


def test_an_input_of_the_largest_size_is_accepted(states: States) -> None:
    states.start(states.machine(PASS), "x" * (262_144 - 2))


def test_the_same_start_again_is_the_same_execution(states: States, running: str) -> None:
    answers = [
        states.client.start_execution(stateMachineArn=running, name="once", input='{"a": 1}')
        for _ in range(2)
    ]
    assert answers[0]["executionArn"] == answers[1]["executionArn"]
    assert answers[0]["startDate"] == answers[1]["startDate"]


def test_a_used_name_with_another_input_is_refused(states: States, running: str) -> None:
    states.start(running, {"a": 1}, name="once")
    call = states.client.start_execution
    found = code_of(call, stateMachineArn=running, name="once", input='{"a": 2}')
    assert found == "ExecutionAlreadyExists"


def test_a_name_of_a_closed_execution_is_refused(states: States) -> None:
    machine = states.machine(PASS)
    states.ended(states.start(machine, name="once"))
    call = states.client.start_execution
    assert code_of(call, stateMachineArn=machine, name="once") == "ExecutionAlreadyExists"


def test_an_unknown_execution_does_not_exist(states: States) -> None:
    known = states.start(states.machine(PASS))
    unknown = known.rsplit(":", 1)[0] + ":none"
    call = states.client.describe_execution
    assert code_of(call, executionArn=unknown) == "ExecutionDoesNotExist"


def test_an_execution_outlives_its_machine(states: States) -> None:
    machine = states.machine(PASS)
    execution = states.start(machine)
    states.client.delete_state_machine(stateMachineArn=machine)
    assert states.ended(execution)["status"] == "SUCCEEDED"


def test_creating_a_machine_again_is_idempotent_and_another_definition_refused(
    states: States,
) -> None:
    name = f"m-{uuid.uuid4().hex[:12]}"
    definition = {"StartAt": "Pass", "States": PASS}
    create = states.client.create_state_machine
    first, second = (
        create(name=name, definition=json.dumps(definition), roleArn=ROLE)["stateMachineArn"]
        for _ in range(2)
    )
    assert first == second
    other = json.dumps({**definition, "Comment": "another"})
    found = code_of(create, name=name, definition=other, roleArn=ROLE)
    assert found == "StateMachineAlreadyExists"


def test_a_definition_that_does_not_parse_is_refused(states: States) -> None:
    create = states.client.create_state_machine
    found = code_of(create, name="bad", definition='{"StartAt": "Nowhere"}', roleArn=ROLE)
    assert found == "InvalidDefinition"
