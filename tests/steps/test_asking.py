"""Green's own word in Prepare, in the run_suite function and in Judge: asked for, and compared."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from state_machines.steps.ask_green import answer_inquiry
from testgate.aws.ecs import RevisionFacts
from testgate.core.evidence import Run
from testgate.core.handoff import spell_time
from testgate.core.identity_answers import Answer, parse_answers
from testgate.core.identity_check import IdentityCheck
from testgate.core.layout import answers_key
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan
from testgate.runner.suite import utc_now
from tests.core.samples import START, deployment, evidence, failed, passed, suite
from tests.fakes.ports import FakeBucket
from tests.steps.test_steps import ENTRY, Stage

CHECK = IdentityCheck(path="/version", jmespath="version", expect="{image_tag}")
WAVES = ((suite(),),)


def asking(check=CHECK, waves=WAVES, **details):
    stage = Stage(**details)
    stage.publish(Plan(gate="shop", waves=waves, identity=check))
    return stage


def answers(value="2", status=200, address="10.0.0.1"):
    return [Answer(address=address, status=status, value=value).spell()] * 3


def state(before=None, after=None):
    told = {"identity_before": before, "identity_after": after}
    return {
        key: {"payload": {"answers": some, "retry": 0}}
        for key, some in told.items()
        if some is not None
    }


def judged(stage, test, *, stored=True, **changes):
    """Judge's output and record over one test, of a run that prepared as it should."""
    prepared = stage.prepare() | changes.pop("prepared", {})
    for when in ("before", "after") if stored else ():
        told = changes.get(f"identity_{when}", {}).get("payload", {}).get("answers")
        stage.bucket.put_json_once(answers_key(prepared["run"]["prefix"], when, 0), told)
    pointer = stage.leave(evidence(stage.plan, test, input_digest=stage.question.digest))
    output = stage.judge(prepared, pointer, **changes)
    return output, json.loads(stage.bucket.objects[output.record_key])


def test_prepare_says_what_green_must_answer_and_keeps_time_for_it():
    prepared = asking(TIMEOUT_SECONDS=600).prepare()
    assert prepared["asks_identity"] is True
    assert prepared["inquiry"] == {"check": CHECK.spell(), "expected": "2"}
    assert prepared["ask_by"] == spell_time(START + timedelta(seconds=540))
    assert prepared["run"]["deadline"] == spell_time(START + timedelta(seconds=520))


def test_a_short_gate_keeps_a_share_of_its_time_for_asking():
    prepared = asking(TIMEOUT_SECONDS=20).prepare()
    assert prepared["ask_by"] == spell_time(START + timedelta(seconds=15))
    assert prepared["run"]["deadline"] == spell_time(START + timedelta(seconds=11.25))


def test_a_gate_that_asks_nothing_says_so():
    prepared = Stage().prepare()
    assert prepared["asks_identity"] is False
    assert not {"inquiry", "ask_by"} & set(prepared)


def test_a_revision_without_the_fact_that_is_asked_for_cannot_begin():
    stage = asking()
    stage.ecs.revision_facts = RevisionFacts(images={"web": "shop"}, load_balancers=(ENTRY,))
    prepared = stage.prepare()
    assert (prepared["ready"], prepared["outcome"]) == (False, "infra_error")
    assert prepared["sentence"] == (
        "identity: expect asks for {image_tag}, and the image of container web, 'shop', has none"
    )


def test_the_right_answers_before_and_after_are_recorded():
    output, record = judged(asking(), passed("a"), **state(answers(), answers()))
    assert output.outcome is Outcome.PASSED
    identity = record["identity"]
    assert identity["says"] == (
        'GET /version version = "2" at 1 address, 3 times each, before and after'
    )
    assert identity["answers"]["expected"] == "2"
    assert identity["answers"]["after"] == answers()


@pytest.mark.parametrize("retry", [0, 1, None, "../../../record"])
def test_right_answers_that_the_runner_did_not_store_are_nobodys(retry):
    """As a suite would give them that speaks in the runner's name."""
    told = state(answers(), answers())
    told["identity_after"]["payload"]["retry"] = retry
    stage = asking()
    output, _ = judged(stage, passed("a"), stored=bool(retry), **told)
    assert output.outcome is Outcome.INFRA_ERROR
    when = "after" if retry else "before"
    assert output.sentence == (
        f"identity: the answers {when} the tests are not what the runner stored"
    )


@pytest.mark.parametrize("test", [passed("a"), failed("a")])
@pytest.mark.parametrize(
    ("told", "says"),
    [
        (state(answers(), answers("1")), '3 of 3 answers of GET /version said version "1"'),
        (state(answers("1"), answers()), 'said version "1", expected "2", before the tests'),
        (state(None, answers()), "GET /version was not asked before the tests"),
        (state([], answers()), "GET /version was not asked before the tests"),
        (state(answers()[:2], answers()), "was asked GET /version 2 times"),
        (state(answers(None, None), answers()), "before the tests"),
        (state(["yes"], answers()), "an answer of green cannot be read"),
    ],
)
def test_wrong_answers_make_results_worthless(test, told, says):
    output, record = judged(asking(), test, **told)
    assert output.outcome is Outcome.INFRA_ERROR
    assert output.sentence.startswith("identity: ")
    assert says in output.sentence
    assert "before and after" not in record["identity"]["says"]


@pytest.mark.parametrize(
    "told", [state(answers(), answers(None, None)), state(answers()), state(answers(), [])]
)
def test_silence_after_the_tests_undoes_a_pass_and_keeps_a_failure(told):
    for test, outcome in ((passed("a"), Outcome.INFRA_ERROR), (failed("a"), Outcome.FAILED)):
        silent = "identity_after" not in told or told["identity_after"]["payload"]["answers"]
        output, _ = judged(asking(), test, **told)
        assert output.outcome is (outcome if silent else Outcome.INFRA_ERROR)


@pytest.mark.parametrize(
    "doctored",
    [
        {"asks_identity": False},
        {"inquiry": {"check": CHECK.spell() | {"path": "/"}, "expected": "2"}},
    ],
)
def test_a_run_that_did_not_ask_what_its_plan_asks_refuses(doctored):
    told = state(answers(), answers())
    output, _ = judged(asking(), passed("a"), prepared=doctored, **told)
    assert output.outcome is Outcome.INFRA_ERROR
    assert "did not ask what its plan asks" in output.sentence


def test_a_run_that_ended_at_the_first_answers_says_why():
    stage = asking()
    prepared = stage.prepare()
    raw = json.loads(stage.question.input_json)
    for value, status in (("1", 200), (None, None)):
        whole = {"prepare": {"payload": prepared}, **state(answers(value, status))}
        stage.bucket.objects = {k: v for k, v in stage.bucket.objects.items() if "runs" not in k}
        output = stage.judging.judge(stage.execution, raw, whole)
        assert output.outcome is Outcome.INFRA_ERROR
        assert output.sentence.startswith("identity: 3 of 3 answers of GET /version said")


@pytest.mark.parametrize("tested", [False, True])
def test_a_step_that_broke_while_asking_is_told(tested):
    stage = asking()
    prepared = stage.prepare()
    raw = json.loads(stage.question.input_json)
    broke = {"Error": "Lambda.Unknown", "Cause": '{"errorMessage": "gone"}'}
    whole = {"prepare": {"payload": prepared}, "identity_error": broke}
    if tested:
        left = stage.leave(evidence(stage.plan, passed("a")))
        whole |= {"so_far": {"number": 1, "results": [[], [left]]}, **state(answers())}
    output = stage.judging.judge(stage.execution, raw, whole)
    assert output.outcome is Outcome.INFRA_ERROR
    assert output.sentence == "the identity step failed: Lambda.Unknown: gone"


def test_a_deployment_that_has_ended_is_aborted_whatever_green_says():
    stage = asking()
    prepared = stage.prepare()
    stage.ecs.facts = deployment(status="ROLLBACK_IN_PROGRESS")
    left = stage.leave(evidence(stage.plan, passed("a")))
    output = stage.judge(prepared, left, **state(answers(), answers("1")))
    assert output.outcome is Outcome.ABORTED


def test_a_wave_that_failed_keeps_its_failure_although_green_was_not_asked_again():
    waves = ((suite(),), (suite("late"),))
    stage = asking(waves=waves)
    output, _ = judged(stage, failed("a"), **state(answers()))
    assert output.outcome is Outcome.FAILED
    assert Run(suite="late", shard=1).path not in output.sentence


class Green(ThreadingHTTPServer):
    """Says its version."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"version": "2"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


@pytest.fixture
def green():
    server = Green(("127.0.0.1", 0), Green.Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("expected", "holds"), [("2", True), ("1", False)])
def test_the_runner_asks_and_says_whether_it_is_worth_testing(green, expected, holds):
    prepared = asking(TEST_ENDPOINT=green).prepare()
    event = {
        "inquiry": prepared["inquiry"] | {"expected": expected},
        "run": prepared["run"],
        "until": spell_time(utc_now() + timedelta(seconds=30)),
        "when": "before",
        "retry": 2,
    }
    bucket = FakeBucket()
    told = answer_inquiry(bucket, event)
    assert (told["holds"], told["retry"]) == (holds, 2)
    stored = bucket.get_json(answers_key(prepared["run"]["prefix"], "before", 2))
    assert stored == told["answers"]
    assert {answer.value for answer in parse_answers(told["answers"])} == {"2"}
    assert len(parse_answers(told["answers"])) == 3


def test_past_its_time_the_runner_asks_no_more(green):
    prepared = asking(TEST_ENDPOINT=green).prepare()
    event = {key: prepared[key] for key in ("inquiry", "run")}
    event |= {"until": spell_time(START), "when": "after", "retry": 0}
    told = answer_inquiry(FakeBucket(), event)
    assert told["holds"] is False
    assert {answer.problem for answer in parse_answers(told["answers"])} == {
        "there was no time left to ask"
    }
