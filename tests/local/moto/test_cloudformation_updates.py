"""What an update of a stack touches, in which order, and what is left after a failure."""

from typing import Any

import pytest

from testgate.local.moto.cloudformation.recase import request_of
from testgate.local.moto.cloudformation.resource_map import by_dependency
from testgate.local.server import MotoServer

from .conftest import Stacks
from .test_cloudformation import BAD_MACHINE


def task(image: Any) -> dict[str, Any]:
    container = {"Name": "app", "Image": image, "Memory": 64}
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {"ContainerDefinitions": [container]},
    }


def names_of(value: str) -> dict[str, Any]:
    """A parameter whose value is the text of another resource's property."""
    properties = {"Type": "String", "Name": "placeholder", "Value": {"Fn::Sub": value}}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties}


def test_what_refers_to_a_replaced_resource_follows_it(server: MotoServer, stacks: Stacks) -> None:
    def template(image: str) -> dict[str, Any]:
        parameter = names_of("task ${Task}")
        parameter["Properties"]["Name"] = f"/{stacks.name}"
        return {"Resources": {"Names": parameter, "Task": task(image)}}

    def named() -> str:
        found = server.client("ssm").get_parameter(Name=f"/{stacks.name}")
        return str(found["Parameter"]["Value"])

    stacks.create(template("a"))
    before = named()
    assert stacks.update(template("b"))["StackStatus"] == "UPDATE_COMPLETE"
    assert named() == before.removesuffix(":1") + ":2"


def test_a_failed_update_brings_the_replaced_resource_back(
    server: MotoServer, stacks: Stacks
) -> None:
    outputs = {"Task": {"Value": {"Ref": "Task"}}}
    stacks.create({"Resources": {"Task": task("a")}, "Outputs": outputs})
    before = stacks.outputs()["Task"]
    machine = {**BAD_MACHINE, "DependsOn": "Task"}
    seen = stacks.update({"Resources": {"Task": task("b"), "Machine": machine}, "Outputs": outputs})
    assert seen["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.outputs()["Task"] == before
    ecs = server.client("ecs")
    family = before.rpartition("/")[2].partition(":")[0]
    active = ecs.list_task_definitions(familyPrefix=family, status="ACTIVE")
    assert active["taskDefinitionArns"] == [before]


def test_an_unchanged_resource_is_left_alone(stacks: Stacks) -> None:
    topic: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {}}
    stacks.create({"Resources": {"Task": task("a"), "Topic": topic}})
    stacks.update({"Resources": {"Task": task("b"), "Topic": topic}})
    seen = stacks.events()
    assert ("Task", "UPDATE_COMPLETE") in seen
    assert not [status for name, status in seen if name == "Topic" and "UPDATE" in status]


def test_what_leaves_the_template_goes_last_and_only_if_all_else_came(
    server: MotoServer, stacks: Stacks
) -> None:
    topic: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {}}
    stacks.create({"Resources": {"Old": topic, "Kept": topic}})
    topics = len(server.client("sns").list_topics()["Topics"])
    failed = stacks.update(
        {"Resources": {"Kept": topic, "Machine": {**BAD_MACHINE, "DependsOn": []}}}
    )
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert len(server.client("sns").list_topics()["Topics"]) == topics
    stacks.update({"Resources": {"Kept": topic}})
    assert len(server.client("sns").list_topics()["Topics"]) == topics - 1
    assert stacks.events()[1] == ("Old", "DELETE_COMPLETE")


def test_retained_resources_stay_when_they_leave_the_template(
    server: MotoServer, stacks: Stacks
) -> None:
    topic: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {}}
    stacks.create({"Resources": {"Old": {**topic, "DeletionPolicy": "Retain"}, "Kept": topic}})
    topics = len(server.client("sns").list_topics()["Topics"])
    stacks.update({"Resources": {"Kept": topic}})
    assert len(server.client("sns").list_topics()["Topics"]) == topics


def test_a_service_needs_a_control_plane(stacks: Stacks) -> None:
    made = stacks.create({"Resources": {"Web": {"Type": "AWS::ECS::Service", "Properties": {}}}})
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "there is no local ECS control plane" in made["StackStatusReason"]


def test_resources_come_after_what_they_need():
    declared = {
        "A": {"DependsOn": "B", "Properties": {}},
        "B": {"Properties": {"X": {"Fn::GetAtt": ["C", "Arn"]}}},
        "C": {"Properties": {"Y": {"Fn::Sub": "${D}-${AWS::Region}"}}},
        "D": {"DependsOn": ["E"]},
        "E": {},
    }
    assert by_dependency(declared) == ["E", "D", "C", "B", "A"]


def test_properties_become_an_api_request():
    properties = {
        "Family": "web",
        "Cpu": 256,
        "EnableFaultInjection": "true",
        "ContainerDefinitions": [
            {
                "Name": "app",
                "Essential": "false",
                "Memory": "512",
                "PortMappings": [{"ContainerPort": "8080"}],
                "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-Group": "g"}},
            }
        ],
    }
    assert request_of("ecs", "RegisterTaskDefinition", properties) == {
        "family": "web",
        "cpu": "256",
        "enableFaultInjection": True,
        "containerDefinitions": [
            {
                "name": "app",
                "essential": False,
                "memory": 512,
                "portMappings": [{"containerPort": 8080}],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-Group": "g"}},
            }
        ],
    }


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"Memory": {"a": 1}}, "#/Memory: expected type: string, found: dict"),
        ({"ContainerDefinitions": [{"Names": "x"}]}, "#/ContainerDefinitions/0: extraneous key"),
        ({"ContainerDefinitions": ["x"]}, "#/ContainerDefinitions/0: expected type: object"),
        ({"EnableFaultInjection": "maybe"}, "expected type: boolean, found: 'maybe'"),
    ],
)
def test_what_is_no_property_is_named_with_its_place(properties, problem):
    with pytest.raises(ValueError, match=problem):
        request_of("ecs", "RegisterTaskDefinition", properties)
