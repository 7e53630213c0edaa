"""Tasks are real processes: what they see, and what happens when they cannot run."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

from testgate.local.ecs import FleetLimits
from tests.local.ecs.conftest import Place, World


def _task(place: Place) -> dict[str, Any]:
    arns = place.ecs.list_tasks(cluster=place.site.cluster, serviceName=place.site.name)
    described = place.ecs.describe_tasks(cluster=place.site.cluster, tasks=arns["taskArns"])
    return dict(described["tasks"][0])


def test_task_sees_its_definition_and_little_else(world: World, place: Place):
    os.environ["TESTGATE_SECRET"] = "of the parent"
    try:
        place.ended(place.create("blue", taskDefinition=place.task_definition("v", COLOUR="blue")))
    finally:
        del os.environ["TESTGATE_SECRET"]
    (lines,) = world.ecs.task_output(_task(place)["taskArn"]).values()
    assert "'COLOUR'" in lines[0]
    assert "'IMAGE'" in lines[0]
    assert "'PORT'" in lines[0]
    assert "TESTGATE" not in lines[0]
    assert "'HOME'" not in lines[0]


def test_task_is_described_with_its_real_port(place: Place):
    place.created()
    task = _task(place)
    (container,) = task["containers"]
    (binding,) = container["networkBindings"]
    health = place.world.client("elbv2").describe_target_health(
        TargetGroupArn=next(a for a, w in place.weights(place.site.production_rule).items() if w)
    )["TargetHealthDescriptions"]
    assert (task["lastStatus"], task["group"]) == ("RUNNING", f"service:{place.site.name}")
    assert binding["containerPort"] == 8080
    assert [(t["Target"]["Port"], t["TargetHealth"]["State"]) for t in health] == [
        (binding["hostPort"], "healthy")
    ]


def test_an_image_marked_as_missing_fails_the_deployment(place: Place):
    place.created("blue")
    deployment = place.ended(
        place.update("green", taskDefinition=place.task_definition("v", image="gone:2"))
    )
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "CannotPullContainerError" in deployment["statusReason"]
    assert "images.toml says that image gone:2 is missing" in deployment["statusReason"]
    assert place.production() == "blue"


def test_task_that_exits_fails_the_deployment(world: World, place: Place):
    deployment = place.ended(place.create("v", taskDefinition=place.task_definition("v", EXIT="3")))
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert "Essential container in task exited" in deployment["rollback"]["reason"]
    arns = place.ecs.list_tasks(
        cluster=place.site.cluster, serviceName=place.site.name, desiredStatus="STOPPED"
    )["taskArns"]
    (task,) = place.ecs.describe_tasks(cluster=place.site.cluster, tasks=arns)["tasks"]
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 3)
    assert world.ecs.task_output(arns[0]) == {"app": ["giving up"]}


def test_task_that_is_never_healthy_fails_the_deployment(world: World, place: Place):
    world.ecs.limits = FleetLimits(scale_up_timeout_s=0.7)
    place.ended(place.create("v", taskDefinition=place.task_definition("v", HEALTH="500")))
    (reason,) = [e["message"] for e in place.service()["events"] if "failed:" in e["message"]]
    assert "Health checks failed with these codes: [500]" in reason


def test_stopped_tasks_leave_no_process(place: Place):
    place.created()
    port = _task(place)["containers"][0]["networkBindings"][0]["hostPort"]
    (task,) = [child for child in _children() if str(port) in child.environ().get("PORT", "")]
    place.ecs.delete_service(cluster=place.site.cluster, service=place.site.name, force=True)
    assert task not in _children()


def test_output_goes_to_the_log_group_of_the_definition(world: World, place: Place):
    logs = world.client("logs")
    logs.create_log_group(logGroupName=f"/ecs/{place.site.name}")
    place.ended(place.create("v", taskDefinition=_with_awslogs(place)))
    task_id = _task(place)["taskArn"].rpartition("/")[2]
    events = logs.get_log_events(
        logGroupName=f"/ecs/{place.site.name}", logStreamName=f"web/app/{task_id}"
    )["events"]
    assert events[0]["message"].startswith("listening")


def test_missing_log_group_fails_the_task(place: Place):
    deployment = place.ended(place.create("v", taskDefinition=_with_awslogs(place)))
    assert "ResourceInitializationError" in deployment["rollback"]["reason"]
    assert "ResourceNotFoundException" in deployment["rollback"]["reason"]


def _with_awslogs(place: Place) -> str:
    definition = place.ecs.register_task_definition(
        family=place.site.name,
        containerDefinitions=[
            {
                "name": "app",
                "image": "shop",
                "memory": 64,
                "portMappings": [{"containerPort": 8080}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": f"/ecs/{place.site.name}",
                        "awslogs-stream-prefix": "web",
                        "awslogs-region": "us-east-1",
                    },
                },
            }
        ],
    )
    return str(definition["taskDefinition"]["taskDefinitionArn"])


_PARENT = """
import sys
from pathlib import Path
from testgate.local.ecs.processes import ContainerProcess, ProcessSpec, Warden
process = ContainerProcess(
    ProcessSpec(arguments=[sys.executable, "-S", "-c", "import time; time.sleep(60)"],
                cwd=Path("."), environment={}),
    warden=Warden(), on_output=print, on_exit=print)
print(process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX")
def test_a_task_dies_with_its_parent_even_if_that_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        task = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
        assert psutil.wait_procs([task], timeout=120)[1] == []


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_a_process_that_ignores_sigterm_is_killed(world: World):
    from pathlib import Path

    from testgate.local.ecs.processes import ContainerProcess, ProcessSpec, Warden

    script = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', flush=True); time.sleep(60)"
    )
    codes: list[int] = []
    output: list[bytes] = []
    warden = Warden()
    process = ContainerProcess(
        ProcessSpec(arguments=[sys.executable, "-S", "-c", script], cwd=Path(), environment={}),
        warden=warden,
        on_output=output.append,
        on_exit=codes.append,
    )
    process.follow()
    deadline = time.monotonic() + 120
    while not output:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.terminate()
    process.wait_or_kill(grace_s=0.05)
    warden.close()
    assert codes == [137]
