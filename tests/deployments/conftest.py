"""Whole deployments: one local AWS with the shipped stack, and a site of its own for each test."""

import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import requests
import trustme

from infra.bundle import Target, build_bundles
from testgate.aws.s3 import Bucket
from testgate.cli.publishing import prepare_publication, publish
from testgate.cli.runs import RunNotFoundError, StoredRun, find_run
from testgate.local.ecs import Behaviour, DeploymentTransition, TransitionKind
from testgate.local.gate_stack import GateStack, deploy_gate
from testgate.local.site import Hook, Site, build_site
from testgate.local.world import LocalAws, LocalSettings
from tests.rights.collecting import DeployedRights, store
from tests.rights.plugin import DIRECTORY

ROOT = Path(__file__).resolve().parents[2]
SECRETS_PAGE = ROOT / "docs" / "secrets.md"
TIME_SCALE = 0.1
PATIENCE_S = 120.0
_numbers = itertools.count(1)

GOOD = (
    "def test_health(base_url):\n    assert requests.get(base_url + '/health').status_code == 200\n"
)
SUITE = "import requests\n" + GOOD
CHECKOUT_SUITE = (
    SUITE
    + """
def test_checkout(base_url):
    cart = requests.post(base_url + '/cart').json()
    item = {'product_id': 'notebook', 'quantity': 1}
    requests.post(f"{base_url}/cart/{cart['id']}/items", json=item)
    status = requests.post(f"{base_url}/cart/{cart['id']}/checkout").status_code
    assert status == 201, f'{status}, expected 201'
"""
)


@pytest.fixture(scope="package")
def authority() -> trustme.CA:
    """Signs what the local functions trust."""
    return trustme.CA()


@pytest.fixture(scope="package")
def local(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    ca_file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    settings = LocalSettings(
        time_scale=TIME_SCALE,
        images=Path(__file__).with_name("images") / "images.toml",
        ca_file=ca_file,
    )
    with LocalAws(settings) as running:
        yield running


@pytest.fixture(scope="package")
def stack(local: LocalAws, pytestconfig: pytest.Config) -> Iterator[GateStack]:
    """The shipped stack; what its rights were used for is kept when it goes."""
    build_bundles(ROOT / "build", Target.host())
    made = deploy_gate(local.client, ROOT, parameters={"SuitePolicyArn": suite_policy(local)})
    rights = DeployedRights(local.client, made.name)
    yield made
    store(pytestconfig.stash[DIRECTORY], rights.used(local.rights.ledger.uses()))


def suite_policy(local: LocalAws) -> str:
    """The policy of docs/secrets.md, for the secrets and the role of these tests."""
    text = re.search(r"```json\n(.+?)```", SECRETS_PAGE.read_text(), re.DOTALL)
    assert text is not None
    document = text[1].replace("eu-west-1", "us-east-1").replace("111111111111", "123456789012")
    made = local.client("iam").create_policy(PolicyName="suites", PolicyDocument=document)
    return str(made["Policy"]["Arn"])


@pytest.fixture
def lab(
    local: LocalAws, stack: GateStack, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator["Lab"]:
    """A site of its own; no call may be denied but those of actions marked `denied`."""
    made = Lab(local=local, stack=stack, directory=tmp_path, name=f"web-{next(_numbers)}")
    emitted = watch_events(local)
    unsubscribe = local.ecs.subscribe(made.watch)
    denied_before = len(local.rights.ledger.denials())
    yield made
    unsubscribe()
    local.ecs.behaviour = Behaviour()
    marker = request.node.get_closest_marker("denied")
    expected = marker.args if marker is not None else ()
    denials = local.rights.ledger.denials()[denied_before:]
    assert [each.reason for each in denials if each.action not in expected] == []
    assert [problem for event in emitted for problem in event_problems(event)] == []


def watch_events(local: LocalAws) -> list[dict[str, Any]]:
    """What hooks emit from now on, as it reaches the bus."""
    emitted: list[dict[str, Any]] = []

    def observe(request: Any, _: Any) -> None:
        if request.headers.get("X-Amz-Target", "").endswith(".PutEvents"):
            emitted.extend(json.loads(request.get_data())["Entries"])

    local.server.front.add_observer(observe)
    return emitted


def event_problems(entry: Mapping[str, Any]) -> list[str]:
    """How an event differs from its published schema."""
    name = entry["DetailType"].rpartition(" ")[2].lower()
    schema = json.loads((ROOT / "docs" / "schemas" / f"event-{name}.json").read_text())
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
    return [
        f"{name}: {each.message}" for each in validator.iter_errors(json.loads(entry["Detail"]))
    ]


@pytest.fixture
def testgate(lab: "Lab") -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `testgate` in a process of its own, pointed at the local AWS by AWS's variables."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": lab.local.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "COLUMNS": "200",
    } | {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "testgate", *arguments],
            check=False,
            env=environment | changes,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@dataclass(kw_only=True)
class Lab:
    """A site, its service's gate, and what has happened to its deployments."""

    local: LocalAws
    stack: GateStack
    directory: Path
    name: str
    transitions: list[DeploymentTransition] = field(default_factory=list)
    acts: list[tuple[TransitionKind, Callable[[DeploymentTransition], None]]] = field(
        default_factory=list
    )
    image: str = "shop"
    _site: Site | None = None

    @property
    def site(self) -> Site:
        if self._site is None:
            self._site = build_site(self.local.client, self.name)
        return self._site

    @site.setter
    def site(self, site: Site) -> None:
        self._site = site

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.local.client("s3"), self.stack.record_bucket)

    def watch(self, transition: DeploymentTransition) -> None:
        """Keep it, and act if this is the named moment; an act happens once."""
        if f"/{self.name}/" not in transition.deployment_arn:
            return
        self.transitions.append(transition)
        due = [act for act in self.acts if act[0] is transition.kind]
        for act in due:
            self.acts.remove(act)
            act[1](transition)

    def once(self, kind: TransitionKind, act: Callable[[DeploymentTransition], None]) -> None:
        self.acts.append((kind, act))

    def publish(self, suites: Mapping[str, str], extra: str = "", gate: str = "") -> str:
        """Publish a gate of this lab's name with these suites of one file; its pinned name."""
        tables = []
        for name, text in suites.items():
            (self.directory / name).mkdir(exist_ok=True)
            (self.directory / name / "test_it.py").write_text(text)
            tables.append(f'[[suites]]\nname = "{name}"\npath = "{name}"\n{extra}\n')
        gate_file = self.directory / "testgate.toml"
        gate_file.write_text(
            f'schema = 1\n[gate]\nname = "{self.name}"\n{gate}\n' + "".join(tables)
        )
        publication = prepare_publication(gate_file)
        publish(self.bucket, publication)
        return publication.pinned

    def publish_waves(self, *texts: str, gate: str = "") -> None:
        """Publish a gate of this lab's name: a suite of one file a wave, one after another."""
        tables = []
        for number, text in enumerate(texts, start=1):
            name = f"wave-{number}"
            (self.directory / name).mkdir(exist_ok=True)
            (self.directory / name / "test_it.py").write_text(text)
            tables.append(f'[[suites]]\nname = "{name}"\npath = "{name}"\nwave = {number}\n')
        gate_file = self.directory / "testgate.toml"
        gate_file.write_text(
            f'schema = 1\n[gate]\nname = "{self.name}"\n{gate}\n' + "".join(tables)
        )
        publish(self.bucket, prepare_publication(gate_file))

    def hook(self, **details: Any) -> Hook:
        return self.stack.hook({"GATE": self.name} | details)

    def task(self, version: str, **environment: str) -> str:
        return self.site.register(
            f"example.com/{self.image}:{version}", {"SHOP_VERSION": version} | environment
        )

    def create(self, version: str, *hooks: Hook, **environment: str) -> dict[str, Any]:
        return self.ended(self.site.create(self.task(version, **environment), *hooks))

    def update(self, version: str, *hooks: Hook, **environment: str) -> dict[str, Any]:
        return self.ended(self.site.update(self.task(version, **environment), *hooks))

    def established(self) -> None:
        """Version 1 in production, and a published gate whose one suite passes."""
        self.publish({"smoke": SUITE})
        assert self.create("1", self.hook(ON_CREATE="skip"))["status"] == "SUCCESSFUL"
        self.transitions.clear()

    def ended(self, arn: str) -> dict[str, Any]:
        return self.local.ecs.wait_until_ended(arn, PATIENCE_S)

    def run(self, deployment: Mapping[str, Any]) -> StoredRun:
        return find_run(self.bucket, deployment["serviceDeploymentArn"])

    def recorded(self, deployment: Mapping[str, Any]) -> StoredRun:
        """The run once its record is written, which `finish` does in its own time."""
        pause = threading.Event()
        for _ in range(600):
            with contextlib.suppress(RunNotFoundError):
                run = self.run(deployment)
                if run.record is not None:
                    return run
            pause.wait(0.05)
        raise AssertionError("the gate run was never recorded")

    def recorded_of(self, deployment: Mapping[str, Any], hook: str) -> StoredRun:
        """The run of one kind of hook, beside those of others, once there is one."""
        pause = threading.Event()
        for _ in range(600):
            with contextlib.suppress(RunNotFoundError):
                run = self.run(deployment)
                for each in (run, *run.others):
                    if each.hook == hook:
                        return each
            pause.wait(0.05)
        raise AssertionError(f"no run of {hook} was ever recorded")

    def execution_ended(self, deployment: Mapping[str, Any]) -> dict[str, Any]:
        """The deployment's only execution, once it has ended."""
        (arn,) = self.executions(deployment)
        client = self.local.client("stepfunctions")
        pause = threading.Event()
        for _ in range(600):
            described: dict[str, Any] = client.describe_execution(executionArn=arn)
            if described["status"] != "RUNNING":
                return described
            pause.wait(0.05)
        raise AssertionError(f"{arn} is still running")

    def executions(self, deployment: Mapping[str, Any]) -> list[str]:
        client = self.local.client("stepfunctions")
        found = client.list_executions(stateMachineArn=self.stack.state_machine_arn)["executions"]
        arn = deployment["serviceDeploymentArn"]
        return [
            item["executionArn"]
            for item in found
            if arn in client.describe_execution(executionArn=item["executionArn"])["input"]
        ]

    def version(self, url: str) -> str | None:
        """What a listener serves; None if it serves no shop."""
        answer = requests.get(f"{url}/version", timeout=60)
        return str(answer.json()["version"]) if answer.ok else None

    @property
    def production(self) -> str | None:
        return self.version(self.site.production_url)

    def production_shifts(self) -> list[DeploymentTransition]:
        return [
            t
            for t in self.transitions
            if t.kind is TransitionKind.STAGE_ENTERED
            and t.stage is not None
            and t.stage.value == "PRODUCTION_TRAFFIC_SHIFT"
            and not t.status.rolling_back
        ]

    def hook_calls(self) -> list[dict[str, Any]]:
        return [
            json.loads(t.payload or b"null")
            for t in self.transitions
            if t.kind is TransitionKind.HOOK_CALLED
        ]
