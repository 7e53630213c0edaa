"""`AWS::ECS::Service` in a template: done when its deployment has ended, and as it ended."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testgate.local.ecs import Behaviour, TextDetails
from tests.clients.conftest import Place, needs_aws_cli

_OFTEN = {"Delay": 0.05, "MaxAttempts": 1200}


def template(place: Place, *, text_details: bool = True) -> dict[str, Any]:
    """A task definition and a service whose hook answers what the parameter says."""
    (balancer,) = place.service()["loadBalancers"]
    details: Any = {"Fn::Sub": '{"ANSWER": "${Answer}"}'}
    return {
        "Parameters": {
            "Version": {"Type": "String"},
            "Answer": {"Type": "String", "Default": "SUCCEEDED"},
            "Count": {"Type": "Number", "Default": "1"},
        },
        "Resources": {
            "Web": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                    "ServiceName": place.name,
                    "Cluster": place.site.cluster,
                    "DesiredCount": {"Ref": "Count"},
                    "LaunchType": "FARGATE",
                    "TaskDefinition": {"Ref": "Task"},
                    "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
                    "LoadBalancers": [
                        {
                            "TargetGroupArn": balancer["targetGroupArn"],
                            "ContainerName": "app",
                            "ContainerPort": "8080",
                            "AdvancedConfiguration": {
                                name[:1].upper() + name[1:]: value
                                for name, value in balancer["advancedConfiguration"].items()
                            },
                        }
                    ],
                    "DeploymentConfiguration": {
                        "Strategy": "BLUE_GREEN",
                        "BakeTimeInMinutes": 0,
                        "LifecycleHooks": [
                            {
                                "HookTargetArn": place.hook.function_arn,
                                "RoleArn": place.hook.role_arn,
                                "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
                                "HookDetails": details
                                if text_details
                                else {"ANSWER": {"Ref": "Answer"}},
                                "TimeoutConfiguration": {
                                    "Action": "ROLLBACK",
                                    "TimeoutInMinutes": 60,
                                },
                            }
                        ],
                    },
                },
            },
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "Family": place.name,
                    "NetworkMode": "awsvpc",
                    "RequiresCompatibilities": ["FARGATE"],
                    "Cpu": 256,
                    "Memory": 512,
                    "ContainerDefinitions": [
                        {
                            "Name": "app",
                            "Image": "example.com/app:1",
                            "PortMappings": [{"ContainerPort": 8080}],
                            "Environment": [{"Name": "VERSION", "Value": {"Ref": "Version"}}],
                            "DockerLabels": {"Kept-As-Is": "yes"},
                        }
                    ],
                },
            },
        },
        "Outputs": {
            "Arn": {"Value": {"Ref": "Web"}},
            "Name": {"Value": {"Fn::GetAtt": ["Web", "Name"]}},
            "Task": {"Value": {"Ref": "Task"}},
        },
    }


@pytest.fixture
def stack(place: Place):
    """Creates or updates the stack and waits for its end; what it shows then."""
    cloudformation = place.client("cloudformation")

    def put(operation: str, body: dict[str, Any], **parameters: str) -> dict[str, Any]:
        start: Callable[..., Any] = getattr(cloudformation, f"{operation}_stack")
        start(
            StackName=place.name,
            TemplateBody=json.dumps(body),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        )
        return ended(place)

    yield put
    cloudformation.delete_stack(StackName=place.name)


def ended(place: Place) -> dict[str, Any]:
    client, pause = place.client("cloudformation"), threading.Event()
    for _ in range(1200):
        described = dict(client.describe_stacks(StackName=place.name)["Stacks"][0])
        if not described["StackStatus"].endswith("_IN_PROGRESS"):
            return described
        pause.wait(0.05)
    raise AssertionError(f"the stack is still {described['StackStatus']}")


def outputs(described: dict[str, Any]) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}


def events(place: Place, logical_id: str) -> list[tuple[str, str]]:
    """A resource's statuses and reasons, oldest first."""
    found = place.client("cloudformation").describe_stack_events(StackName=place.name)
    return [
        (event["ResourceStatus"], event.get("ResourceStatusReason", ""))
        for event in reversed(found["StackEvents"])
        if event["LogicalResourceId"] == logical_id
    ]


def service(place: Place) -> dict[str, Any]:
    found = place.client("ecs").describe_services(cluster=place.name, services=[place.name])
    return dict(found["services"][0])


def deployments(place: Place) -> list[dict[str, Any]]:
    """The service's deployments, newest first."""
    answer = place.client("ecs").list_service_deployments(service=place.name, cluster=place.name)
    return list(answer["serviceDeployments"])


def test_a_service_is_made_as_the_template_says(place: Place, stack):
    made = stack("create", template(place), Version="one")
    assert made["StackStatus"] == "CREATE_COMPLETE"
    shown = service(place)
    assert outputs(made)["Arn"] == shown["serviceArn"]
    assert outputs(made)["Name"] == place.name
    assert (shown["runningCount"], shown["launchType"]) == (1, "FARGATE")
    (hook,) = shown["deploymentConfiguration"]["lifecycleHooks"]
    assert hook["hookDetails"] == {"ANSWER": "SUCCEEDED"}
    assert hook["timeoutConfiguration"] == {"timeoutInMinutes": 60, "action": "ROLLBACK"}
    assert [d["status"] for d in deployments(place)] == ["SUCCESSFUL"]
    task = place.client("ecs").describe_task_definition(taskDefinition=place.name)["taskDefinition"]
    assert (task["networkMode"], task["cpu"], task["memory"]) == ("awsvpc", "256", "512")
    assert task["containerDefinitions"][0]["dockerLabels"] == {"Kept-As-Is": "yes"}
    assert [status for status, _ in events(place, "Web")] == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",  # once more, with the service's ARN
        "CREATE_COMPLETE",
    ]


def test_a_refused_create_fails_the_stack_and_leaves_nothing(place: Place, stack):
    made = stack("create", template(place), Version="one", Answer="FAILED")
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    status, reason = events(place, "Web")[-1]
    assert status == "CREATE_FAILED"
    assert reason.startswith(
        "Resource handler returned message: \"Error occurred during operation '"
    )
    assert "POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target " in reason
    assert reason.endswith("HandlerErrorCode: GeneralServiceException)")
    assert service(place)["status"] == "INACTIVE"


def test_a_refused_update_rolls_the_stack_back_and_starts_no_deployment_more(place: Place, stack):
    first = stack("create", template(place), Version="one")
    updated = stack("update", template(place), Version="two", Answer="FAILED")
    assert updated["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "returned FAILED status" in updated["StackStatusReason"]
    assert [d["status"] for d in deployments(place)] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    shown = service(place)
    assert shown["taskDefinition"] == outputs(first)["Task"] == outputs(updated)["Task"]
    (hook,) = shown["deploymentConfiguration"]["lifecycleHooks"]
    assert hook["hookDetails"] == {"ANSWER": "SUCCEEDED"}
    assert (shown["status"], shown["runningCount"]) == ("ACTIVE", 1)


def test_an_update_deploys_what_changed_and_only_that(place: Place, stack):
    first = stack("create", template(place), Version="one")
    second = stack("update", template(place), Version="two")
    assert second["StackStatus"] == "UPDATE_COMPLETE"
    assert outputs(second)["Task"] != outputs(first)["Task"]
    assert service(place)["taskDefinition"] == outputs(second)["Task"]
    assert len(deployments(place)) == 2
    old = place.client("ecs").describe_task_definition(taskDefinition=outputs(first)["Task"])
    assert old["taskDefinition"]["status"] == "INACTIVE"
    third = stack("update", template(place), Version="two", Count="2")
    assert third["StackStatus"] == "UPDATE_COMPLETE"
    assert service(place)["desiredCount"] == 2
    assert len(deployments(place)) == 2


def test_hooks_that_leave_the_template_leave_the_service(place: Place, stack):
    stack("create", template(place), Version="one")
    without = template(place)
    configuration = without["Resources"]["Web"]["Properties"]["DeploymentConfiguration"]
    del configuration["LifecycleHooks"]
    assert stack("update", without, Version="one")["StackStatus"] == "UPDATE_COMPLETE"
    assert service(place)["deploymentConfiguration"]["lifecycleHooks"] == []


def test_a_stack_is_in_progress_while_its_deployment_waits(place: Place, stack):
    cloudformation, seen = place.client("cloudformation"), []

    def look(transition):
        if transition.kind == "HOOK_ANSWERED" and f"/{place.name}/" in transition.deployment_arn:
            (shown,) = cloudformation.describe_stacks(StackName=place.name)["Stacks"]
            seen.append((shown["StackStatus"], "Outputs" in shown, events(place, "Web")[-1][0]))
            refused = pytest.raises(ClientError, match="is in CREATE_IN_PROGRESS state")
            with refused:
                cloudformation.update_stack(StackName=place.name, TemplateBody=json.dumps(body))
            with pytest.raises(ClientError, match="stop the service deployment"):
                cloudformation.delete_stack(StackName=place.name)
            place.client("ecs").stop_service_deployment(
                serviceDeploymentArn=transition.deployment_arn
            )

    body = template(place)
    unsubscribe = place.local.ecs.subscribe(look)
    made = stack("create", body, Version="one", Answer="IN_PROGRESS")
    unsubscribe()
    assert seen == [("CREATE_IN_PROGRESS", False, "CREATE_IN_PROGRESS")]
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "StopServiceDeployment" in made["StackStatusReason"]


@pytest.mark.parametrize(
    ("how", "status"), [("PARSED", "CREATE_COMPLETE"), ("AS_TEXT", "ROLLBACK_COMPLETE")]
)
def test_hook_details_as_text_reach_the_hook_by_the_switch(place: Place, stack, how, status):
    """The hook of these tests refuses details that are no object."""
    place.local.ecs.behaviour = Behaviour(text_details=TextDetails(how))
    assert stack("create", template(place), Version="one")["StackStatus"] == status


def test_hook_details_may_be_an_object_of_the_template(place: Place, stack):
    place.local.ecs.behaviour = Behaviour(text_details=TextDetails.AS_TEXT)
    made = stack("create", template(place, text_details=False), Version="one")
    assert made["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Colour": "green"}, "#: extraneous key [Colour] is not permitted"),
        ({"DesiredCount": "many"}, "#/DesiredCount: expected type: integer, found: 'many'"),
        (
            {"DeploymentConfiguration": {"LifecycleHooks": [{"HookDetails": "{"}]}},
            "HookDetails is not JSON",
        ),
    ],
)
def test_wrong_properties_fail_the_service_and_say_why(place: Place, stack, change, problem):
    body = template(place)
    body["Resources"]["Web"]["Properties"] |= change
    made = stack("create", body, Version="one")
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert problem in events(place, "Web")[-1][1]


@needs_aws_cli
def test_the_aws_cli_deploys_a_service_and_fails_with_it(place: Place):
    (place.directory / "stack.json").write_text(json.dumps(template(place)))
    deploy = ("cloudformation", "deploy", "--stack-name", place.name, "--template-file")
    parameters = ("stack.json", "--parameter-overrides", "Version=one")
    done = place.aws(*deploy, *parameters)
    assert f"Successfully created/updated stack - {place.name}" in done.stdout
    refused = place.aws(*deploy, *parameters[:-1], "Version=two", "Answer=FAILED", check=False)
    assert refused.returncode == 255
    assert "Failed to create/update the stack" in refused.stderr
    assert service(place)["taskDefinition"].endswith(f"/{place.name}:1")
    place.aws("cloudformation", "delete-stack", "--stack-name", place.name)
    assert service(place)["status"] == "INACTIVE"
