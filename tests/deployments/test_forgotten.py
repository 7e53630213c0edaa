"""Nobody is forgotten: executions that end past every Catch leave a record, whatever events do."""

import threading

import pytest

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.layout import place_of
from testgate.core.outcomes import Outcome
from testgate.local.events import EventFaults
from tests.deployments.conftest import SUITE

ENDLESS_SUITE = "import time\ndef test_slow(base_url):\n    time.sleep(60)\n"
TWO_WAVES = """schema = 1
[gate]
name = "{name}"
waves = [["smoke"], ["slow"]]
[[suites]]
name = "smoke"
path = "smoke"
[[suites]]
name = "slow"
path = "slow"
"""


@pytest.fixture
def faults(lab):
    yield lab.local.events
    lab.local.events.faults = EventFaults()


def until(condition, what):
    pause = threading.Event()
    for _ in range(400):
        found = condition()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError(f"never: {what}")


def record_of(lab, arn):
    """The record of a deployment's only execution, once there is one."""
    (execution,) = lab.executions({"serviceDeploymentArn": arn})
    place = place_of(parse_service_deployment_arn(arn), execution.rpartition(":")[2])
    return until(lambda: lab.bucket.find_json(place.record), "a record"), place


def midway(lab):
    """A deployment whose gate has the evidence of one suite, and runs another; its ARN."""
    lab.established()
    lab.publish({"smoke": SUITE, "slow": ENDLESS_SUITE})
    arn = lab.site.update(lab.task("2"), lab.hook())
    (execution,) = until(lambda: lab.executions({"serviceDeploymentArn": arn}), "an execution")
    client = lab.local.client("stepfunctions")

    def smoke_has_ended():
        events = client.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        exits = [e.get("stateExitedEventDetails", {}).get("name") for e in events]
        return "RunSuite" in exits

    until(smoke_has_ended, "the first suite's end")
    return arn, execution


def refused(lab, arn):
    deployment = lab.ended(arn)
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    assert lab.production == "1"
    return deployment


def test_an_execution_stopped_by_hand_leaves_a_record_with_what_had_ended(lab):
    arn, execution = midway(lab)
    client = lab.local.client("stepfunctions")
    client.stop_execution(executionArn=execution, cause="enough of this")
    record, place = record_of(lab, arn)
    assert record["outcome"] == "aborted"
    assert record["sentence"] == (
        "the execution was stopped: enough of this; "
        "of 2 suites 1 had left a result: smoke; none: slow"
    )
    suites = {suite["name"]: suite for suite in record["suites"]}
    assert suites["smoke"]["outcome"] == "passed"
    assert [test["name"] for test in suites["smoke"]["tests"]]
    assert suites["slow"]["sentence"] == "suite slow left no result"
    assert record["base_url"]
    assert record["image"] == "example.com/shop:2"
    deployment = refused(lab, arn)
    run = lab.run(deployment)
    assert run.outcome is Outcome.ABORTED
    assert "the execution was stopped: enough of this" in run.sentence
    assert "enough of this" in until(
        lambda: lab.bucket.exists(place.report) and lab.bucket.get(place.report).decode(), "report"
    )
