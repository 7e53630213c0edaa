"""A moto server whose front asks an authority, and roles to act with."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from testgate.local.rights import Authority, Guard
from testgate.local.server import MotoServer

_numbers = itertools.count(1)
TRUST = {"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "sts:AssumeRole"}
CONFIG = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource) | {"Effect": "Deny"} | more


@dataclass(kw_only=True)
class Actor:
    """Somebody with a role of their own, and its clients."""

    server: MotoServer
    name: str
    arn: str
    keys: dict[str, str]
    clients: dict[str, Any] = field(default_factory=dict)

    def may(self, *statements: dict[str, Any], policy: str = "rights") -> None:
        """From now on the role has just this policy."""
        iam = self.server.client("iam")
        iam.put_role_policy(
            RoleName=self.name, PolicyName=policy, PolicyDocument=document(*statements)
        )

    def client(self, service: str) -> Any:
        if service not in self.clients:
            session = boto3.session.Session(region_name="us-east-1", **self.keys)
            self.clients[service] = session.client(
                service, endpoint_url=self.server.url, config=CONFIG
            )
        return self.clients[service]


@pytest.fixture(scope="module")
def server() -> Iterator[MotoServer]:
    server = MotoServer()
    server.start()
    server.reset()
    yield server
    server.close()


@pytest.fixture
def authority(server: MotoServer) -> Authority:
    authority = Authority(region="us-east-1")
    server.front.set_guard(Guard(authority))
    return authority


@pytest.fixture
def actor(server: MotoServer, authority: Authority) -> Iterator[Actor]:
    """With a role that may nothing, by keys of AssumeRole."""
    name = f"actor-{next(_numbers)}"
    role = server.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=document(TRUST)
    )["Role"]
    answer = server.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="it")
    keys = {
        "aws_access_key_id": answer["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": answer["Credentials"]["SecretAccessKey"],
        "aws_session_token": answer["Credentials"]["SessionToken"],
    }
    made = Actor(server=server, name=name, arn=role["Arn"], keys=keys)
    yield made
    for client in made.clients.values():
        client.close()


@pytest.fixture
def bucket(server: MotoServer) -> str:
    name = f"records-{next(_numbers)}"
    server.client("s3").create_bucket(Bucket=name)
    server.client("s3").put_object(Bucket=name, Key="runs/a", Body=b"stored")
    return name


def denied(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    response = error.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return status, response["Error"]["Code"], response["Error"]["Message"]
