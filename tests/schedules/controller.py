"""ECS's deployment controller: stages, hooks with their call backs and expiry, the way back.

What AWS documents, and where it does not say, what the local AWS assumes too. Imported by the
simulation alone.
"""

import itertools
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from testgate.core.events import POST_PRODUCTION, PRODUCTION_SHIFT, TEST_SHIFT
from tests.schedules.aws.balancer import GROUPS, RuleState, Target
from tests.schedules.aws.deployments import TASKS, Deployment, HookState
from tests.schedules.hook_calls import HookConversation
from tests.schedules.hook_function import HookFunction
from tests.schedules.journal import GateWait
from tests.schedules.kernel import Process
from tests.schedules.wire import SERVICE_ARN, deployment_arn, revision_arn
from tests.schedules.world import World

STAGES = (
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    TEST_SHIFT,
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    PRODUCTION_SHIFT,
    POST_PRODUCTION,
    "BAKE_TIME",
    "CLEAN_UP",
)
_STAGE_S = 1.0
_SCALE_UP_S = 60.0
HOOK_EVENTS = {"FAILED": "HOOK_FAILED", "TIMED_OUT": "HOOK_TIMED_OUT"}


class Controller:
    """Carries the service's deployments through."""

    def __init__(self, world: World, details: Mapping[str, Any]) -> None:
        self.world = world
        self.details = details
        self._hook = HookFunction(world)
        self._numbers = itertools.count(1)
        self._hook_ids = itertools.count(1)
        self.latest: Deployment | None = None
        self.asked = world.kernel.signal("the first hook is asked")
        self._begin_service()

    def deploy(self) -> Deployment:
        """Begin the next deployment; one that is under way gives way to it."""
        world, predecessor = self.world, self.latest
        number = next(self._numbers)
        first = world.schedule.setup.first_deployment and number == 1
        serving = next(
            (g for g, weight in world.balancer.rules["production"].forwards.items() if weight),
            GROUPS[0],
        )
        green = GROUPS[0] if first else next(g for g in GROUPS if g != serving)
        deployment = Deployment(
            arn=deployment_arn(number),
            target=revision_arn(number),
            source=None if first else self._serving_revision(),
            green=green,
            blue=next(g for g in GROUPS if g != green),
            interrupted=world.kernel.signal("interrupted"),
            ended=world.kernel.signal("ended"),
        )
        world.deployments.by_arn[deployment.arn] = deployment
        self.latest = deployment
        world.deployments.change(deployment, status="PENDING")
        if predecessor is not None:
            self.interrupt(predecessor, "SUPERSEDED")
        world.kernel.spawn(f"deployment {number}", lambda: self._run(deployment, predecessor))
        return deployment

    def interrupt(self, deployment: Deployment, why: str) -> None:
        """StopServiceDeployment (ROLLBACK), or another deployment (SUPERSEDED)."""
        if deployment.is_over or deployment.interruption or deployment.stage == "CLEAN_UP":
            return
        deployment.interruption = why
        if deployment.status in ("PENDING", "IN_PROGRESS") and why == "ROLLBACK":
            self.world.deployments.change(deployment, status="ROLLBACK_REQUESTED")
        if deployment.interrupted is not None:
            self.world.kernel.fire(deployment.interrupted)

    def _begin_service(self) -> None:
        balancer = self.world.balancer
        blue = GROUPS[0]
        balancer.rules["production"] = RuleState({blue: 100, GROUPS[1]: 0})
        balancer.rules["test"] = RuleState({blue: 100, GROUPS[1]: 0})
        if not self.world.schedule.setup.first_deployment:
            balancer.targets[blue] = _tasks(revision_arn(0))
        balancer.changed()

    def _serving_revision(self) -> str:
        """The revision that production runs: that of the last deployment that succeeded."""
        done = [d for d in self.world.deployments.by_arn.values() if d.status == "SUCCESSFUL"]
        return done[-1].target if done else revision_arn(0)

    def _run(self, deployment: Deployment, predecessor: Deployment | None) -> None:
        world = self.world
        if predecessor is not None and predecessor.ended is not None:
            world.kernel.wait(predecessor.ended)
        if not deployment.interruption:
            world.deployments.change(deployment, status="IN_PROGRESS")
            self._tell(deployment, "SERVICE_DEPLOYMENT_IN_PROGRESS")
        refusal = self._forward(deployment)
        if refusal is None:
            world.deployments.change(deployment, status="SUCCESSFUL")
            self._tell(deployment, "SERVICE_DEPLOYMENT_COMPLETED")
        else:
            self._back(deployment, refusal)
            self._tell(deployment, "SERVICE_DEPLOYMENT_FAILED")
        if deployment.ended is not None:
            world.kernel.fire(deployment.ended)

    def _forward(self, deployment: Deployment) -> str | None:
        """Through the stages; why it has to go back, None if it has succeeded."""
        for stage in STAGES:
            if deployment.interruption:
                return deployment.interruption
            self.world.deployments.change(deployment, stage=stage)
            self._effect(deployment, stage)
            if deployment.interrupted is not None:
                lasts_s = _SCALE_UP_S if stage == "SCALE_UP" else _STAGE_S
                self.world.kernel.wait(deployment.interrupted, timeout_s=lasts_s)
            refusal = self._hooks(deployment, stage)
            if deployment.interruption or refusal:
                return deployment.interruption or refusal
            deployment.passed.append((self.world.kernel.now_s, stage))
        return None

    def _effect(self, deployment: Deployment, stage: str) -> None:
        balancer = self.world.balancer
        shift = {deployment.green: 100, deployment.blue: 0}
        if stage == "SCALE_UP":
            balancer.targets[deployment.green] = _tasks(deployment.target)
            self.world.deployments.change(deployment, running=TASKS)
        elif stage == TEST_SHIFT:
            balancer.rules["test"] = RuleState(shift)
        elif stage == PRODUCTION_SHIFT:
            balancer.rules["production"] = RuleState(shift)
        elif stage == "CLEAN_UP":
            balancer.targets[deployment.blue] = []
        balancer.changed()

    def _hooks(self, deployment: Deployment, stage: str, back: bool = False) -> str | None:
        """Ask the hooks of a stage side by side; why it has to go back, if one says so."""
        world, setup = self.world, self.world.schedule.setup
        if stage not in setup.stages:
            return None
        modes = ["observe" if setup.observes else "enforce"]
        modes += [setup.second_hook] if setup.second_hook else []
        hooks = [self._hook_state(stage, mode) for mode in modes]
        if not self.asked.ended:
            world.kernel.fire(self.asked)
        world.deployments.change(deployment, hooks=[*deployment.hooks, *hooks])
        asked = [HookConversation(world, self._hook, deployment, hook, back=back) for hook in hooks]
        running = [
            world.kernel.spawn(f"hook {hook.id}", talk.hold)
            for hook, talk in zip(hooks, asked, strict=True)
        ]
        return self._await_hooks(deployment, stage, hooks, running)

    def _await_hooks(
        self,
        deployment: Deployment,
        stage: str,
        hooks: list[HookState],
        running: list[Process],
    ) -> str | None:
        kernel, interrupted = self.world.kernel, deployment.interrupted
        waits = [
            GateWait(deployment=deployment.arn, stage=stage, mode=hook.mode, began_s=kernel.now_s)
            for hook in hooks
        ]
        self.world.journal.waits.extend(waits)
        open_ = dict(enumerate(running))
        refusal = None
        while open_ and refusal is None and not deployment.interruption:
            also = [interrupted] if interrupted is not None and not interrupted.ended else []
            kernel.wait(*open_.values(), *also)
            for index in [i for i, process in open_.items() if process.ended]:
                waits[index].ended_s, waits[index].how = kernel.now_s, str(open_[index].value)
                refusal = refusal or self._ended(deployment, hooks[index], open_.pop(index))
        for index, process in open_.items():
            kernel.kill(process)
            waits[index].ended_s, waits[index].how = kernel.now_s, "left"
        return refusal

    def _ended(self, deployment: Deployment, hook: HookState, process: Process) -> str | None:
        how = str(process.value)
        hook.status = "SUCCEEDED" if how == "CONTINUED" else how
        self.world.deployments.change(deployment, hooks=deployment.hooks)
        if how in HOOK_EVENTS:
            self._tell_hook(deployment, HOOK_EVENTS[how])
            return f"lifecycle hook {how}"
        return None

    def _hook_state(self, stage: str, mode: str) -> HookState:
        setup, kernel = self.world.schedule.setup, self.world.kernel
        details = {**self.details, **({"MODE": "observe"} if mode == "observe" else {})}
        lasts_s = setup.hook_timeout_min * 60
        return HookState(
            id=f"ecs-lambda-{next(self._hook_ids)}",
            stage=stage,
            mode=mode,
            configured=json.dumps(details) if setup.configured_as_text else details,
            expires_at=kernel.now() + timedelta(seconds=lasts_s),
            expires_s=kernel.now_s + lasts_s,
        )

    def _back(self, deployment: Deployment, why: str) -> None:
        """The way back: production first, hooks of shift stages asked again, tasks stopped."""
        world = self.world
        superseded = deployment.interruption == "SUPERSEDED"
        if not superseded:
            world.deployments.change(deployment, status="ROLLBACK_IN_PROGRESS")
            self._tell(deployment, "SERVICE_DEPLOYMENT_IN_PROGRESS")
        if deployment.source is None:
            world.balancer.targets[deployment.green] = []
            world.deployments.change(
                deployment, status="STOPPED" if superseded else "ROLLBACK_FAILED", running=0
            )
            world.balancer.changed()
            return
        home = {deployment.blue: 100, deployment.green: 0}
        entered = STAGES[: STAGES.index(deployment.stage) + 1] if deployment.stage else ()
        failed = False
        for stage, rule in ((PRODUCTION_SHIFT, "production"), (TEST_SHIFT, "test")):
            if stage not in entered:
                continue
            if not superseded:
                world.deployments.change(deployment, stage=stage)
            world.balancer.rules[rule] = RuleState(dict(home))
            world.balancer.changed()
            if not superseded:
                failed |= self._hooks_back(deployment, stage)
            world.kernel.sleep(_STAGE_S)
        world.balancer.targets[deployment.green] = []
        world.balancer.changed()
        status = "ROLLBACK_FAILED" if failed else "ROLLBACK_SUCCESSFUL"
        world.deployments.change(deployment, status="STOPPED" if superseded else status, running=0)

    def _hooks_back(self, deployment: Deployment, stage: str) -> bool:
        deployment.interruption, before = "", deployment.interruption
        refused = self._hooks(deployment, stage, back=True) is not None
        deployment.interruption = before
        return refused

    def _tell(self, deployment: Deployment, name: str) -> None:
        self.world.deployments.publish(
            {
                "source": "aws.ecs",
                "detail-type": "ECS Deployment State Change",
                "resources": [SERVICE_ARN],
                "detail": {"eventName": name, "deploymentId": deployment.arn[-12:]},
            }
        )

    def _tell_hook(self, deployment: Deployment, name: str) -> None:
        self.world.deployments.publish(
            {
                "source": "aws.ecs",
                "detail-type": "ECS Hook State Change",
                "resources": [deployment.arn],
                "detail": {"eventName": name, "serviceArn": SERVICE_ARN},
            }
        )


def _tasks(revision: str) -> list[Target]:
    tail = revision[-3:]
    return [Target(f"10.0.{int(tail)}.{index}", revision) for index in range(TASKS)]
