"""`testgate abort` and `testgate artifacts` on whole deployments."""

import pytest

from tests.deployments.conftest import CHECKOUT_SUITE
from tests.deployments.published import as_published
from tests.deployments.test_wait import WAITING_SUITE
from tests.deployments.wait_stacks import until


@pytest.fixture
def midway(lab):
    """A deployment whose suite runs until the test is over; its ARN."""
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    until(flag.with_suffix(".started").exists, "the suite")
    yield arn
    flag.touch()


def test_abort_stops_the_gate_run_and_the_hook_refuses(lab, testgate, midway):
    (execution,) = lab.executions({"serviceDeploymentArn": midway})
    done = testgate("abort", f"{lab.name}/{lab.name}", "--reason", "wrong version", "--json")
    told = as_published("abort", done.stdout)
    assert (done.returncode, told["executions"]) == (0, [execution]), done.stderr
    assert told["deployment"] is None
    deployment = lab.ended(midway)
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "stopped by testgate abort: wrong version" in lab.recorded(deployment).sentence
    again = testgate("abort", midway)
    assert again.returncode == 7
    assert "nothing to stop: the deployment" in again.stdout


def test_abort_stops_the_deployment_if_asked(lab, testgate, midway):
    done = testgate("abort", midway, "--deployment", "--json")
    told = as_published("abort", done.stdout)
    assert (done.returncode, told["deployment"]) == (0, midway), done.stderr
    assert lab.ended(midway)["status"] == "ROLLBACK_SUCCESSFUL"
    waited = as_published("wait", testgate("wait", midway, "--json").stdout)
    assert waited["end"] == "stopped_by_hand"
    assert testgate("abort", "nobody/knows").returncode == 7


def test_artifacts_are_listed_and_downloaded(lab, testgate, tmp_path):
    lab.publish({"smoke": CHECKOUT_SUITE})
    deployment = lab.create("1", lab.hook())
    place, service = lab.run(deployment).place, f"{lab.name}/{lab.name}"
    listed = as_published("artifacts", testgate("artifacts", service, "--json").stdout)
    names = [file["name"] for file in listed["files"]]
    assert {"record.json", "evidence/smoke/1/1-0/output.txt"} <= set(names)
    where = tmp_path / "all"
    done = testgate("artifacts", service, "--output", str(where))
    assert done.returncode == 0, done.stderr
    assert (where / "record.json").read_bytes() == lab.bucket.get(place.record)
    found = {path.relative_to(where).as_posix() for path in where.rglob("*") if path.is_file()}
    assert found == set(names)
    again = testgate("artifacts", service, "--output", str(where))
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)
    lab.bucket.put(f"{place.prefix}../outside", b"", "text/plain")
    escaped = testgate("artifacts", service, "--output", str(tmp_path / "other"))
    assert escaped.returncode == 2
    assert "which is no file name below a directory" in escaped.stderr
    assert not (tmp_path / "other").exists()
