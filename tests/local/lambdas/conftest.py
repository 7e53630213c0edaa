"""A moto server with the Lambda host in front of it, and functions made of a few lines of code."""

import io
import json
import sys
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from testgate.local.clock import ScaledClock
from testgate.local.front import Front
from testgate.local.lambdas import Invocation, LambdaHost

REGION = "us-east-1"
PYTHON = Path(sys.prefix) / "lambda-runtime" / "bin" / "python"


class QuietHandler(MotoRequestHandler):  # type: ignore[misc]
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class World:
    """One local AWS: its URL, its host, and shorthands for what most tests do."""

    url: str
    host: LambdaHost
    clients: dict[str, Any] = field(default_factory=dict)
    role_arn: str = ""
    marks: Path = Path()  # a directory that every handler finds in its variable MARKS

    def client(self, service: str, region: str = REGION) -> Any:
        key = f"{service}/{region}"
        if key not in self.clients:
            self.clients[key] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self.clients[key]

    @staticmethod
    def zip_of(files: dict[str, str]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    @staticmethod
    def eventually(holds: Callable[[], Any], limit_s: float = 120.0) -> Any:
        """What `holds` returns once it is true; what goes on in the background has no other end."""
        end = time.monotonic() + limit_s
        while not (found := holds()):
            assert time.monotonic() < end, "it did not come to hold"
            time.sleep(0.005)
        return found

    def make(self, code: str, *, files: dict[str, str] | None = None, **settings: Any) -> str:
        """A function of this `app.py` with a new name; `settings` as CreateFunction takes them."""
        name = f"f-{uuid.uuid4().hex[:8]}"
        spec = {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": self.role_arn,
            "Timeout": 20,
            "MemorySize": 256,
            "Code": {"ZipFile": self.zip_of({"app.py": code, **(files or {})})},
            "Environment": {"Variables": {"MARKS": str(self.marks)}},
            **settings,
        }
        self.client("lambda").create_function(**spec)
        return name

    def run(self, function: str, event: Any = None) -> Any:
        """The decoded answer of a successful invocation."""
        done = self.host.invoke(function, json.dumps(event).encode())
        assert done.function_error is None, done.payload
        return json.loads(done.payload)

    def fail(self, function: str, event: Any = None) -> tuple[dict[str, Any], Invocation]:
        """The decoded error document of a failed invocation."""
        done = self.host.invoke(function, json.dumps(event).encode())
        assert done.function_error == "Unhandled", done.payload
        return json.loads(done.payload), done

    def log_messages(self, group: str) -> list[str]:
        events = self.client("logs").filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events]

    def log_of(self, function: str) -> list[str]:
        return self.log_messages(f"/aws/lambda/{function}")

    def make_role(self) -> None:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        iam = self.client("iam")
        role = iam.create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(trust))
        self.role_arn = role["Role"]["Arn"]


@pytest.fixture(scope="package")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    front = Front(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=QuietHandler)
    url = f"http://127.0.0.1:{server.server_port}"
    host = LambdaHost(
        python=PYTHON,
        endpoint_url=lambda: url,
        region=REGION,
        # A retry after one nominal minute comes after 60 ms.
        clock=ScaledClock(scale=0.001),
        work_dir=tmp_path_factory.mktemp("lambda-work"),
    )
    host.install()
    front.add_route(host.route)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    world = World(url=url, host=host)
    yield world
    host.close()
    for client in world.clients.values():
        client.close()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def world(served_world: World, tmp_path: Path) -> Iterator[World]:
    """The served world with nothing in it but a role for functions."""
    served_world.make_role()
    served_world.marks = tmp_path
    yield served_world
    served_world.host.reset()
    moto_api_backend.reset()
