"""The GitHub action: its steps are run as they are written, as GitHub runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.deployments.conftest import CHECKOUT_SUITE, ROOT, SUITE

ACTION = yaml.safe_load((ROOT / "action" / "action.yml").read_text())
EXPRESSION = re.compile(r"\$\{\{\s*(inputs|steps\.wait\.outputs)\.([a-z-]+)\s*\}\}")


class Job:
    """What GitHub keeps for a job: files for outputs and summary, and the last exit code."""

    def __init__(self, directory, url, inputs):
        self.directory, self.url = directory, url
        self.inputs = {
            name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()
        }
        self.inputs |= inputs
        self.summary, self.output = directory / "summary.md", directory / "output"
        self.printed, self.code = "", 0
        for file in (self.summary, self.output):
            file.touch()

    @property
    def outputs(self):
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())

    def value(self, match):
        where, name = match.groups()
        return self.inputs[name] if where == "inputs" else self.outputs.get(name, "")

    def run(self):
        """Each step until one fails."""
        for step in ACTION["runs"]["steps"]:
            condition = step.get("if")
            assert condition in (None, "steps.wait.outputs.deployment != ''")
            if condition and not self.outputs.get("deployment"):
                continue
            if not self._step(step):
                return

    def _step(self, step):
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script could be a command"
        script = self.directory / "step.sh"
        script.write_text(step["run"])
        given = {
            name: EXPRESSION.sub(self.value, text) for name, text in step.get("env", {}).items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            env=self._environment() | given,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.printed += done.stdout + done.stderr
        self.code = done.returncode
        return done.returncode == 0

    def _environment(self):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {
            "PATH": path,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "GITHUB_ACTION_PATH": str(ROOT / "action"),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self.directory),
        }


@pytest.fixture
def job(lab, tmp_path):
    def run(**inputs):
        (tmp_path / "job").mkdir()
        made = Job(tmp_path / "job", lab.local.url, inputs)
        made.run()
        return made

    return run


def test_a_refused_deployment_fails_the_job_and_marks_the_test(lab, job):
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    deployment = lab.update("2", SHOP_FAULT="checkout")
    done = job(target=f"{lab.name}/{lab.name}", paths="smoke=suites/it\n", junit="out/junit.xml")
    assert done.code == 1, done.printed
    assert done.outputs == {
        "exit-code": "1",
        "end": "refused",
        "deployment": deployment["serviceDeploymentArn"],
    }
    assert "\n::error title=smoke%3A test_it.py%3A%3Atest_checkout (failed),file=suites/it/" in (
        f"\n{done.printed}"
    )
    assert done.summary.read_text().startswith("# FAILED — 1 of 2 tests in suite smoke failed")
    place = lab.run(deployment).place
    assert (done.directory / "out" / "junit.xml").read_bytes() == lab.bucket.get(place.junit)


def test_a_deployment_in_production_passes_the_job(lab, job):
    lab.publish({"smoke": SUITE})
    lab.create("1", lab.hook())
    done = job(target=f"{lab.name}/{lab.name}")
    assert (done.code, done.outputs["end"]) == (0, "success"), done.printed
    assert "::error" not in done.printed
    assert done.summary.read_text().startswith("# PASSED")


def test_a_deployment_that_no_hook_asked_about_fails_the_job_with_its_code(lab, job):
    lab.create("1")
    done = job(target=f"{lab.name}/{lab.name}")
    assert (done.code, done.outputs["end"]) == (13, "hook_never_called"), done.printed


def test_nothing_to_wait_for_fails_the_job(lab, job):
    done = job(target="nobody/knows; echo $(id)")
    assert done.code == 2, done.printed
    assert "names no gate run" in done.printed
