"""Resources that the gate's template needs, made by CloudFormation as AWS makes them."""

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testgate.local.server import MotoServer

from .conftest import ROLE, Stacks, States

DEFINITION = {
    "StartAt": "Pass",
    "States": {"Pass": {"Type": "Pass", "Result": "${Text}", "End": True}},
}


@pytest.fixture
def bucket(server: MotoServer) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    server.client("s3").create_bucket(Bucket=name)
    return name


def machine(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": ROLE,
            "DefinitionSubstitutions": {"Text": {"Ref": "AWS::Region"}},
            **properties,
        },
    }


MACHINE_OUTPUTS = {
    "Ref": {"Value": {"Ref": "Machine"}},
    "Arn": {"Value": {"Fn::GetAtt": ["Machine", "Arn"]}},
    "Name": {"Value": {"Fn::GetAtt": ["Machine", "Name"]}},
}


@pytest.mark.parametrize(
    "source", ["DefinitionString", "Definition", "DefinitionS3Location", "yaml"]
)
def test_a_state_machine_executes_whatever_its_definition_comes_from(
    server: MotoServer,
    stacks: Stacks,
    states: States,
    bucket: str,
    source: str,
) -> None:
    s3 = server.client("s3")
    s3.put_object(Bucket=bucket, Key="d.json", Body=json.dumps(DEFINITION))
    yaml = "StartAt: Pass\nStates:\n  Pass: {Type: Pass, Result: '${Text}', End: true}\n"
    s3.put_object(Bucket=bucket, Key="d.yaml", Body=yaml)
    definitions: dict[str, dict[str, Any]] = {
        "DefinitionString": {"DefinitionString": json.dumps(DEFINITION)},
        "Definition": {"Definition": DEFINITION},
        "DefinitionS3Location": {"DefinitionS3Location": {"Bucket": bucket, "Key": "d.json"}},
        "yaml": {"DefinitionS3Location": {"Bucket": bucket, "Key": "d.yaml"}},
    }
    template = {
        "Resources": {"Machine": machine(StateMachineName=stacks.name, **definitions[source])},
        "Outputs": MACHINE_OUTPUTS,
    }
    assert stacks.create(template)["StackStatus"] == "CREATE_COMPLETE"
    outputs = stacks.outputs()
    assert outputs["Ref"] == outputs["Arn"]
    assert outputs["Name"] == stacks.name
    assert states.ended(states.start(outputs["Arn"]))["output"] == '"us-east-1"'


def test_a_state_machine_is_updated_and_deleted_with_its_stack(
    stacks: Stacks,
    states: States,
) -> None:
    def template(result: str) -> dict[str, Any]:
        definition = {
            "StartAt": "P",
            "States": {"P": {"Type": "Pass", "Result": result, "End": True}},
        }
        return {
            "Resources": {"Machine": machine(Definition=definition)},
            "Outputs": MACHINE_OUTPUTS,
        }

    stacks.create(template("one"))
    arn = stacks.outputs()["Arn"]
    assert states.ended(states.start(arn))["output"] == '"one"'
    assert stacks.update(template("two"))["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs()["Arn"] == arn
    assert states.ended(states.start(arn))["output"] == '"two"'
    stacks.client.delete_stack(StackName=stacks.name)
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        states.client.describe_state_machine(stateMachineArn=arn)


def test_a_state_machine_keeps_type_logging_tracing_and_tags(
    stacks: Stacks,
    states: States,
) -> None:
    resource = machine(
        DefinitionString=json.dumps(DEFINITION),
        LoggingConfiguration={"Level": "ERROR", "IncludeExecutionData": True},
        TracingConfiguration={"Enabled": True},
        Tags=[{"Key": "team", "Value": "checkout"}],
    )
    stacks.create({"Resources": {"Machine": resource}, "Outputs": MACHINE_OUTPUTS})
    arn = stacks.outputs()["Arn"]
    seen = states.client.describe_state_machine(stateMachineArn=arn)
    assert seen["loggingConfiguration"]["level"] == "ERROR"
    assert seen["tracingConfiguration"] == {"enabled": True}
    tags = states.client.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == [{"key": "team", "value": "checkout"}]


PROTECTIONS: dict[str, Any] = {
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    },
    "VersioningConfiguration": {"Status": "Enabled"},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}
        ]
    },
    "LifecycleConfiguration": {
        "Rules": [
            {"Id": "runs", "Status": "Enabled", "Prefix": "runs/", "ExpirationInDays": "180"},
            {
                "Id": "old",
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
        ]
    },
    "Tags": [{"Key": "a", "Value": "b"}],
}


def test_a_bucket_keeps_its_protections_and_loses_them_by_update(
    server: MotoServer,
    stacks: Stacks,
) -> None:
    def template(properties: dict[str, Any]) -> dict[str, Any]:
        resource = {"Type": "AWS::S3::Bucket", "Properties": properties}
        return {
            "Resources": {"Bucket": resource},
            "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}},
        }

    stacks.create(template(PROTECTIONS))
    s3, name = server.client("s3"), stacks.outputs()["Name"]
    blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert blocked == PROTECTIONS["PublicAccessBlockConfiguration"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    owner = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert owner == PROTECTIONS["OwnershipControls"]
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    by_default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert by_default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert [rule["ID"] for rule in rules] == ["runs", "old"]
    assert rules[0]["Expiration"] == {"Days": 180}
    assert rules[0]["Filter"] == {"Prefix": "runs/"}
    assert rules[1]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == PROTECTIONS["Tags"]

    assert stacks.update(template({}))["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs()["Name"] == name
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket=name)


def test_a_bucket_policy_for_tls_alone_is_kept_and_locks_nobody_out(
    server: MotoServer,
    stacks: Stacks,
    bucket: str,
) -> None:
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    no_delete = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    document = {"Version": "2012-10-17", "Statement": [tls_only, no_delete]}
    properties = {"Bucket": bucket, "PolicyDocument": document}
    stacks.create(
        {"Resources": {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}}
    )
    s3 = server.client("s3")
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == document
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError, match="403"):
        s3.delete_object(Bucket=bucket, Key="k")
    stacks.client.delete_stack(StackName=stacks.name)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_a_function_keeps_all_its_properties_and_updates_them(
    server: MotoServer,
    stacks: Stacks,
    bucket: str,
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("app.py", "def handler(event, context): return event")
    server.client("s3").put_object(Bucket=bucket, Key="code.zip", Body=archive.getvalue())
    server.client("iam").create_role(RoleName=stacks.name, AssumeRolePolicyDocument="{}")

    def template(**properties: Any) -> dict[str, Any]:
        function = {
            "FunctionName": stacks.name,
            "Code": {"S3Bucket": bucket, "S3Key": "code.zip"},
            "Handler": "app.handler",
            "Runtime": "python3.12",
            "Role": f"arn:aws:iam::123456789012:role/{stacks.name}",
            **properties,
        }
        return {
            "Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": function}}
        }

    given = {
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 2048},
        "TracingConfig": {"Mode": "Active"},
        "Environment": {"Variables": {"A": "1"}},
        "MemorySize": 512,
        "Timeout": 60,
    }
    assert stacks.create(template(**given))["StackStatus"] == "CREATE_COMPLETE"
    configuration = server.client("lambda").get_function_configuration
    seen = configuration(FunctionName=stacks.name)
    assert {name: seen[name] for name in given} == given
    changed = {**given, "EphemeralStorage": {"Size": 512}, "Architectures": ["x86_64"]}
    del changed["Timeout"]
    assert stacks.update(template(**changed))["StackStatus"] == "UPDATE_COMPLETE"
    seen = configuration(FunctionName=stacks.name)
    assert {name: seen[name] for name in changed} == changed
    assert seen["Timeout"] == 3
    stacks.client.delete_stack(StackName=stacks.name)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        configuration(FunctionName=stacks.name)


BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def policy(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(service: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_role_keeps_its_policies_and_updates_them(server: MotoServer, stacks: Stacks) -> None:
    def template(trusted: str, inline: dict[str, str], *managed: str) -> dict[str, Any]:
        role = {
            "RoleName": stacks.name,
            "AssumeRolePolicyDocument": trust(trusted),
            "ManagedPolicyArns": list(managed),
            "Policies": [
                {"PolicyName": name, "PolicyDocument": policy(action)}
                for name, action in inline.items()
            ],
        }
        beside = {
            "PolicyName": "beside",
            "PolicyDocument": policy("sqs:*"),
            "Roles": [{"Ref": "Role"}],
        }
        return {
            "Resources": {
                "Role": {"Type": "AWS::IAM::Role", "Properties": role},
                "Beside": {"Type": "AWS::IAM::Policy", "Properties": beside},
            }
        }

    iam = server.client("iam")

    def seen() -> tuple[Any, dict[str, Any], set[str]]:
        role = iam.get_role(RoleName=stacks.name)["Role"]
        names = iam.list_role_policies(RoleName=stacks.name)["PolicyNames"]
        inline = {
            name: iam.get_role_policy(RoleName=stacks.name, PolicyName=name)["PolicyDocument"]
            for name in names
        }
        attached = iam.list_attached_role_policies(RoleName=stacks.name)["AttachedPolicies"]
        return role["AssumeRolePolicyDocument"], inline, {each["PolicyArn"] for each in attached}

    stacks.create(template("lambda", {"one": "s3:*", "two": "ecs:*"}, BASIC))
    assert seen() == (
        trust("lambda"),
        {"one": policy("s3:*"), "two": policy("ecs:*"), "beside": policy("sqs:*")},
        {BASIC},
    )
    stacks.update(template("states", {"one": "s3:Get*"}, READ_ONLY))
    assert seen() == (
        trust("states"),
        {"one": policy("s3:Get*"), "beside": policy("sqs:*")},
        {READ_ONLY},
    )
    stacks.client.delete_stack(StackName=stacks.name)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=stacks.name)


def test_a_managed_policy_that_is_not_there_fails_the_stack(stacks: Stacks) -> None:
    missing = "arn:aws:iam::aws:policy/NobodyMadeThis"
    role = {"AssumeRolePolicyDocument": trust("lambda"), "ManagedPolicyArns": [missing]}
    made = stacks.create({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": role}}})
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(
        missing in str(event)
        for event in stacks.client.describe_stack_events(StackName=stacks.name)["StackEvents"]
    )
