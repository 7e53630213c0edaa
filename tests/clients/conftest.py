"""A local AWS for clients that nobody here wrote, and a hook that answers as it is told.

Time that ECS only waits for is shortened; functions and tasks are real processes.
"""

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from testgate.local.ecs import Behaviour
from testgate.local.site import Hook, Site, build_site
from testgate.local.world import LocalAws, LocalSettings
from tests.local.lambdas.conftest import World

AWS = Path(sys.prefix) / "aws-cli" / "bin" / "aws"
PATIENCE_S = 120.0
needs_aws_cli = pytest.mark.skipif(
    not AWS.exists(), reason="no AWS CLI: `make aws-cli` puts it into .venv/aws-cli"
)
_numbers = itertools.count(1)
_IMAGES = '[images."*/app"]\ncommand = ["{python}", "-S", "app.py"]\ncwd = "."\n'
# Answers what its hookDetails say; text that is no object is answered with a refusal.
_HOOK = """
def handler(event, context):
    details = event.get("hookDetails", {})
    asked = details.get("ANSWER", "SUCCEEDED") if isinstance(details, dict) else "FAILED"
    return {"hookStatus": asked, "callBackDelay": 5}
"""


def _trust(service: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="package")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    folder = tmp_path_factory.mktemp("images")
    (folder / "images.toml").write_text(_IMAGES)
    app = Path(__file__).parents[1] / "local" / "ecs" / "app.py"
    (folder / "app.py").write_text(app.read_text())
    with LocalAws(LocalSettings(images=folder / "images.toml", time_scale=0.02)) as running:
        yield running


@pytest.fixture(scope="package")
def hook(local: LocalAws) -> Hook:
    """A hook whose answer is what its hookDetails name as ANSWER."""
    iam, functions = local.client("iam"), local.client("lambda")
    iam.create_role(RoleName="function", AssumeRolePolicyDocument=_trust("lambda.amazonaws.com"))
    role = iam.create_role(RoleName="caller", AssumeRolePolicyDocument=_trust("ecs.amazonaws.com"))
    function = functions.create_function(
        FunctionName="hook",
        Runtime="python3.11",
        Handler="app.handler",
        Role="arn:aws:iam::123456789012:role/function",
        Code={"ZipFile": World.zip_of({"app.py": _HOOK})},
    )["FunctionArn"]
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}
    iam.put_role_policy(
        RoleName="caller",
        PolicyName="invoke",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    return Hook(function_arn=function, role_arn=role["Role"]["Arn"], details=None)


@dataclass(kw_only=True)
class Place:
    """One service's surroundings, and the AWS CLI pointed at them."""

    local: LocalAws
    hook: Hook
    site: Site
    directory: Path
    stacks: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.site.name

    def client(self, service: str) -> Any:
        return self.local.client(service)

    def aws(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`aws …` with nothing of this process's environment but the search path."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "AWS_ENDPOINT_URL": self.local.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
        }
        ended = subprocess.run(
            [str(AWS), *arguments],
            env=environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert ended.returncode == 0 or not check, ended.stderr
        return ended

    def aws_json(self, *arguments: str) -> Any:
        return json.loads(self.aws(*arguments, "--output", "json").stdout)

    def file(self, name: str, document: Any) -> str:
        """A file that the AWS CLI reads: its `file://` address."""
        (self.directory / name).write_text(json.dumps(document))
        return f"file://{name}"

    def task_definition(self, version: str, image: str = "example.com/app:1") -> dict[str, Any]:
        return {
            "family": self.name,
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [
                {
                    "name": "app",
                    "image": image,
                    "portMappings": [{"containerPort": 8080}],
                    "environment": [{"name": "VERSION", "value": version}],
                }
            ],
        }

    def service(self, answers: Sequence[str] = ("SUCCEEDED",)) -> dict[str, Any]:
        """CreateService's input, with a hook for each answer."""
        return {
            "cluster": self.site.cluster,
            "serviceName": self.name,
            "taskDefinition": self.name,
            "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            "loadBalancers": [
                {
                    "targetGroupArn": self.site.groups[0],
                    "containerName": "app",
                    "containerPort": 8080,
                    "advancedConfiguration": {
                        "alternateTargetGroupArn": self.site.groups[1],
                        "productionListenerRule": self.site.production_rule,
                        "testListenerRule": self.site.test_rule,
                        "roleArn": self.site.role_arn,
                    },
                }
            ],
            "deploymentConfiguration": self.configuration(answers),
        }

    def configuration(self, answers: Sequence[str]) -> dict[str, Any]:
        hooks = [{**self.hook.spell(), "hookDetails": {"ANSWER": answer}} for answer in answers]
        return {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": hooks}

    def ended(self, deployment_arn: str) -> Mapping[str, Any]:
        return self.local.ecs.wait_until_ended(deployment_arn, PATIENCE_S)


@pytest.fixture
def place(local: LocalAws, hook: Hook, tmp_path: Path) -> Iterator[Place]:
    name = f"app-{next(_numbers)}"
    place = Place(local=local, hook=hook, site=build_site(local.client, name), directory=tmp_path)
    yield place
    local.ecs.behaviour = Behaviour()
    ecs = local.client("ecs")
    with contextlib.suppress(
        ecs.exceptions.ServiceNotFoundException, ecs.exceptions.ServiceNotActiveException
    ):
        ecs.delete_service(cluster=name, service=name, force=True)
