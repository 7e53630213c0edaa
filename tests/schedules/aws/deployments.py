"""Service deployments as ECS tells of them, with its lag. Imported by the simulation alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.schedules.aws.balancer import RULES
from tests.schedules.aws.caller import Caller, client_error
from tests.schedules.disturbing import Disturbing
from tests.schedules.journal import Journal
from tests.schedules.kernel import Kernel, Process
from tests.schedules.schedule import Service
from tests.schedules.wire import HOOK_FUNCTION

TASKS = 2  # of each revision


@dataclass(slots=True, kw_only=True)
class HookState:
    """One hook that a stage waits for."""

    id: str
    stage: str
    mode: str
    configured: Mapping[str, Any] | str
    expires_at: datetime
    expires_s: float
    status: str = "IN_PROGRESS"


@dataclass(slots=True, kw_only=True)
class Deployment:
    """One deployment; `told` is what DescribeServiceDeployments says, by the moment since when."""

    arn: str
    target: str
    source: str | None
    green: str  # target group
    blue: str
    status: str = "PENDING"
    stage: str = ""
    running: int = 0
    hooks: list[HookState] = field(default_factory=list)
    passed: list[tuple[float, str]] = field(default_factory=list)  # stages it got through
    told: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)
    interruption: str = ""
    interrupted: Process | None = None
    ended: Process | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


@dataclass(slots=True, kw_only=True)
class Deployments:
    """All deployments of the service."""

    kernel: Kernel
    disturbing: Disturbing
    journal: Journal
    expiry_told: bool
    continues: bool
    publish: Callable[[Mapping[str, Any]], None]
    by_arn: dict[str, Deployment] = field(default_factory=dict)

    def change(self, deployment: Deployment, **changes: Any) -> None:
        """Change it, and what is told of it from now on."""
        for name, value in changes.items():
            setattr(deployment, name, value)
        deployment.told.append((self.kernel.now_s, self._spell(deployment)))
        said = ", ".join(
            f"{name} {' '.join(hook.status for hook in value) if name == 'hooks' else value}"
            for name, value in changes.items()
        )
        self.journal.note(self.kernel.now_s, f"ECS: {deployment.arn[-12:]}: {said}")

    def seen(self, arn: str, until_s: float) -> Mapping[str, Any] | None:
        """What is told of it, as it was then."""
        deployment = self.by_arn.get(arn)
        told = [value for at_s, value in (deployment.told if deployment else ()) if at_s <= until_s]
        return told[-1] if told else None

    def _spell(self, deployment: Deployment) -> Mapping[str, Any]:
        spelled: dict[str, Any] = {
            "serviceDeploymentArn": deployment.arn,
            "status": deployment.status,
            "targetServiceRevision": {
                "arn": deployment.target,
                "runningTaskCount": deployment.running,
            },
            "sourceServiceRevisions": [{"arn": deployment.source}] if deployment.source else [],
        }
        if deployment.stage:
            spelled["lifecycleStage"] = deployment.stage
        if self.expiry_told:
            spelled["lifecycleHookDetails"] = [self._hook(hook) for hook in deployment.hooks]
        return spelled

    def _hook(self, hook: HookState) -> Mapping[str, Any]:
        return {
            "hookId": hook.id,
            "targetType": "AWS_LAMBDA",
            "targetArn": HOOK_FUNCTION,
            "status": hook.status,
            "expiresAt": hook.expires_at,
            "timeoutAction": "CONTINUE" if self.continues else "ROLLBACK",
        }


class EcsClient:
    """ECS as one invocation reaches it."""

    def __init__(self, caller: Caller, deployments: Deployments) -> None:
        self._caller = caller
        self._deployments = deployments

    def describe_service_deployments(
        self, *, serviceDeploymentArns: list[str]
    ) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            until_s = self._caller.kernel.now_s - self._deployments.disturbing.lag_s(Service.ECS)
            found = [self._deployments.seen(arn, until_s) for arn in serviceDeploymentArns]
            self._keep_what_shows(found)
            return {"serviceDeployments": [told for told in found if told]}

        return self._caller.call(Service.ECS, "DescribeServiceDeployments", effect)

    def describe_service_revisions(self, *, serviceRevisionArns: list[str]) -> Mapping[str, Any]:
        (arn,) = serviceRevisionArns

        def effect() -> Mapping[str, Any]:
            bringing = [d for d in self._deployments.by_arn.values() if d.target == arn]
            if not bringing:
                raise client_error("DescribeServiceRevisions", "InvalidParameterException", 400)
            return {"serviceRevisions": [_spell_revision(bringing[0])]}

        return self._caller.call(Service.ECS, "DescribeServiceRevisions", effect)

    def _keep_what_shows(self, told: Iterable[Mapping[str, Any] | None]) -> None:
        """Whether the hook was ever shown that it would pass by expiring."""
        for each in told:
            hooks = (each or {}).get("lifecycleHookDetails", ())
            if any(hook["timeoutAction"] == "CONTINUE" for hook in hooks):
                self._caller.journal.continue_seen.add(self._caller.function.value)


def _spell_revision(deployment: Deployment) -> Mapping[str, Any]:
    return {
        "serviceRevisionArn": deployment.target,
        "containerImages": [{"containerName": "web", "image": f"shop:{deployment.target[-2:]}"}],
        "loadBalancers": [
            {
                "containerName": "web",
                "targetGroupArn": deployment.blue,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": deployment.green,
                    "productionListenerRule": RULES["production"],
                    "testListenerRule": RULES["test"],
                },
            }
        ],
        "resolvedConfiguration": {
            "loadBalancers": [
                {
                    "targetGroupArn": deployment.green,
                    "productionListenerRule": RULES["production"],
                }
            ]
        },
    }
