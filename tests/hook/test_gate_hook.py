"""The hook's shell: safe under repeat and loss, and every refusal told everywhere."""

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from testgate.core.answers import Failed, InProgress, Succeeded, spell_answer
from testgate.core.arns import execution_arn
from testgate.core.binding import Counts, GateOutput
from testgate.core.config import EXECUTION_KEY, STATE_KEY
from testgate.core.decision import MAX_TROUBLES
from testgate.core.errors import AccessDeniedError, NotFoundError, UnavailableError
from testgate.core.facts import HookFacts
from testgate.core.layout import place_of, progress_key
from testgate.core.outcomes import Outcome
from testgate.core.progress import Progress, ShardProgress
from testgate.hook.answering import Answering
from testgate.hook.gate import GateHook
from tests.core.samples import ARN, FUNCTION, GREEN, START, STATE_MACHINE, deployment, question
from tests.fakes.ports import FakeBucket, FakeBus, FakeEcs, FakeExecutions


class Scene:
    """A hook with fakes around it, and a clock that tests move."""

    def __init__(self, facts=None):
        self.ecs = FakeEcs(facts or deployment())
        self.executions = FakeExecutions()
        self.bucket = FakeBucket()
        self.bus = FakeBus()
        self.time = START
        self.abandoned = False
        self.meanwhile: list[Callable[[], None]] = []
        self.decided: list[object] = []
        self.gate = GateHook(
            ecs=self.ecs,
            executions=self.executions,
            answering=Answering(
                bucket=self.bucket,
                bus=self.bus,
                request_id="request-1",
                now=lambda: self.time,
                abandoned=lambda: self.abandoned,
                decided=self.decided.append,
            ),
            state_machine_arn=STATE_MACHINE,
            function_arn=FUNCTION,
            now=lambda: self.time,
            sleep=self.sleep,
        )

    def sleep(self, seconds):
        self.time += timedelta(seconds=seconds)
        for act in self.meanwhile:
            act()

    def call(self, details=None, stage="POST_TEST_TRAFFIC_SHIFT", **changes):
        event = {
            "executionId": "x",
            "lifecycleStage": stage,
            "resourceArn": ARN,
            "executionDetails": {
                "serviceArn": "s",
                "targetServiceRevisionArn": GREEN,
                "testTrafficWeights": {},
                "productionTrafficWeights": {},
            },
        } | changes
        if details is not None:
            event["hookDetails"] = details
        return self.gate.answer(event)

    def end(self, status, **changes):
        arn, facts = next(iter(self.executions.by_arn.items()))
        self.executions.by_arn[arn] = dataclasses.replace(facts, status=status, **changes)

    def told(self):
        answers = [key for key in self.bucket.objects if key.endswith("answer.json")]
        assert len(answers) == 1
        return json.loads(self.bucket.objects[answers[0]])


GATE = {"GATE": "shop"}


def earned():
    return json.dumps(
        GateOutput(
            outcome=Outcome.PASSED,
            sentence="2 of 2 tests passed (smoke)",
            input_digest=question().digest,
            plan_digest="sha256:" + "c" * 64,
            counts=Counts(total=2, passed=2),
            record_key="k",
        ).spell()
    )


def own_arn():
    return execution_arn(STATE_MACHINE, question().execution_name)


def test_first_call_starts_and_hands_back_the_full_union():
    scene = Scene()
    answer = scene.call(GATE)
    assert answer == InProgress(
        delay_s=2, details=GATE | {EXECUTION_KEY: own_arn(), STATE_KEY: {"troubles": 0}}
    )
    assert scene.executions.starts == [question().execution_name]


def test_two_calls_at_once_start_one_execution():
    scene = Scene()
    scene.executions.visible = False  # both looked before either had started
    assert scene.call(GATE) == scene.call(GATE)
    assert len(scene.executions.by_arn) == 1


@pytest.mark.parametrize("back", [GATE, GATE | {EXECUTION_KEY: own_arn()}, json.dumps(GATE)])
def test_an_earned_pass_is_answered_whatever_ecs_hands_back(back):
    scene = Scene()
    scene.call(GATE)
    scene.end("SUCCEEDED", output=earned())
    assert scene.call(back) == Succeeded()
    assert scene.told()["sentence"] == "2 of 2 tests passed (smoke)"
    assert scene.bus.emitted[0]["hook_status"] == "SUCCEEDED"


def test_a_refusal_is_recorded_logged_indexed_and_emitted(capsys):
    scene = Scene()
    scene.call(GATE)
    scene.end("FAILED", error="Testgate.Failed", cause="1 of 2 tests failed")
    assert scene.call(GATE) == Failed()
    told = scene.told()
    assert (told["outcome"], told["sentence"]) == ("failed", "1 of 2 tests failed")
    assert told["execution_arn"] == own_arn()
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["testgate"], line["sentence"]) == ("answer", "1 of 2 tests failed")
    assert scene.bus.emitted[0] == told
    assert any(
        key.startswith("index/shop/web/") and ".failed." in key for key in scene.bucket.objects
    )


def test_a_run_that_judge_recorded_is_indexed_by_judge_alone():
    scene = Scene()
    scene.call(GATE)
    scene.end("FAILED", error="Testgate.Failed", cause="x")
    place = f"runs/shop/web/EZe5RNVL-6PPzHXINuP28/{question().execution_name}/record.json"
    scene.bucket.objects[place] = b"{}"
    scene.call(GATE)
    assert not any(key.startswith("index/") for key in scene.bucket.objects)


def test_a_repeated_final_call_answers_alike_and_records_once():
    scene = Scene()
    scene.call(GATE)
    scene.end("FAILED", error="Testgate.Failed", cause="x")
    assert scene.call(GATE) == scene.call(GATE) == Failed()
    scene.told()


def test_observe_mode_lets_pass_and_says_what_it_would_have_done():
    scene = Scene()
    details = GATE | {"MODE": "observe"}
    scene.call(details)
    scene.end("FAILED", error="Testgate.Failed", cause="1 of 2 tests failed")
    assert scene.call(details) == Succeeded()
    told = scene.told()
    assert told["sentence"] == "would have refused: 1 of 2 tests failed"
    assert (told["outcome"], told["hook_status"], told["mode"]) == (
        "failed",
        "SUCCEEDED",
        "observe",
    )


def test_a_foreign_execution_in_hook_details_is_refused():
    scene = Scene()
    assert scene.call(GATE | {EXECUTION_KEY: own_arn()[:-1] + "0"}) == Failed()
    assert "names another execution" in scene.told()["sentence"]
    assert not scene.executions.starts


def test_an_unreadable_event_is_filed_under_errors():
    scene = Scene()
    assert scene.gate.answer({"hello": "world"}) == Failed()
    (key,) = scene.bucket.objects
    assert key == "errors/2026/11/23/080000-request-1.json"
    assert "unreadable" in json.loads(scene.bucket.objects[key])["sentence"]


@pytest.mark.parametrize(
    ("details", "says"),
    [
        (None, "names no tests"),
        ({"GATE": "shop", "MDOE": "observe"}, "did you mean MODE?"),
        ("not json", "text that is not JSON"),
        ([1], "must be a JSON object, got an array"),
    ],
)
def test_bad_configuration_is_refused_under_the_deployment(details, says):
    scene = Scene()
    assert scene.call(details) == Failed()
    assert says in scene.told()["sentence"]
    assert any(
        key.startswith("runs/shop/web/EZe5RNVL-6PPzHXINuP28/no-execution/")
        for key in scene.bucket.objects
    )


def test_bad_configuration_in_observe_mode_is_told_and_lets_pass():
    scene = Scene()
    assert scene.call({"GATE": "shop", "MODE": "observe", "TIMEOT": 1}) == Succeeded()
    assert scene.told()["sentence"].startswith("would have refused: unknown key 'TIMEOT'")


def test_a_wrong_stage_is_refused():
    scene = Scene()
    assert scene.call(GATE, stage="PRE_SCALE_UP") == Failed()
    assert "cannot answer at PRE_SCALE_UP" in scene.told()["sentence"]


def test_observing_at_a_wrong_stage_lets_pass_and_says_so():
    scene = Scene()
    assert scene.call(GATE | {"MODE": "observe"}, stage="PRE_SCALE_UP") == Succeeded()
    assert scene.told()["sentence"].startswith("would have refused: a test gate cannot answer")


def test_the_execution_of_the_hooks_other_stage_is_no_foreign_one():
    scene = Scene(deployment(stage="POST_PRODUCTION_TRAFFIC_SHIFT"))
    answer = scene.call(GATE | {EXECUTION_KEY: own_arn()}, stage="POST_PRODUCTION_TRAFFIC_SHIFT")
    assert isinstance(answer, InProgress)
    assert answer.details[EXECUTION_KEY] != own_arn()


@pytest.mark.parametrize(
    ("status", "changes", "answer"),
    [
        ("SUCCEEDED", lambda: {"output": earned()}, Succeeded()),
        ("FAILED", lambda: {"error": "Testgate.Failed", "cause": "x"}, Failed()),
    ],
)
def test_what_has_been_decided_is_answered_though_ecs_cannot_be_asked(status, changes, answer):
    scene = Scene()
    scene.call(GATE)
    scene.end(status, **changes())
    scene.ecs.failures.add("deployment", UnavailableError("throttled"))
    assert scene.call(GATE) == answer


def test_a_deadline_holds_though_ecs_cannot_be_asked_and_drops_our_keys():
    scene = Scene()
    scene.call(GATE)
    scene.ecs.failures.add("deployment", *[UnavailableError("throttled")] * 9)
    assert isinstance(scene.call(GATE), InProgress)
    scene.time = START + timedelta(seconds=1800)
    assert scene.call(GATE) == Failed()
    assert len(scene.executions.stops) == 1


def test_nothing_is_started_without_having_asked_ecs():
    scene = Scene()
    scene.ecs.failures.add("deployment", UnavailableError("throttled"))
    assert isinstance(scene.call(GATE), InProgress)
    assert not scene.executions.starts


def test_an_enforcing_and_an_observing_hook_keep_both_answers():
    scene = Scene()
    scene.call(GATE)
    scene.end("FAILED", error="Testgate.Failed", cause="x")
    assert scene.call(GATE | {"MODE": "observe"}) == Succeeded()
    assert scene.call(GATE) == Failed()
    kept = [json.loads(v) for k, v in scene.bucket.objects.items() if "/answer" in k]
    assert {answer["hook_status"] for answer in kept} == {"SUCCEEDED", "FAILED"}


def test_text_that_cannot_be_encoded_is_refused_and_recorded():
    scene = Scene()
    assert scene.call(GATE | {EXECUTION_KEY: "\ud800"}) == Failed()
    assert "names another execution" in scene.told()["sentence"]


def test_a_rollback_is_not_hindered():
    scene = Scene(deployment(status="ROLLBACK_IN_PROGRESS"))
    weights = {
        "executionDetails": {
            "targetServiceRevisionArn": GREEN,
            "testTrafficWeights": {GREEN: 0},
            "productionTrafficWeights": {},
        }
    }
    assert scene.call(GATE, stage="TEST_TRAFFIC_SHIFT", **weights) == Succeeded()
    assert not scene.executions.starts
    assert not any(key.startswith("index/") for key in scene.bucket.objects)


@pytest.mark.parametrize("call", ["describe", "start"])
def test_trouble_is_waited_out_and_counted(call):
    scene = Scene()
    scene.executions.failures.add(
        call, UnavailableError("throttled"), UnavailableError("throttled")
    )
    first = scene.call(GATE)
    assert isinstance(first, InProgress)
    assert first.details[STATE_KEY] == {"troubles": 1}
    second = scene.call(first.details)
    assert second.details[STATE_KEY] == {"troubles": 2}
    third = scene.call(second.details)
    assert third.details[STATE_KEY] == {"troubles": 0}
    assert len(scene.executions.by_arn) == 1


def test_endless_trouble_is_refused_with_its_reason():
    scene = Scene()
    scene.ecs.failures.add("deployment", UnavailableError("throttled"))
    assert scene.call(GATE | {STATE_KEY: {"troubles": MAX_TROUBLES}}) == Failed()
    assert "throttled" in scene.told()["sentence"]


@pytest.mark.parametrize("state", [7, "x", None, {"troubles": "many"}, {"troubles": -3}, [1]])
def test_a_mangled_state_is_only_a_hint(state):
    scene = Scene()
    assert isinstance(scene.call(GATE | {STATE_KEY: state}), InProgress)


@pytest.mark.parametrize("error", [AccessDeniedError("no right"), NotFoundError("not there")])
def test_what_waiting_cannot_mend_is_refused_at_once(error):
    scene = Scene()
    scene.ecs.failures.add("deployment", error)
    assert scene.call(GATE) == Failed()
    assert scene.told()["sentence"] == str(error)


def test_an_execution_that_ended_but_is_not_visible_is_waited_for():
    scene = Scene()
    scene.call(GATE)
    scene.end("SUCCEEDED", output=earned())
    scene.executions.visible = False
    assert isinstance(scene.call(GATE), InProgress)
    scene.executions.visible = True
    assert scene.call(GATE) == Succeeded()


def test_a_run_past_its_deadline_is_stopped_with_the_sentence():
    scene = Scene()
    scene.call(GATE)
    scene.time = START + timedelta(seconds=1801)
    assert scene.call(GATE) == Failed()
    ((arn, error, cause),) = scene.executions.stops
    assert (arn, error) == (own_arn(), "Testgate.TimedOut")
    assert (
        cause
        == scene.told()["sentence"]
        == "the gate timed out after 1801 s (TIMEOUT_SECONDS is 1800)"
    )


def test_the_hooks_own_expiry_cuts_the_deadline():
    expires = HookFacts(
        target_arn=FUNCTION,
        status="IN_PROGRESS",
        expires_at=START + timedelta(seconds=600),
        timeout_action="ROLLBACK",
    )
    scene = Scene(deployment(hooks=(expires,)))
    scene.call(GATE)
    scene.time = START + timedelta(seconds=481)
    assert scene.call(GATE) == Failed()


@pytest.mark.parametrize("failing", ["put_once", "emit"])
def test_a_record_that_cannot_be_written_changes_no_answer(failing, capsys):
    scene = Scene()
    scene.call(GATE)
    scene.end("SUCCEEDED", output=earned())
    (scene.bus if failing == "emit" else scene.bucket).failures.add(
        failing, UnavailableError("S3 is down")
    )
    assert scene.call(GATE) == Succeeded()
    assert scene.decided == [Succeeded()]
    assert "S3 is down" in capsys.readouterr().out


def test_a_call_that_the_watchdog_gave_up_records_nothing():
    scene = Scene()
    scene.call(GATE)
    scene.end("SUCCEEDED", output=earned())
    scene.abandoned = True
    scene.call(GATE)
    assert not scene.bucket.objects
    assert not scene.decided


def test_a_call_that_the_watchdog_gave_up_starts_and_stops_nothing():
    scene = Scene()
    scene.abandoned = True
    assert isinstance(scene.call(GATE), InProgress)
    assert not scene.executions.starts
    scene.abandoned = False
    scene.call(GATE)
    scene.time = START + timedelta(seconds=1801)
    scene.abandoned = True
    scene.call(GATE)
    assert not scene.executions.stops


def test_every_answer_is_json_of_the_contract():
    scene = Scene()
    for answer in (scene.call(GATE), scene.call(None), scene.gate.answer(None)):
        assert set(json.loads(json.dumps(spell_answer(answer)))) <= {
            "hookStatus",
            "callBackDelay",
            "hookDetails",
        }


@pytest.mark.parametrize(
    "claimed",
    ["token=hunter22hunter22", ["password=hunter22"], {"a": "x" * 100_000}, "\x1b[31m\ud800", None],
)
def test_whatever_hook_details_claim_is_told_briefly_and_without_secrets(claimed):
    scene = Scene()
    answer = scene.call({"GATE": "shop", EXECUTION_KEY: claimed})
    assert isinstance(answer, Failed)
    (stored,) = [body for key, body in scene.bucket.objects.items() if key.endswith("answer.json")]
    assert len(stored) < 3_000
    assert b"hunter22" not in stored
    assert "hunter22" not in json.dumps(scene.bus.emitted)
    told = json.loads(stored)["sentence"]
    assert told.startswith("hookDetails names another execution than this gate run's: ")
    assert told.isprintable()


def test_the_cause_of_a_stop_is_told_briefly_and_without_secrets():
    scene = Scene()
    scene.call(GATE)
    scene.end("ABORTED", error="Operator", cause="password=hunter22 " + "x" * 30_000)
    scene.call(GATE)
    sentence = scene.told()["sentence"]
    assert sentence.startswith("the execution was stopped: password=[redacted] xxx")
    assert len(sentence) == 1_000


def test_a_rollback_that_ecs_does_not_show_yet_is_waited_for():
    """ECS's API is eventually consistent: a gate must not hinder a rollback by answering early."""
    scene = Scene(deployment(status="IN_PROGRESS", stage="TEST_TRAFFIC_SHIFT"))
    weights = {
        "serviceArn": "s",
        "targetServiceRevisionArn": GREEN,
        "testTrafficWeights": {GREEN: 0},
        "productionTrafficWeights": {},
    }
    answer = scene.call(GATE, stage="TEST_TRAFFIC_SHIFT", executionDetails=weights)
    assert isinstance(answer, InProgress)
    assert answer.details[STATE_KEY] == {"troubles": 1}
    scene.ecs.facts = deployment(status="ROLLBACK_IN_PROGRESS", stage="TEST_TRAFFIC_SHIFT")
    assert scene.call(GATE, stage="TEST_TRAFFIC_SHIFT", executionDetails=weights) == Succeeded()


def test_a_rollback_that_never_shows_is_refused_in_the_end():
    scene = Scene(deployment(status="IN_PROGRESS", stage="TEST_TRAFFIC_SHIFT"))
    weights = {"targetServiceRevisionArn": GREEN, "testTrafficWeights": {GREEN: 0}}
    details = GATE | {STATE_KEY: {"troubles": MAX_TROUBLES}}
    assert scene.call(details, stage="TEST_TRAFFIC_SHIFT", executionDetails=weights) == Failed()
    assert "ECS still says that the deployment is IN_PROGRESS" in scene.told()["sentence"]


def near_its_end(scene):
    """A gate run of a minute whose one shard has two seconds left."""
    scene.call(GATE)
    scene.time = START + timedelta(seconds=60)
    told = ShardProgress(
        suite="smoke",
        shard=1,
        attempt=1,
        progress=Progress(ended=29, total=30),
        started_at=START,
        at=scene.time,
        deadline=START + timedelta(hours=1),
        wave=1,
        waves=1,
        due=1,
    )
    scene.bucket.objects[progress_key(question().execution_name, "smoke", 1)] = json.dumps(
        told.spell()
    ).encode()


def test_a_call_is_held_near_the_end_and_answers_at_once():
    scene = Scene()
    near_its_end(scene)

    def end():
        if scene.time >= START + timedelta(seconds=62):
            place = place_of(question().deployment, question().execution_name)
            scene.bucket.objects[place.record] = b"{}"
            scene.end("SUCCEEDED", output=earned())

    scene.meanwhile.append(end)
    assert scene.call(GATE) == Succeeded()
    assert scene.time <= START + timedelta(seconds=63)


def test_a_call_is_not_held_for_ever_and_says_how_long_it_was():
    scene = Scene()
    near_its_end(scene)
    answer = scene.call(GATE)
    assert isinstance(answer, InProgress)
    assert scene.time == START + timedelta(seconds=66)
    state = answer.details[STATE_KEY]
    assert isinstance(state, dict)
    assert state["held_s"] == 6
    again = scene.call(answer.details)
    assert isinstance(again, InProgress)
    assert scene.time <= START + timedelta(seconds=66 + 3)


def test_progress_that_cannot_be_read_only_costs_time():
    scene = Scene()
    near_its_end(scene)
    scene.bucket.failures.add("keys", AccessDeniedError("no"))
    answer = scene.call(GATE)
    assert isinstance(answer, InProgress)
    assert (answer.delay_s, scene.time) == (4, START + timedelta(seconds=60))


def test_a_watchdog_that_has_answered_ends_the_hold():
    scene = Scene()
    near_its_end(scene)
    scene.meanwhile.append(lambda: setattr(scene, "abandoned", True))
    scene.call(GATE)
    assert scene.time == START + timedelta(seconds=60.5)
