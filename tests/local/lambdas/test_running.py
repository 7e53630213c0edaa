"""What a handler finds around it: AWS's environment, its own code, and nothing of this machine."""

import json
from pathlib import Path

import pytest

ENVIRONMENT = """
import os
def handler(event, context):
    return dict(os.environ)
"""

# What Python itself or the runtime client adds inside the process.
ADDED_INSIDE = {"LC_CTYPE", "_X_AMZN_TRACE_ID"}

AWS_VARIABLES = {
    "_HANDLER",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "HOME",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "PATH",
    "PWD",
    "PYTHONPATH",
    "TMPDIR",
    "TZ",
}


def test_handler_sees_the_variables_of_aws_and_no_others(world, monkeypatch):
    name = world.make(ENVIRONMENT, Environment={})
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "must not leak")
    monkeypatch.setenv("AWS_PROFILE", "developer")
    assert set(world.run(name)) - ADDED_INSIDE == AWS_VARIABLES


def test_variables_tell_the_function_about_itself(world):
    name = world.make(ENVIRONMENT, MemorySize=512, Runtime="python3.12")
    seen = world.run(name)
    assert seen["_HANDLER"] == "app.handler"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{name}"
    assert seen["AWS_ENDPOINT_URL"] == world.url
    assert seen["TZ"] == ":UTC"


def test_own_variables_override_defaults_but_not_what_aws_reserves(world):
    own = {"GREETING": "grüß dich", "TZ": "Europe/Paris", "AWS_REGION": "mars-east-1"}
    name = world.make(ENVIRONMENT, Environment={"Variables": own})
    seen = world.run(name)
    assert seen["GREETING"] == "grüß dich"
    assert seen["TZ"] == "Europe/Paris"
    assert seen["AWS_REGION"] == "us-east-1"


def test_context_names_request_arn_and_remaining_time(world):
    name = world.make(
        "def handler(event, context):\n"
        "    return [context.aws_request_id, context.invoked_function_arn,\n"
        "            context.get_remaining_time_in_millis(), context.memory_limit_in_mb]\n",
        Timeout=20,
    )
    done = world.host.invoke(name, b"{}")
    request_id, arn, left_ms, memory_mb = json.loads(done.payload)
    assert request_id == done.request_id
    assert arn == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert 19_000 < left_ms <= 20_000
    assert memory_mb == "256"


def test_handler_calls_the_local_aws_as_its_own_role(world):
    name = world.make(
        "import boto3\n"
        "def handler(event, context):\n"
        "    keys = boto3.Session().get_credentials().get_frozen_credentials()\n"
        "    return [boto3.client('sts').get_caller_identity()['Arn'], keys.access_key]\n"
    )
    arn, key = world.run(name)
    assert arn == f"arn:aws:sts::123456789012:assumed-role/runner/{name}"
    assert key.startswith("ASIA")


def test_import_from_outside_the_bundle_fails(world):
    name = world.make("import testgate\ndef handler(event, context):\n    return 1\n")
    document, _ = world.fail(name)
    assert document["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'testgate'" in document["errorMessage"]


def test_nothing_of_the_development_environment_is_importable(world):
    name = world.make(
        "import importlib\n"
        "def handler(event, context):\n"
        "    found = []\n"
        "    for module in event:\n"
        "        try:\n"
        "            importlib.import_module(module)\n"
        "        except ImportError:\n"
        "            continue\n"
        "        found.append(module)\n"
        "    return found\n"
    )
    foreign = ["moto", "pytest", "testgate", "requests", "psutil", "werkzeug", "yaml", "pip"]
    assert world.run(name, [*foreign, "boto3", "json"]) == ["boto3", "json"]


def test_bundle_boto3_and_standard_library_are_importable(world):
    name = world.make(
        "import boto3, botocore, sqlite3, urllib3, inner.part\n"
        "def handler(event, context):\n"
        "    return inner.part.VALUE\n",
        files={"inner/part.py": "VALUE = 7\n"},
    )
    assert world.run(name) == 7


def test_layers_are_importable(world):
    layer = world.client("lambda").publish_layer_version(
        LayerName="shared",
        Content={"ZipFile": world.zip_of({"python/shared_part.py": "VALUE = 9\n"})},
    )
    name = world.make(
        "import shared_part\ndef handler(event, context):\n    return shared_part.VALUE\n",
        Layers=[layer["LayerVersionArn"]],
    )
    assert world.run(name) == 9


def test_scratch_directory_is_its_own_and_gone_at_the_end(world):
    name = world.make(
        "import pathlib, tempfile\n"
        "def handler(event, context):\n"
        "    path = pathlib.Path(tempfile.gettempdir()) / 'left-over'\n"
        "    before = path.exists()\n"
        "    path.write_text('x')\n"
        "    return [str(path), before]\n"
    )
    path, before = world.run(name)
    assert not before
    assert world.run(name) == [path, True]
    assert Path(path).exists()
    world.host.reset()
    assert not Path(path).parent.parent.exists()


def test_code_directory_is_not_written_to(world):
    name = world.make(
        "import os, pathlib, inner\n"
        "def handler(event, context):\n"
        "    root = pathlib.Path(os.environ['LAMBDA_TASK_ROOT'])\n"
        "    modes = [oct(p.stat().st_mode & 0o222) for p in (root, root / 'app.py')]\n"
        "    names = sorted(p.name for p in root.iterdir() if p.name != '__pycache__')\n"
        "    return [os.getcwd() == str(root), names, modes]\n",
        files={"inner.py": ""},
    )
    assert world.run(name) == [True, ["app.py", "inner.py"], ["0o0", "0o0"]]


def test_six_megabytes_go_in_and_out(world):
    name = world.make("def handler(event, context):\n    return event['text']\n")
    text = "x" * (6 * 2**20 - 100)
    assert world.run(name, {"text": text}) == text


def test_function_from_cloudformation_with_code_in_s3_runs(world):
    world.client("s3").create_bucket(Bucket="code")
    bundle = world.zip_of({"hooks/gate.py": "def handler(event, context):\n    return 'from S3'\n"})
    world.client("s3").put_object(Bucket="code", Key="bundle.zip", Body=bundle)
    template = {
        "Resources": {
            "Gate": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "gate",
                    "Runtime": "python3.12",
                    "Handler": "hooks.gate.handler",
                    "Role": world.role_arn,
                    "Code": {"S3Bucket": "code", "S3Key": "bundle.zip"},
                    "LoggingConfig": {"LogGroup": "/gate/logs"},
                },
            }
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Gate", "Arn"]}}},
    }
    stacks = world.client("cloudformation")
    stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
    outputs = stacks.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    assert world.run(outputs[0]["OutputValue"]) == "from S3"
    assert world.log_messages("/gate/logs")[0].startswith("START RequestId: ")


def test_function_without_python_code_is_refused(world):
    name = world.make("", Runtime="nodejs20.x")
    with pytest.raises(world.client("lambda").exceptions.InvalidRuntimeException, match="nodejs20"):
        world.client("lambda").invoke(FunctionName=name)


def test_code_that_is_no_zip_is_refused(world):
    name = world.make("", Code={"ZipFile": b"no zip"})
    with pytest.raises(world.client("lambda").exceptions.InvalidZipFileException):
        world.client("lambda").invoke(FunctionName=name)
