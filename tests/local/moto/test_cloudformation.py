"""Stacks and change sets on the local AWS."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testgate.local.server import MotoServer

from .conftest import Stacks

TOPIC = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}
UNCHANGED = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)


def refusal(call: Any, *arguments: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return f"{error['Code']}: {error['Message']}"


def exists(server: MotoServer, stacks: Stacks) -> bool:
    names = [
        stack["StackName"]
        for stack in server.client("cloudformation").list_stacks()["StackSummaries"]
    ]
    return stacks.name in names


def test_a_stack_shows_outputs_and_an_event_per_resource(stacks: Stacks) -> None:
    outputs = {"Arn": {"Value": {"Ref": "Topic"}}}
    assert (
        stacks.create({"Resources": TOPIC, "Outputs": outputs})["StackStatus"] == "CREATE_COMPLETE"
    )
    assert stacks.outputs()["Arn"].startswith("arn:aws:sns:")
    assert ("Topic", "CREATE_COMPLETE") in stacks.events()


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.getcwd []", "!!python/name:os.system", "!Nope x"]
)
def test_a_template_with_a_foreign_tag_is_refused(stacks: Stacks, tag: str) -> None:
    found = refusal(stacks.create, f"Resources:\n  Topic:\n    Type: AWS::SNS::Topic\nx: {tag}\n")
    assert found.startswith("ValidationError: Template format error: YAML not well-formed.")


def test_dates_and_short_functions_of_yaml_are_understood(stacks: Stacks) -> None:
    template = """
    AWSTemplateFormatVersion: 2010-09-09
    Parameters: {Name: {Type: String, Default: x}}
    Conditions: {Never: !Equals [!Ref Name, y]}
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties: {DisplayName: !Sub "${Name}-${AWS::Region}"}
      Absent: {Type: AWS::SNS::Topic, Condition: Never}
    Outputs:
      Name: {Value: !GetAtt Topic.TopicName}
      Long: {Value: {"Fn::GetAtt": Topic.TopicName}}
    """
    stacks.create(template)
    outputs = stacks.outputs()
    assert outputs["Name"] == outputs["Long"]
    assert stacks.name in outputs["Name"]


def topic_named(name: Any) -> dict[str, Any]:
    return {"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}}


WRONG: dict[str, Any] = {
    "Unrecognized resource types: [AWS::Foo::Bar (A)]": {
        "Resources": {**TOPIC, "A": {"Type": "AWS::Foo::Bar"}}
    },
    "[/Resources/A] Every Resources object must contain a Type": {"Resources": {"A": {}}},
    "At least one Resources member must be defined": {"Resources": {}},
    "dependencies [B] in the Resources block": topic_named({"Ref": "B"}),
    "dependencies [C] in the Resources block": topic_named({"Fn::Sub": "x-${C.Arn}"}),
    "dependencies [D] in the Resources block": topic_named(
        {"Fn::Sub": ["${x}", {"x": {"Ref": "D"}}]}
    ),
    "dependencies [E] in the Outputs block": {
        "Resources": TOPIC,
        "Outputs": {"X": {"Value": {"Fn::GetAtt": ["E", "Arn"]}}},
    },
    "does not support attribute type Nope": {
        "Resources": TOPIC,
        "Outputs": {"X": {"Value": {"Fn::GetAtt": ["Topic", "Nope"]}}},
    },
    "P": {"Resources": TOPIC, "Parameters": {"P": {"Type": "String"}}},
    "unsupported structure": "[1, 2]",
    "YAML not well-formed": "a: [",
}


@pytest.mark.parametrize(("expected", "template"), WRONG.items())
def test_a_template_that_is_wrong_is_refused_and_leaves_nothing(
    server: MotoServer, stacks: Stacks, template: Any, expected: str
) -> None:
    found = refusal(stacks.create, template)
    assert found.startswith("ValidationError: ")
    assert expected in found
    assert not exists(server, stacks)
    assert expected in refusal(stacks.change_set, template, "CREATE")
    assert not exists(server, stacks)


BAD_ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": "not json"}}
BAD_MACHINE = {
    "Type": "AWS::StepFunctions::StateMachine",
    "DependsOn": "Topic",
    "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/r", "DefinitionString": "{}"},
}


def test_a_resource_that_fails_rolls_the_stack_back_with_its_reason(
    server: MotoServer, stacks: Stacks
) -> None:
    topics = len(server.client("sns").list_topics()["Topics"])
    seen = stacks.create({"Resources": {**TOPIC, "Machine": BAD_MACHINE}})
    assert seen["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "[Machine]" in seen["StackStatusReason"]
    assert "InvalidDefinition" in seen["StackStatusReason"]
    assert ("Machine", "CREATE_FAILED") in stacks.events()
    assert len(server.client("sns").list_topics()["Topics"]) == topics
    assert stacks.client.describe_stack_resources(StackName=stacks.name)["StackResources"] == []
    assert len(server.client("sns").list_topics()["Topics"]) == topics
    assert "ROLLBACK_COMPLETE" in refusal(stacks.update, {"Resources": TOPIC})
    stacks.client.delete_stack(StackName=stacks.name)
    assert "does not exist" in refusal(stacks.describe)


def test_an_update_that_fails_goes_back_to_what_was(stacks: Stacks) -> None:
    topic = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "one"}}}
    stacks.create({"Resources": topic, "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}}})
    before = stacks.outputs()
    seen = stacks.update({"Resources": {**topic, "Machine": BAD_MACHINE}})
    assert seen["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "[Machine]" in seen["StackStatusReason"]
    assert stacks.outputs() == before
    names = [
        each["LogicalResourceId"]
        for each in stacks.client.describe_stack_resources(StackName=stacks.name)["StackResources"]
    ]
    assert names == ["Topic"]


def test_an_update_without_changes_is_refused(stacks: Stacks) -> None:
    stacks.create({"Resources": TOPIC})
    assert "No updates are to be performed." in refusal(stacks.update, {"Resources": TOPIC})


def test_an_update_by_parameter_alone_changes_the_resource(
    server: MotoServer, stacks: Stacks
) -> None:
    properties = {"LogGroupName": f"/{stacks.name}", "RetentionInDays": {"Ref": "Days"}}
    template = {
        "Parameters": {"Days": {"Type": "Number"}},
        "Resources": {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": properties}},
    }
    stacks.create(template, Days="7")
    assert stacks.update(template, Days="30")["StackStatus"] == "UPDATE_COMPLETE"
    groups = server.client("logs").describe_log_groups(logGroupNamePrefix=f"/{stacks.name}")
    assert groups["logGroups"][0]["retentionInDays"] == 30


def test_a_stack_made_by_a_change_set_shows_outputs(stacks: Stacks) -> None:
    template = {
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": TOPIC,
        "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}, "Name": {"Value": {"Ref": "Name"}}},
    }
    change_set = stacks.change_set(template, "CREATE", Name="n")
    assert (change_set["Status"], change_set["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert stacks.describe()["StackStatus"] == "REVIEW_IN_PROGRESS"
    stacks.client.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    assert stacks.describe()["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs()["Name"] == "n"
    assert ("Topic", "CREATE_COMPLETE") in stacks.events()
    assert "cannot be executed" in refusal(
        stacks.client.execute_change_set, ChangeSetName=change_set["ChangeSetId"]
    )


def test_a_change_set_without_changes_is_failed_with_awss_reason(stacks: Stacks) -> None:
    stacks.create({"Resources": TOPIC})
    change_set = stacks.change_set({"Resources": TOPIC}, "UPDATE")
    assert (change_set["Status"], change_set["StatusReason"]) == ("FAILED", UNCHANGED)
    assert change_set["ExecutionStatus"] == "UNAVAILABLE"


def test_a_change_set_updates_resources_and_outputs(stacks: Stacks) -> None:
    stacks.create({"Resources": TOPIC})
    template = {
        "Resources": {**TOPIC, "Other": TOPIC["Topic"]},
        "Outputs": {"Other": {"Value": {"Ref": "Other"}}},
    }
    change_set = stacks.change_set(template, "UPDATE")
    changed = [change["ResourceChange"]["LogicalResourceId"] for change in change_set["Changes"]]
    assert changed == ["Other"]
    stacks.client.execute_change_set(
        ChangeSetName=change_set["ChangeSetName"], StackName=stacks.name
    )
    assert stacks.describe()["StackStatus"] == "UPDATE_COMPLETE"
    assert "Other" in stacks.outputs()


def test_a_change_set_that_fails_rolls_back(stacks: Stacks) -> None:
    change_set = stacks.change_set({"Resources": {**TOPIC, "Machine": BAD_MACHINE}}, "CREATE")
    stacks.client.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    assert stacks.describe()["StackStatus"] == "ROLLBACK_COMPLETE"
    again = stacks.client.describe_change_set(ChangeSetName=change_set["ChangeSetId"])
    assert again["ExecutionStatus"] == "EXECUTE_FAILED"


def test_a_template_is_validated_and_described(stacks: Stacks) -> None:
    template = {
        "Description": "what",
        "Parameters": {"P": {"Type": "String", "Default": "d"}},
        "Resources": TOPIC,
    }
    found = stacks.client.validate_template(TemplateBody=json.dumps(template))
    assert found["Description"] == "what"
    assert found["Parameters"][0]["ParameterKey"] == "P"


def test_a_template_is_read_from_the_endpoints_own_url(server: MotoServer, stacks: Stacks) -> None:
    s3, bucket = server.client("s3"), f"b-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/t.json", Body=json.dumps({"Resources": TOPIC}))
    url = f"{server.url}/{bucket}/a/t.json"
    stacks.client.create_stack(StackName=stacks.name, TemplateURL=url)
    assert stacks.describe()["StackStatus"] == "CREATE_COMPLETE"


def test_a_nested_stack_that_fails_fails_the_outer_one(server: MotoServer, stacks: Stacks) -> None:
    s3, bucket = server.client("s3"), f"b-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    inner = {"Resources": {**TOPIC, "Machine": BAD_MACHINE}}
    s3.put_object(Bucket=bucket, Key="inner.json", Body=json.dumps(inner))
    url = f"https://s3.us-east-1.amazonaws.com/{bucket}/inner.json"
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    seen = stacks.create({"Resources": {"Inner": nested}})
    assert seen["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "[Inner]" in seen["StackStatusReason"]
    assert "InvalidDefinition" in seen["StackStatusReason"]


def test_deleting_what_cannot_go_is_delete_failed_and_nothing_is_no_error(
    server: MotoServer, stacks: Stacks
) -> None:
    stacks.client.delete_stack(StackName=stacks.name)
    stacks.create(
        {
            "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
            "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}},
        }
    )
    bucket = stacks.outputs()["Name"]
    server.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    stacks.client.delete_stack(StackName=stacks.name)
    seen = stacks.describe()
    assert seen["StackStatus"] == "DELETE_FAILED"
    assert "not empty" in seen["StackStatusReason"]
    server.client("s3").delete_object(Bucket=bucket, Key="k")
    stacks.client.delete_stack(StackName=stacks.name)
    assert "does not exist" in refusal(stacks.describe)
