"""How commands reach AWS: region, profile and endpoint as AWS's own tools take them.

Imported by the commands.
"""

import ipaddress
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError, InvalidRegionError

from testgate.aws.s3 import Bucket
from testgate.core.errors import GateError

EndpointUrl = Annotated[
    str | None,
    typer.Option("--endpoint-url", help="Another endpoint, e.g. the local AWS.", metavar="URL"),
]
Region = Annotated[
    str | None,
    typer.Option("--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="AWS region."),
]
Profile = Annotated[str | None, typer.Option("--profile", help="Named profile of AWS tools.")]
BucketName = Annotated[
    str | None,
    typer.Option(
        "--bucket",
        envvar="TESTGATE_BUCKET",
        help="Record bucket; by default the one of the stack.",
    ),
]
StackName = Annotated[
    str,
    typer.Option("--stack", envvar="TESTGATE_STACK", help="Stack made from infra/gate.yaml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

DEFAULT_STACK = "testgate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a command looks. Raises GateError when nothing answers there."""

    endpoint_url: str | None = None
    region: str | None = None
    profile: str | None = None
    bucket_name: str | None = None
    stack: str = DEFAULT_STACK

    @property
    def options(self) -> tuple[str, ...]:
        """What another command needs to look at the same place, but for the environment's own."""
        given = {
            "--endpoint-url": self.endpoint_url,
            "--profile": self.profile,
            "--stack": self.stack if self.stack != DEFAULT_STACK else None,
        }
        return tuple(word for pair in given.items() if pair[1] for word in map(str, pair))

    @property
    def client(self) -> Callable[[str], Any]:
        """Makes boto3 clients."""
        try:
            session = boto3.Session(profile_name=self.profile, region_name=self.region)
        except BotoCoreError as exc:
            raise GateError(f"cannot use this profile: {exc}") from exc

        def client(service: str) -> Any:
            try:
                return session.client(service, endpoint_url=self.endpoint_url)
            except InvalidRegionError as exc:
                region = str(session.region_name)
                raise GateError(
                    f"--region: got {region!r}, expected something like us-east-1"
                ) from exc
            except ValueError as exc:
                told = ("--endpoint-url", self.endpoint_url)
                for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
                    told = (name, os.environ[name]) if not told[1] and name in os.environ else told
                expected = "expected something like http://127.0.0.1:5000"
                raise GateError(f"{told[0]}: got {told[1]!r}, {expected}") from exc

        return client

    def bucket(self) -> Bucket:
        """The record bucket: as named, or as the stack's output names it."""
        try:
            name = self.bucket_name or self.stack_output("RecordBucketName")
            return Bucket(self.client("s3"), name)
        except ClientError as exc:
            message = exc.response.get("Error", {}).get("Message", str(exc))
            raise GateError(
                f"cannot read stack {self.stack!r}: {message}; name it with --stack, or the "
                "bucket with --bucket"
            ) from exc
        except BotoCoreError as exc:
            raise GateError(f"AWS cannot be reached: {exc}; see --region, --profile") from exc

    def stack_parameters(self) -> dict[str, str]:
        """What the stack was made with. Raises botocore's errors."""
        stacks = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        told = stacks[0].get("Parameters") or ()
        return {each["ParameterKey"]: each.get("ParameterValue", "") for each in told}

    def stack_output(self, key: str) -> str:
        """An output of the stack. Raises GateError, botocore's errors."""
        stacks = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        for output in stacks[0].get("Outputs") or ():
            if output["OutputKey"] == key:
                return str(output["OutputValue"])
        raise GateError(f"stack {self.stack!r} has no output {key}: it is not of infra/gate.yaml")


@contextmanager
def told_as_ours() -> Iterator[None]:
    """Turns what boto3 raises into a sentence."""
    try:
        yield
    except ClientError as exc:
        told = exc.response.get("Error", {})
        raise GateError(f"{exc.operation_name}: {told.get('Message') or told.get('Code')}") from exc
    except BotoCoreError as exc:
        raise GateError(f"AWS cannot be reached: {exc}; see --region, --profile") from exc


def print_json(value: Any) -> None:
    """For programs; the form of each command's is in docs/schemas."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def is_of_this_machine(client: Callable[[str], Any]) -> bool:
    """Whether the endpoint is a local AWS, whose functions run on this machine's Python."""
    host = urlsplit(client("cloudformation").meta.endpoint_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
