"""Nobody is forgotten: executions that end past every Catch leave a record, whatever events do."""

import json
import threading

import pytest

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.layout import parse_index_key, place_of
from testgate.core.outcomes import Outcome
from testgate.local.events import EventFaults
from testgate.local.lambdas import Crash, Moment
from tests.deployments.conftest import SUITE

ENDLESS_SUITE = "import time\ndef test_slow(base_url):\n    time.sleep(60)\n"
CRASH = Crash(when=Moment.BEFORE_HANDLER)


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
    """As `halfway`, after a first deployment."""
    lab.established()
    return halfway(lab)


def halfway(lab):
    """A deployment whose gate has the evidence of one suite and runs another; its ARN, and that of
    its execution."""
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


def test_doubled_and_late_events_leave_one_record(lab, faults):
    faults.faults = EventFaults(copies=2, delay_s=1)
    arn, execution = midway(lab)
    lab.local.client("stepfunctions").stop_execution(executionArn=execution, cause="enough")
    record, place = record_of(lab, arn)
    refused(lab, arn)
    faults.settle()
    finish = lab.stack.function("finish")
    until(lambda: ended_calls(lab, finish, execution) >= 2, "two calls of finish")
    assert lab.bucket.get_json(place.record) == record
    entries = list(lab.bucket.keys(f"index/{lab.name}/{lab.name}/"))
    own = [entry for entry in map(parse_index_key, entries) if entry and entry.place == place]
    # The hook lists a run that it finds unrecorded: at that very moment it may be a second entry.
    assert {entry.outcome for entry in own} == {Outcome.ABORTED}
    assert len(own) <= 2


def ended_calls(lab, function, execution):
    records = lab.local.lambdas.invocations(function)
    return sum(execution.encode() in call.event for call in records)


def test_lost_events_cost_the_record_and_never_the_refusal(lab, faults):
    arn, execution = midway(lab)
    faults.faults = EventFaults(copies=0)
    lab.local.client("stepfunctions").stop_execution(executionArn=execution, cause="enough")
    run = lab.run(refused(lab, arn))
    assert run.record is None
    assert run.outcome is Outcome.ABORTED
    assert run.sentence == "the execution was stopped: enough"


def test_the_machines_own_timeout_leaves_a_record(lab, short_machine):
    arn, _ = halfway(lab)
    record, _ = record_of(lab, arn)
    assert record["outcome"] == "timed_out"
    assert record["sentence"].startswith("the state machine's own timeout ended it; of 2 suites 1")
    assert lab.run(refused(lab, arn)).outcome is Outcome.TIMED_OUT


@pytest.fixture
def short_machine(lab):
    """The machine with a timeout of twelve seconds, for executions that start now."""
    lab.established()
    client, arn = lab.local.client("stepfunctions"), lab.stack.state_machine_arn
    whole = client.describe_state_machine(stateMachineArn=arn)["definition"]
    short = json.dumps(json.loads(whole) | {"TimeoutSeconds": 12})
    client.update_state_machine(stateMachineArn=arn, definition=short)
    yield
    client.update_state_machine(stateMachineArn=arn, definition=whole)


def test_a_judge_that_crashes_for_ever_still_leaves_a_record(lab):
    lab.established()
    lab.local.lambdas.inject(lab.stack.function("judge"), CRASH, times=3)
    arn = lab.site.update(lab.task("2"))
    record, _ = until_recorded(lab, arn)
    assert record["outcome"] == "infra_error"
    assert record["sentence"].startswith("the judge step crashed: Runtime.ExitError")
    assert [suite["outcome"] for suite in record["suites"]] == ["passed"]
    refused(lab, arn)


def until_recorded(lab, arn):
    until(lambda: lab.executions({"serviceDeploymentArn": arn}), "an execution")
    return record_of(lab, arn)


def test_a_stopped_deployment_has_its_execution_stopped(lab):
    arn, _ = midway(lab)
    lab.site.client("ecs").stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    ended = lab.execution_ended({"serviceDeploymentArn": arn})
    assert (ended["status"], ended["error"]) == ("ABORTED", "Testgate.Aborted")
    assert "nobody waits for this verdict any more" in ended["cause"]
    record, _ = record_of(lab, arn)
    assert record["outcome"] == "aborted"
    assert record["sentence"].startswith("the execution was stopped: the deployment is ROLLBACK_")
    refused(lab, arn)


def test_events_of_one_deployment_never_stop_the_execution_of_a_live_one(lab):
    """`cancel` is woken for the service while its only execution is asked for."""
    arn, execution = midway(lab)
    event = {
        "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs",
        "resources": [f"arn:aws:ecs:us-east-1:123456789012:service/{lab.name}/{lab.name}"],
        "detail": {"eventName": "SERVICE_DEPLOYMENT_FAILED"},
    }
    called = lab.local.lambdas.invoke(lab.stack.function("cancel"), json.dumps(event).encode())
    assert json.loads(called.payload) == {"stopped": []}
    client = lab.local.client("stepfunctions")
    assert client.describe_execution(executionArn=execution)["status"] == "RUNNING"
    client.stop_execution(executionArn=execution)
    refused(lab, arn)


def test_a_wave_does_not_begin_for_a_deployment_that_is_gone(lab, faults):
    """Without events nobody stops the execution: it finds out by itself, between two waves."""
    lab.established()
    faults.faults = EventFaults(copies=0)
    lab.publish_waves(SUITE + "import time\ndef test_slow():\n    time.sleep(2)\n", SUITE)
    arn = lab.site.update(lab.task("2"), lab.hook())
    (execution,) = until(lambda: lab.executions({"serviceDeploymentArn": arn}), "an execution")
    client = lab.local.client("stepfunctions")
    until(lambda: "RunSuite" in entered(client, execution), "the first wave")
    client_of_ecs = lab.site.client("ecs")
    client_of_ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    ended = lab.execution_ended({"serviceDeploymentArn": arn})
    assert ended["error"] == "Testgate.Aborted"
    states = entered(client, execution)
    assert states.count("RunSuite") == 1
    assert states[-2:] == ["Verdict", "Refused"]
    assert record_of(lab, arn)[0]["outcome"] == "aborted"
    refused(lab, arn)


def test_every_wave_runs_while_the_deployment_waits(lab):
    lab.established()
    lab.publish_waves(SUITE, SUITE)
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL"
    (execution,) = lab.executions(deployment)
    states = entered(lab.local.client("stepfunctions"), execution)
    assert (states.count("RunSuite"), states.count("CheckWave")) == (2, 1)


def entered(client, execution):
    events = client.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    names = [event.get("stateEnteredEventDetails", {}).get("name") for event in events]
    return [name for name in names if name]
