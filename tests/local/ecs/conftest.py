"""A real local AWS for the tests of this folder: moto, the control plane, listeners, processes.

Only functions behind hooks are scripted, and time is virtual: a wait returns at once and moves
the clock. Names are unique per test.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from testgate.local.balancer import Balancer
from testgate.local.ecs import (
    Behaviour,
    DeploymentTransition,
    EcsControlPlane,
    EcsSettings,
    FleetLimits,
    HookAnswered,
    HookCall,
    HookResult,
    ImageMap,
)
from testgate.local.server import MotoServer
from testgate.local.site import CONTAINER, CONTAINER_PORT, Site, build_site

ROLE = "arn:aws:iam::123456789012:role/hooks"
LIMITS = FleetLimits(scale_up_timeout_s=20.0)
_IMAGES = """
[images."shop"]
command = ["{python}", "-S", "app.py"]
cwd = "."

[images."gone"]
missing = true
"""


class VirtualClock:
    """A clock whose waits pass at once; `waits_s` are those asked for, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = datetime.now(UTC)
        self.waits_s: list[float] = []

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def wait(self, interrupted: threading.Event, delay_s: float) -> bool:
        if interrupted.is_set():
            return True
        with self._lock:
            self.waits_s.append(delay_s)
            self._now += timedelta(seconds=delay_s)
        return interrupted.is_set()


Script = Callable[[dict[str, Any]], HookResult]


@dataclass
class Hooks:
    """Functions by ARN; a function without a script succeeds. `calls` are (ARN, event).

    `role_contexts` is what came with the role at the last call of each function.
    """

    scripts: dict[str, Script] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    role_contexts: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, call: HookCall) -> HookResult:
        event = json.loads(call.payload)
        self.calls.append((call.function_arn, event))
        self.role_contexts[call.function_arn] = dict(call.role_context)
        return self.scripts.get(call.function_arn, succeed)(event)

    def function(self, script: Script) -> str:
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:hook-{uuid.uuid4().hex[:8]}"
        self.scripts[arn] = script
        return arn

    def answers(self, *answers: Any) -> str:
        """A function that answers these in turn, each once."""
        left = list(answers)
        return self.function(lambda _: answer(left.pop(0)))

    def events_of(self, arn: str) -> list[dict[str, Any]]:
        return [event for called, event in self.calls if called == arn]


def answer(document: Any) -> HookResult:
    return HookAnswered(json.dumps(document).encode())


def succeed(event: dict[str, Any]) -> HookResult:
    return answer({"hookStatus": "SUCCEEDED"})


def fail(event: dict[str, Any]) -> HookResult:
    return answer({"hookStatus": "FAILED"})


@dataclass(frozen=True)
class World:
    server: MotoServer
    balancer: Balancer
    ecs: EcsControlPlane
    hooks: Hooks
    clock: VirtualClock

    def client(self, service: str) -> Any:
        return self.server.client(service)


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("images")
    (folder / "images.toml").write_text(_IMAGES)
    (folder / "app.py").write_text((Path(__file__).parent / "app.py").read_text())
    server, balancer = MotoServer(), Balancer(region="us-east-1")
    hooks, clock = Hooks(), VirtualClock()
    ecs = EcsControlPlane(
        client=server.client,
        invoke_hook=hooks,
        images=ImageMap.load(folder / "images.toml"),
        balancer=balancer,
        clock=clock,
        region="us-east-1",
        settings=EcsSettings(limits=LIMITS),
    )
    balancer.install()
    server.front.add_route(ecs.route)
    server.front.add_observer(ecs.observe)
    server.front.add_route(balancer.route)
    server.start()
    yield World(server, balancer, ecs, hooks, clock)
    ecs.close()
    balancer.close()
    server.close()


@dataclass
class Place:
    """One service with its load balancer, and the steps every test repeats."""

    world: World
    site: Site
    transitions: list[DeploymentTransition] = field(default_factory=list)

    @property
    def ecs(self) -> Any:
        return self.world.client("ecs")

    def task_definition(self, version: str, *, image: str = "shop:1", **environment: str) -> str:
        return self.site.register(image, {"VERSION": version, **environment})

    def balancers(self) -> list[dict[str, Any]]:
        return [
            {
                "targetGroupArn": self.site.groups[0],
                "containerName": CONTAINER,
                "containerPort": CONTAINER_PORT,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": self.site.groups[1],
                    "productionListenerRule": self.site.production_rule,
                    "testListenerRule": self.site.test_rule,
                    "roleArn": self.site.role_arn,
                },
            }
        ]

    def create(self, version: str, *hooks: dict[str, Any], **members: Any) -> str:
        """Create the service; the ARN of its deployment."""
        self.ecs.create_service(
            **{
                "cluster": self.site.cluster,
                "serviceName": self.site.name,
                "taskDefinition": self.task_definition(version),
                "desiredCount": 1,
                "loadBalancers": self.balancers(),
                "deploymentConfiguration": configuration(*hooks),
                **members,
            }
        )
        return self.site.newest_deployment()

    def update(self, version: str, *hooks: dict[str, Any], **members: Any) -> str:
        """Deploy a version; the ARN of its deployment."""
        answer = self.ecs.update_service(
            **{
                "cluster": self.site.cluster,
                "service": self.site.name,
                "taskDefinition": self.task_definition(version),
                "deploymentConfiguration": configuration(*hooks),
                **members,
            }
        )
        return str(answer["service"]["currentServiceDeployment"])

    def ended(self, deployment_arn: str) -> dict[str, Any]:
        """The deployment once it has ended, through the API."""
        self.world.ecs.wait_until_ended(deployment_arn, timeout_s=20)
        return self.site.deployment(deployment_arn)

    def created(self, version: str = "blue", **members: Any) -> str:
        """Create the service and wait; the ARN of its revision."""
        deployment = self.ended(self.create(version, **members))
        assert deployment["status"] == "SUCCESSFUL", deployment
        return str(deployment["targetServiceRevision"]["arn"])

    def service(self) -> dict[str, Any]:
        answer = self.ecs.describe_services(cluster=self.site.cluster, services=[self.site.name])
        return dict(answer["services"][0])

    def production(self) -> str:
        return ask(self.site.production_url)

    def test(self) -> str:
        return ask(self.site.test_url)

    def weights(self, rule_arn: str) -> dict[str, int]:
        rules = self.world.client("elbv2").describe_rules(RuleArns=[rule_arn])["Rules"]
        groups = rules[0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {group["TargetGroupArn"]: group["Weight"] for group in groups}

    def at(self, kind: str, stage: str, act: Callable[[DeploymentTransition], Any]) -> None:
        """Call `act` once, at the first such step of this service."""
        done: list[bool] = []

        def watch(transition: DeploymentTransition) -> None:
            ours = transition.service_arn.endswith(f"/{self.site.name}")
            if ours and not done and (transition.kind, transition.stage) == (kind, stage):
                done.append(True)
                act(transition)

        self.world.ecs.subscribe(watch)


def ask(url: str) -> str:
    response = requests.get(url, timeout=60)
    return response.text if response.ok else str(response.status_code)


def configuration(*hooks: dict[str, Any], bake_minutes: int = 0) -> dict[str, Any]:
    return {
        "strategy": "BLUE_GREEN",
        "bakeTimeInMinutes": bake_minutes,
        "lifecycleHooks": list(hooks),
    }


def hook(arn: str, *stages: str, **members: Any) -> dict[str, Any]:
    return {
        "hookTargetArn": arn,
        "roleArn": ROLE,
        "lifecycleStages": list(stages or ["POST_TEST_TRAFFIC_SHIFT"]),
        **members,
    }


@pytest.fixture
def hooks(world: World) -> Hooks:
    return world.hooks


@pytest.fixture
def place(world: World) -> Iterator[Place]:
    """A place of its own; its service is deleted afterwards, hook behaviour put back."""
    name = f"s{uuid.uuid4().hex[:10]}"
    place = Place(world, build_site(world.client, name))
    unsubscribe = world.ecs.subscribe(
        lambda t: place.transitions.append(t) if t.service_arn.endswith(f"/{name}") else None
    )
    yield place
    unsubscribe()
    world.ecs.behaviour = Behaviour()
    world.ecs.limits = LIMITS
    if any(arn.endswith(f"/{name}") for arn in _service_arns(place)):
        place.ecs.delete_service(cluster=name, service=name, force=True)


def _service_arns(place: Place) -> list[str]:
    return list(place.ecs.list_services(cluster=place.site.cluster)["serviceArns"])
