"""`testgate watch` on a whole deployment: its stages, its shards as they go, and its end."""

import os
import subprocess
import sys

from tests.deployments.published import as_published
from tests.deployments.test_wait import WAITING_SUITE
from tests.deployments.wait_stacks import until


def watching(lab):
    """`testgate watch` of the lab's service, whose lines are read while it runs."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": lab.local.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "COLUMNS": "200",
    }
    service, brief = f"{lab.name}/{lab.name}", ("--poll", "0.1", "--timeout", "300")
    return subprocess.Popen(
        [sys.executable, "-m", "testgate", "watch", service, *brief],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_watch_tells_stages_shards_and_the_end(lab):
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    until(flag.with_suffix(".started").exists, "the suite")
    (execution,) = lab.executions({"serviceDeploymentArn": arn})
    name = execution.rpartition(":")[2]
    lines = []
    with watching(lab) as process:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("smoke/1: 1 of 2 tests"):  # told by the runner of the held suite
                flag.touch()
        assert process.wait(timeout=120) == 0
    assert lines[:2] == ["IN_PROGRESS at POST_TEST_TRAFFIC_SHIFT", f"gate run {name}"]
    assert any(line.startswith("smoke/1: 1 of 2 tests") for line in lines[2:])
    assert "SUCCESSFUL" in lines
    assert lines[-1].startswith("SUCCESS revision ")
    assert not any("\x1b" in line for line in lines)


def test_watch_of_nothing_says_so(testgate):
    told = testgate("watch", "nobody/knows")
    assert told.returncode == 7
    assert "ECS knows no deployment of nobody/knows" in told.stderr


def test_watch_in_json_keeps_its_lines_from_the_end(lab, testgate):
    lab.established()
    deployment = lab.update("2")
    told = testgate("watch", deployment["serviceDeploymentArn"], "--json")
    assert as_published("watch", told.stdout)["end"] == "success"
    assert "SUCCESSFUL" in told.stderr
