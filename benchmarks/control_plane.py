"""A blue/green deployment on the local control plane: what it costs besides starting the task."""

import io
import time
import zipfile
from datetime import datetime
from statistics import median

from benchmarks.figure import Figure
from testgate.cli.repository import repository
from testgate.local.ecs import DeploymentTransition, Stage, TransitionKind
from testgate.local.site import Hook, Site, build_site
from testgate.local.world import LocalAws, LocalSettings

ROUNDS = 5
STAGES = ("PRE_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT")
ANSWER = "def handler(event, context):\n    return {'hookStatus': 'SUCCEEDED'}\n"


def measure_control_plane() -> list[Figure]:
    """The median of some deployments whose three hooks, warm functions, answer at once."""
    settings = LocalSettings(images=repository() / "examples" / "images.toml", enforce_rights=False)
    with LocalAws(settings) as local:
        site = build_site(local.client, "plane")
        hooks = [_hook(local, site, stage) for stage in STAGES]
        task = site.register("example.com/shop:1", {"SHOP_VERSION": "1"})
        starts = TaskStarts()
        local.ecs.subscribe(starts.watch)
        local.ecs.wait_until_ended(site.create(task, hooks[0]), 60)
        _deploy(local, site, task, hooks)  # every function has started once
        took_s = []
        for _ in range(ROUNDS):
            since = time.perf_counter()
            arn = _deploy(local, site, task, hooks)
            took_s.append(time.perf_counter() - since - starts.seconds_of(arn))
    return [
        Figure(
            what="blue/green deployment, three hooks that answer at once",
            measured=median(took_s),
            against="besides the start of the task",
            aim=1,
            unit="s",
        )
    ]


class TaskStarts:
    """How long SCALE_UP took in each deployment: from the task's start until it is healthy."""

    def __init__(self) -> None:
        self._entered: dict[tuple[str, Stage], datetime] = {}

    def watch(self, transition: DeploymentTransition) -> None:
        """A subscriber of the control plane."""
        if transition.kind is TransitionKind.STAGE_ENTERED and transition.stage is not None:
            self._entered[transition.deployment_arn, transition.stage] = transition.at

    def seconds_of(self, deployment_arn: str) -> float:
        began, ended = (
            self._entered[deployment_arn, stage] for stage in (Stage.SCALE_UP, Stage.POST_SCALE_UP)
        )
        return (ended - began).total_seconds()


def _deploy(local: LocalAws, site: Site, task: str, hooks: list[Hook]) -> str:
    local.client("ecs").update_service(
        cluster=site.cluster,
        service=site.name,
        taskDefinition=task,
        forceNewDeployment=True,
        deploymentConfiguration={
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 0,
            "lifecycleHooks": [hook.spell() for hook in hooks],
        },
    )
    arn = site.newest_deployment()
    ended = local.ecs.wait_until_ended(arn, 60)
    if ended["status"] != "SUCCESSFUL":
        raise RuntimeError(f"the deployment ended as {ended['status']}: {ended['statusReason']}")
    return arn


def _hook(local: LocalAws, site: Site, stage: str) -> Hook:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", ANSWER)
    function = local.client("lambda").create_function(
        FunctionName=f"answers-{stage.lower()}",
        Runtime="python3.11",
        Handler="app.handler",
        Role=site.role_arn,
        Code={"ZipFile": code.getvalue()},
    )
    return Hook(
        function_arn=function["FunctionArn"], role_arn=site.role_arn, details=None, stages=(stage,)
    )
