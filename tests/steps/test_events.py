"""finish, cancel and check with fakes: once, never for a live deployment, and what is raised."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from state_machines.steps.cancel import Cancel
from state_machines.steps.check import Check
from state_machines.steps.finish import Finish
from testgate.core.aws_events import ServiceName
from testgate.core.canonical import digest_of
from testgate.core.errors import InputError, NotFoundError, UnavailableError
from testgate.core.handoff import ExecutionRef, Pointer
from testgate.core.identity_answers import Inquiry
from testgate.core.identity_check import IdentityCheck
from testgate.core.layout import place_of, plan_key
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan
from tests.core.samples import (
    START,
    STATE_MACHINE,
    deployment,
    evidence,
    failed,
    passed,
    plan,
    question,
    suite,
)
from tests.fakes.ports import FakeBucket, FakeEcs, FakeExecutions

SERVICE = ServiceName(cluster="shop", service="web")


class Stage:
    """One execution of one question, whose first suite of two has left evidence."""

    def __init__(self, **facts):
        self.question = question()
        self.name = self.question.execution_name
        self.place = place_of(self.question.deployment, self.name)
        self.arn = STATE_MACHINE.replace(":stateMachine:", ":execution:") + f":{self.name}"
        self.executions = FakeExecutions()
        self.executions.start(STATE_MACHINE, self.name, self.question.input_json)
        self.bucket = FakeBucket()
        self.ecs = FakeEcs(deployment(**facts))
        self.plan = plan(suite("smoke"), suite("slow"))
        self.step = Finish(executions=self.executions, bucket=self.bucket, now=lambda: START)
        self.cancel = Cancel(
            ecs=self.ecs, executions=self.executions, state_machine_arn=STATE_MACHINE
        )

    def run_half(self):
        self.bucket.objects[plan_key(self.plan.digest)] = self.plan.json.encode()
        left = evidence(self.plan, passed("a"))
        body = json.dumps(left.spell()).encode()
        self.bucket.objects[self.place.evidence(left.run, "evidence.json")] = body
        pointer = Pointer(run=left.run, digest=digest_of(body)).spell()
        prepared = {"prepare": {"payload": {"plan_digest": self.plan.digest, "gate": "shop"}}}
        self.executions.histories[self.arn] = [
            {"stateExitedEventDetails": {"name": "x", "output": json.dumps(output)}}
            for output in (prepared, {"ran": {"payload": pointer}})
        ]

    def finish(self):
        output = self.step.finish(self.arn)
        assert output is not None
        return output

    def end(self, status="ABORTED", **changes):
        facts = self.executions.by_arn[self.arn]
        stopped = {"status": status, "stopped_at": START + timedelta(seconds=9)}
        self.executions.by_arn[self.arn] = replace(facts, **(stopped | changes))


def test_a_record_its_reports_and_one_index_entry_are_written_once():
    stage = Stage()
    stage.run_half()
    stage.end(cause="enough")
    output = stage.finish()
    assert output.outcome is Outcome.ABORTED
    written = dict(stage.bucket.objects)
    record = json.loads(written[stage.place.record])
    assert record["ended_at"] == "2026-11-23T08:00:09.000Z"
    assert record["gate"] == "shop"
    assert [suite["outcome"] for suite in record["suites"]] == ["passed", "infra_error"]
    for key in (stage.place.report, stage.place.page, stage.place.junit, stage.place.ctrf):
        assert b"enough" in written[key]
    assert sum(key.startswith("index/") for key in written) == 1
    assert stage.step.finish(stage.arn) is None
    assert stage.bucket.objects == written


def test_what_green_was_to_be_asked_is_told_of_a_run_that_never_ended():
    stage = Stage()
    check = IdentityCheck(path="/version", jmespath="version", expect="{image_tag}")
    prepared = {"asks_identity": True, "inquiry": Inquiry(check=check, expected="2").spell()}
    output = json.dumps({"prepare": {"payload": prepared}})
    stage.executions.histories[stage.arn] = [{"stateExitedEventDetails": {"output": output}}]
    stage.end(cause="enough")
    stage.finish()
    record = json.loads(stage.bucket.objects[stage.place.record])
    assert record["identity"]["says"] == (
        'GET /version version = "2": not asked before, not asked after'
    )


def test_the_judges_record_stands():
    stage = Stage()
    stage.end("SUCCEEDED")
    stage.bucket.objects[stage.place.record] = b"{}"
    entry = stage.place.index(Outcome.PASSED, START)
    stage.bucket.objects[entry] = b""
    assert stage.step.finish(stage.arn) is None
    assert list(stage.bucket.objects) == [stage.place.record, entry]


def test_a_record_whose_writer_died_before_the_index_is_listed_and_stays_as_it_is():
    stage = Stage()
    stage.run_half()
    stage.end(cause="enough")
    stage.finish()
    whole = dict(stage.bucket.objects)
    record = whole[stage.place.record]
    beyond = {key for key in whole if key.startswith("index/") or "/report" in key}
    for key in beyond:
        del stage.bucket.objects[key]
    assert stage.finish().outcome is Outcome.ABORTED
    assert stage.bucket.objects == whole
    assert stage.bucket.objects[stage.place.record] == record


def test_an_execution_that_was_stopped_before_prepare_has_a_record_too():
    stage = Stage()
    stage.end("FAILED", error="States.Runtime", cause="no such path")
    output = stage.finish()
    assert output.outcome is Outcome.INFRA_ERROR
    assert output.sentence == "the gate's execution failed with States.Runtime: no such path"
    assert output.plan_digest is None


def test_a_plan_that_is_gone_costs_the_suites_and_not_the_sentence():
    stage = Stage()
    stage.run_half()
    del stage.bucket.objects[plan_key(stage.plan.digest)]
    stage.end(cause="enough")
    assert stage.finish().sentence == "the execution was stopped: enough"


def test_an_execution_not_yet_seen_to_have_ended_is_tried_again():
    stage = Stage()
    with pytest.raises(UnavailableError):
        stage.step.finish(stage.arn)
    stage.executions.visible = False
    with pytest.raises(UnavailableError):
        stage.step.finish(stage.arn)
    assert stage.bucket.objects == {}


@pytest.mark.parametrize("text", [None, "no json", "{}"])
def test_an_execution_of_something_else_is_no_gate_run(text):
    stage = Stage()
    stage.end(input=text)
    with pytest.raises(InputError):
        stage.step.finish(stage.arn)


def test_an_execution_under_another_name_gets_no_record():
    stage = Stage()
    stage.end()
    other = stage.arn + "x"
    stage.executions.by_arn[other] = stage.executions.by_arn[stage.arn]
    with pytest.raises(InputError):
        stage.step.finish(other)
    assert stage.bucket.objects == {}


def test_the_execution_of_a_dead_deployment_is_stopped_with_a_sentence():
    stage = Stage(status="ROLLBACK_IN_PROGRESS")
    assert stage.cancel.cancel(SERVICE) == [stage.arn]
    ((arn, error, cause),) = stage.executions.stops
    assert (arn, error) == (stage.arn, "Testgate.Aborted")
    assert cause == (
        "the deployment is ROLLBACK_IN_PROGRESS: nobody waits for this verdict any more"
    )


@pytest.mark.parametrize(
    "facts", [{}, {"status": "PENDING"}, {"stage": "TEST_TRAFFIC_SHIFT"}], ids=str
)
def test_the_execution_of_a_live_deployment_is_never_stopped(facts):
    stage = Stage(**facts)
    assert stage.cancel.cancel(SERVICE) == []
    assert stage.executions.stops == []


def test_what_ecs_does_not_show_or_another_service_asks_is_left_alone():
    stage = Stage(status="STOPPED")
    for other in (
        ServiceName(cluster="other", service="web"),
        ServiceName(cluster="shop", service="web2"),
    ):
        assert stage.cancel.cancel(other) == []
    stage.ecs.failures.add("deployment", NotFoundError("ECS knows no service deployment"))
    assert stage.cancel.cancel(SERVICE) == []
    assert stage.executions.stops == []


def test_a_failure_of_ecs_stops_nothing_and_is_tried_again():
    stage = Stage(status="STOPPED")
    stage.ecs.failures.add("deployment", UnavailableError("throttled"))
    with pytest.raises(UnavailableError):
        stage.cancel.cancel(SERVICE)
    assert stage.executions.stops == []


class Between:
    """A gate run of two waves whose first has ended."""

    def __init__(self, *tests, **facts):
        self.stage = Stage(**facts)
        self.plan = Plan(gate="shop", waves=((suite("smoke"),), (suite("slow"),)))
        self.stage.plan = self.plan
        self.stage.bucket.objects[plan_key(self.plan.digest)] = self.plan.json.encode()
        left = evidence(self.plan, *(tests or (passed("a"),)))
        body = json.dumps(left.spell()).encode()
        self.stage.bucket.objects[self.stage.place.evidence(left.run, "evidence.json")] = body
        pointer = Pointer(run=left.run, digest=digest_of(body)).spell()
        self.so_far = {"number": 1, "results": [[], [[[], pointer]]]}

    def check(self, raw=None):
        step = Check(ecs=self.stage.ecs, bucket=self.stage.bucket)
        execution = ExecutionRef(arn=self.stage.arn, name=self.stage.name, started_at=START)
        asked = json.loads(question().input_json) if raw is None else raw
        return step.check(execution, asked, self.plan.digest, self.so_far)


def test_a_wave_is_worth_running_while_all_before_it_passed_and_somebody_waits():
    assert Between().check() == {"go_on": True}
    gone = Between(stage="BAKE_TIME").check()
    assert gone["go_on"] is False
    assert "BAKE_TIME" in gone["sentence"]
    refused = Between(passed("a"), failed("b")).check()
    assert refused["go_on"] is False
    assert refused["sentence"].startswith("1 of 2 tests in suite smoke failed")


def test_check_refuses_what_is_no_question():
    with pytest.raises(InputError):
        Between().check({})
