"""Service integrations spelled as AWS documents them, answered through the front."""

import json
import uuid
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from testgate.local.server import MotoServer

from .conftest import Functions, States


def task(resource: str, parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": parameters,
        **({"End": True} if "Next" not in fields else {}),
        **fields,
    }


@pytest.fixture
def bucket(server: MotoServer) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    server.client("s3").create_bucket(Bucket=name)
    return name


def test_a_nested_execution_returns_its_output(states: States) -> None:
    child = states.machine({"Child": {"Type": "Pass", "Result": {"b": 2}, "End": True}})
    parameters = {"StateMachineArn": child, "Input": {"a.$": "$.a"}}
    found = states.output({"Run": task("states:startExecution.sync:2", parameters)}, {"a": 1})
    assert (found["Status"], found["Output"], found["Input"]) == (
        "SUCCEEDED",
        {"b": 2},
        {"a": 1},
    )


def test_a_failed_nested_execution_fails_its_task(states: States) -> None:
    child = states.machine({"Child": {"Type": "Fail", "Error": "Inner", "Cause": "because"}})
    seen = states.run({"Run": task("states:startExecution.sync:2", {"StateMachineArn": child})})
    assert seen["error"] == "States.TaskFailed"
    assert json.loads(seen["cause"])["Error"] == "Inner"


def test_starting_without_waiting_gives_pascal_case_and_text_dates(states: States) -> None:
    child = states.machine({"Child": {"Type": "Succeed"}})
    found = states.output({"Run": task("states:startExecution", {"StateMachineArn": child})})
    assert sorted(found) == ["ExecutionArn", "StartDate"]
    assert "T" in found["StartDate"]


def test_objects_are_written_and_read_by_the_sdk_integration(states: States, bucket: str) -> None:
    put = task(
        "aws-sdk:s3:putObject",
        {"Bucket": bucket, "Key": "k", "Body": {"a": 1}},
        Next="Get",
        ResultPath=None,
    )
    get = task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "k"})
    found = states.output({"Put": put, "Get": get})
    assert json.loads(found["Body"]) == {"a": 1}
    assert "T" in found["LastModified"]


def test_an_sdk_error_is_named_after_service_and_exception(states: States, bucket: str) -> None:
    get = task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "none"})
    assert states.run({"Get": get})["error"] == "S3.NoSuchKeyException"


def test_routes_of_the_front_answer_integrations_too(server: MotoServer, states: States) -> None:
    asked: list[Any] = []
    target = "AmazonEC2ContainerServiceV20141113.DescribeServiceDeployments"

    def route(request: Request) -> Response | None:
        if request.headers.get("X-Amz-Target") != target:
            return None
        asked.append(request.get_json(force=True))
        answer = {"serviceDeployments": [{"status": "IN_PROGRESS", "createdAt": 1.5}]}
        return Response(json.dumps(answer), content_type="application/x-amz-json-1.1")

    server.front.add_route(route)
    describe = task("aws-sdk:ecs:describeServiceDeployments", {"ServiceDeploymentArns": ["arn"]})
    found = states.output({"Describe": describe})
    assert asked == [{"serviceDeploymentArns": ["arn"]}]
    assert found["ServiceDeployments"][0]["Status"] == "IN_PROGRESS"


def test_a_load_balancer_is_known_by_the_name_aws_uses(states: States) -> None:
    describe = task("aws-sdk:elasticloadbalancingv2:describeLoadBalancers", {})
    assert states.output({"Describe": describe}) == {"LoadBalancers": []}


def test_events_are_put_with_an_object_as_detail(states: States) -> None:
    entries = [{"Source": "testgate", "DetailType": "x", "Detail": {"a.$": "$.a"}}]
    found = states.output({"Put": task("events:putEvents", {"Entries": entries})}, {"a": 1})
    assert found["FailedEntryCount"] == 0


def test_a_function_gets_its_payload_and_answers_with_the_envelope(
    states: States, functions: Functions
) -> None:
    name = functions.add(lambda event: {"got": event})
    parameters = {"FunctionName": name, "Payload": {"a.$": "$.a"}}
    found = states.output({"Call": task("lambda:invoke", parameters)}, {"a": "ü"})
    assert found["Payload"] == {"got": {"a": "ü"}}
    assert found["StatusCode"] == 200
