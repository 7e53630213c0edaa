"""Rules with functions as targets: who is invoked, and who is not."""

import json
import threading
from pathlib import Path

import pytest

from testgate.local.events import EventFaults
from testgate.local.world import LocalAws, LocalSettings
from tests.local.events.examples import EXECUTION_EVENT
from tests.local.lambdas.conftest import World

IMAGES = Path(__file__).resolve().parents[3] / "examples" / "images.toml"
HANDLER = "def handler(event, context):\n    return event\n"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
PATTERN = json.dumps({"source": ["aws.states", "mine"]})


@pytest.fixture(scope="module")
def local():
    with LocalAws(LocalSettings(images=IMAGES, time_scale=0.01)) as running:
        running.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=TRUST)
        yield running


@pytest.fixture
def rule(local, request):
    """Makes a rule with a function as target; the function's name."""
    made: list[str] = []

    def make(*, permitted=True, **settings):
        name = f"{request.node.name[:40]}-{len(made)}".replace("[", "-").replace("]", "-")
        functions, events = local.client("lambda"), local.client("events")
        function = functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="app.handler",
            Role="arn:aws:iam::123456789012:role/any",
            Code={"ZipFile": World.zip_of({"app.py": HANDLER})},
        )["FunctionArn"]
        arn = events.put_rule(Name=name, **{"EventPattern": PATTERN} | settings)["RuleArn"]
        events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": function}])
        if permitted:
            functions.add_permission(
                FunctionName=name,
                StatementId="rule",
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=arn,
            )
        made.append(name)
        return name

    yield make
    local.events.faults = EventFaults()
    for name in made:
        local.client("events").remove_targets(Rule=name, Ids=["one"])
        local.client("events").delete_rule(Name=name)


def calls(local, function, at_least):
    pause = threading.Event()
    for _ in range(400):
        found = local.lambdas.invocations(function)
        if len(found) >= at_least:
            break
        pause.wait(0.025)
    return [json.loads(call.event) for call in found]


def test_a_services_event_and_a_programs_event_reach_the_function(local, rule):
    function = rule()
    local.events.publish(EXECUTION_EVENT)
    assert calls(local, function, 1) == [EXECUTION_EVENT]
    entry = {"Source": "mine", "DetailType": "Something", "Detail": '{"a": 1}'}
    answer = local.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    assert calls(local, function, 2)[1]["detail"] == {"a": 1}


def test_neither_a_disabled_rule_nor_one_without_permission_invokes(local, rule):
    silent = [
        rule(State="DISABLED"),
        rule(permitted=False),
        rule(EventPattern=json.dumps({"source": ["aws.ecs"]})),
    ]
    heard = rule()
    local.events.publish(EXECUTION_EVENT)
    assert len(calls(local, heard, 1)) == 1
    local.events.settle()
    assert [calls(local, function, 0) for function in silent] == [[], [], []]


def test_events_can_be_lost_doubled_and_late(local, rule):
    function = rule()
    local.events.faults = EventFaults(copies=0)
    local.events.publish(EXECUTION_EVENT | {"id": "lost"})
    local.events.faults = EventFaults(copies=2, delay_s=10)
    local.events.publish(EXECUTION_EVENT | {"id": "twice"})
    assert [event["id"] for event in calls(local, function, 2)] == ["twice", "twice"]


def test_an_execution_tells_its_start_and_its_end(local, rule):
    function = rule()
    client = local.client("stepfunctions")
    definition = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    machine = client.create_state_machine(
        name="fails",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/any",
    )["stateMachineArn"]
    arn = client.start_execution(stateMachineArn=machine, name="one", input='{"a":1}')
    details = {event["detail"]["status"]: event["detail"] for event in calls(local, function, 2)}
    assert set(details) == {"RUNNING", "FAILED"}
    ended = details["FAILED"]
    assert set(ended) == set(EXECUTION_EVENT["detail"])
    assert (ended["executionArn"], ended["error"], ended["cause"]) == (
        arn["executionArn"],
        "E",
        "c",
    )
    assert (ended["input"], ended["inputDetails"]) == ('{"a":1}', {"included": True})
    assert ended["stopDate"] >= ended["startDate"] > 1_500_000_000_000
    assert (details["RUNNING"]["stopDate"], details["RUNNING"]["output"]) == (None, None)
