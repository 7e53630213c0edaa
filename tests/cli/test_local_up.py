"""`testgate local up`: prints how clients reach it, serves them, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys

import boto3
import psutil
import pytest

COMMAND = [sys.executable, "-m", "testgate", "local", "up"]


@pytest.fixture
def start():
    running = []

    def run(*arguments):
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env={"PATH": os.environ["PATH"], "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def exports(process, until="Ctrl-C stops it."):
    """The printed variables, and every line up to the last one."""
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if until in line:
            break
    told = dict(line.removeprefix("export ").split("=", 1) for line in lines if "export " in line)
    return told, lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_clients_until_it_is_stopped(start, number):
    process = start("--with-gate")
    told, lines = exports(process)
    client = boto3.client(
        "cloudformation",
        endpoint_url=told["AWS_ENDPOINT_URL"],
        region_name=told["AWS_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )
    (stack,) = client.describe_stacks(StackName="testgate")["Stacks"]
    arns = {output["OutputValue"] for output in stack["Outputs"]}
    assert {
        line.split()[-1] for line in lines if line.startswith(("hookTarget", "roleArn"))
    } <= arns
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert "Stopping" in rest
    assert [child for child in children if child.is_running()] == []


def test_a_port_in_use_is_told(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert str(port) in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("arguments", [(), ("--without-rights",)])
def test_roles_are_held_to_their_policies_unless_asked_otherwise(start, arguments):
    told, _ = exports(start(*arguments))

    def client(service, **keys):
        own = keys or {
            "aws_access_key_id": told["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": told["AWS_SECRET_ACCESS_KEY"],
        }
        url, region = told["AWS_ENDPOINT_URL"], told["AWS_REGION"]
        return boto3.client(service, endpoint_url=url, region_name=region, **own)

    role = client("iam").create_role(RoleName="mine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    mine = client(
        "ecs",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    if arguments:
        assert mine.list_clusters()["clusterArns"] == []
        return
    with pytest.raises(mine.exceptions.ClientError, match="started without rights"):
        mine.list_clusters()
