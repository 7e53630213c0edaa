"""The Invoke operation as boto3 sees it: forms of names, headers, invocation types, errors."""

import base64
import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

ECHO = "def handler(event, context):\n    return [event, context.invoked_function_arn]\n"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


def call(world, function, payload=b"{}", **arguments):
    return world.client("lambda").invoke(FunctionName=function, Payload=payload, **arguments)


@pytest.mark.parametrize(
    ("form", "arn"),
    [
        ("{}", ARN + "{}"),
        ("{}:$LATEST", ARN + "{}:$LATEST"),
        ("123456789012:function:{}", ARN + "{}"),
        ("function:{}", ARN + "{}"),
        ("us-east-1:123456789012:function:{}:1", ARN + "{}:1"),
        (ARN + "{}", ARN + "{}"),
        (ARN + "{}:1", ARN + "{}:1"),
        (ARN + "{}:live", ARN + "{}:live"),
    ],
)
def test_function_is_found_by_every_form_of_its_name(world, form, arn):
    client = world.client("lambda")
    name = world.make(ECHO)
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    answer = call(world, form.format(name), b"7")
    assert json.loads(answer["Payload"].read()) == [7, arn.format(name)]


def test_success_carries_status_version_and_request_id(world):
    name = world.make(ECHO)
    world.client("lambda").publish_version(FunctionName=name)
    answer = call(world, name, Qualifier="1")
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "1"
    assert "FunctionError" not in answer
    assert "LogResult" not in answer
    assert answer["ResponseMetadata"]["RequestId"] == world.host.invocations(name)[0].request_id


def test_function_error_is_unhandled_with_status_200(world):
    name = world.make("def handler(event, context):\n    raise RuntimeError('no')\n")
    answer = call(world, name)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read())["errorType"] == "RuntimeError"


def test_log_tail_comes_when_asked_for(world):
    name = world.make("def handler(event, context):\n    print('hello')\n")
    tail = base64.b64decode(call(world, name, LogType="Tail")["LogResult"]).decode()
    assert tail.splitlines()[0].startswith("START RequestId: ")
    assert "hello\n" in tail
    assert tail.splitlines()[-1].startswith("REPORT RequestId: ")


def test_missing_payload_is_an_empty_object(world):
    name = world.make(ECHO)
    answer = world.client("lambda").invoke(FunctionName=name)
    assert json.loads(answer["Payload"].read())[0] == {}


def test_dry_run_runs_nothing(world):
    name = world.make(ECHO)
    assert call(world, name, InvocationType="DryRun")["StatusCode"] == 204
    assert world.host.invocations(name) == []
    with pytest.raises(world.client("lambda").exceptions.ResourceNotFoundException):
        call(world, "absent", InvocationType="DryRun")


@pytest.mark.parametrize("qualifier", [None, "7", "nobody"])
def test_missing_function_version_or_alias_is_not_found(world, qualifier):
    name = world.make(ECHO) if qualifier else "absent"
    client = world.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        call(world, name, **({"Qualifier": qualifier} if qualifier else {}))
    suffix = f":{qualifier}" if qualifier else ""
    assert caught.value.response["Error"]["Message"] == f"Function not found: {ARN}{name}{suffix}"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_deleted_function_is_not_found(world):
    name = world.make(ECHO)
    call(world, name)
    world.client("lambda").delete_function(FunctionName=name)
    with pytest.raises(world.client("lambda").exceptions.ResourceNotFoundException):
        call(world, name)


def test_plain_name_is_looked_up_in_the_callers_region(world):
    name = world.make(ECHO)
    with pytest.raises(ClientError, match="eu-west-1"):
        world.client("lambda", "eu-west-1").invoke(FunctionName=name)
    answer = world.client("lambda", "eu-west-1").invoke(FunctionName=ARN + name)
    assert answer["StatusCode"] == 200


def test_contradicting_qualifiers_are_refused(world):
    name = world.make(ECHO)
    with pytest.raises(world.client("lambda").exceptions.InvalidParameterValueException):
        call(world, f"{name}:1", Qualifier="2")


@pytest.mark.parametrize("payload", [b"{", b"\xff"])
def test_payload_that_is_not_json_is_refused(world, payload):
    name = world.make(ECHO)
    with pytest.raises(world.client("lambda").exceptions.InvalidRequestContentException) as caught:
        call(world, name, payload)
    assert "Could not parse request body into json" in str(caught.value)


def test_payload_over_six_megabytes_is_refused(world):
    name = world.make(ECHO)
    with pytest.raises(ClientError) as caught:
        call(world, name, b'"' + b"x" * 6_291_455 + b'"')
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert error["Error"] == {
        "Code": "RequestEntityTooLargeException",
        "Message": "6291457 byte payload is too large for the RequestResponse invocation type "
        "(limit 6291456 bytes)",
    }


def test_unknown_invocation_type_is_refused(world):
    name = world.make(ECHO)
    request = urllib.request.Request(
        f"{world.url}/2015-03-31/functions/{name}/invocations",
        data=b"{}",
        headers={"X-Amz-Invocation-Type": "Later"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.code == 400
        assert answer.headers["x-amzn-ErrorType"] == "InvalidParameterValueException"


def test_other_operations_pass_to_moto(world):
    name = world.make(ECHO)
    assert world.client("lambda").get_function(FunctionName=name)["Configuration"]
    names = [one["FunctionName"] for one in world.client("lambda").list_functions()["Functions"]]
    assert names == [name]
