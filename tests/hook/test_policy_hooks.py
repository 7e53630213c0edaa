"""What the hooks of every kind do alike: read, refuse, wait, tell, and never pass by mistake."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from testgate.core.answers import Failed, InProgress, Succeeded
from testgate.core.config import STATE_KEY
from testgate.core.decision import MAX_TROUBLES
from testgate.core.errors import AccessDeniedError, UnavailableError
from testgate.core.facts import HookFacts
from tests.core.samples import FUNCTION, GREEN, START, deployment
from tests.hook.policy_scene import PolicyScene
from tests.hook.test_admission_hook import AdmissionScene
from tests.hook.test_approval_hook import ApprovalScene
from tests.hook.test_metrics_hook import MetricsScene

SCENES: dict[str, Callable[..., PolicyScene]] = {
    "admission": AdmissionScene,
    "approval": ApprovalScene,
    "metrics": MetricsScene,
}


@pytest.fixture(params=sorted(SCENES))
def make(request):
    return SCENES[request.param]


@pytest.fixture
def scene(make):
    return make()


def test_a_wrong_stage_is_refused_and_the_right_ones_are_named(scene):
    assert scene.call(scene.details, stage="RECONCILE_SERVICE") == Failed()
    assert "hook cannot answer at RECONCILE_SERVICE: hook it at" in scene.sentence()
    assert scene.stage in scene.sentence()


@pytest.mark.parametrize("weight", [0, 100])
def test_at_a_shift_stage_only_a_rollback_passes(make, weight):
    scene = make(deployment(status="ROLLBACK_IN_PROGRESS"))
    details = {
        "targetServiceRevisionArn": GREEN,
        "testTrafficWeights": {},
        "productionTrafficWeights": {GREEN: weight},
    }
    answer = scene.call(scene.details, stage="PRODUCTION_TRAFFIC_SHIFT", executionDetails=details)
    assert answer == (Failed() if weight else Succeeded())


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({"MDOE": "observe"}, "did you mean MODE?"),
        ("not json", "text that is not JSON"),
        ([1], "must be a JSON object, got an array"),
        ({"MODE": "off"}, "expected enforce or observe"),
    ],
)
def test_bad_configuration_is_refused_under_the_hooks_own_name(scene, details, says):
    assert scene.call(details) == Failed()
    assert says in scene.sentence()
    kind = scene.inquiring.kind.name
    assert any(f"/EZe5RNVL-6PPzHXINuP28/{kind}/" in key for key in scene.bucket.objects)
    assert any(
        key.startswith("index/") and f".infra_error.EZe5RNVL-6PPzHXINuP28.{kind}" in key
        for key in scene.bucket.objects
    )


def test_bad_configuration_in_observe_mode_is_told_and_lets_pass(scene):
    assert scene.call(scene.details | {"MODE": "observe", "TYPO": 1}) == Succeeded()
    assert scene.sentence().startswith("would have refused: unknown key 'TYPO'")


def test_configuration_may_be_json_text(scene):
    scene.bad()
    assert scene.call(json.dumps(scene.details)) == Failed()
    assert scene.told()["outcome"] == "failed"


def test_a_refusal_is_recorded_logged_indexed_and_emitted(scene, capsys):
    scene.bad()
    assert scene.call(scene.details) == Failed()
    told = scene.told()
    assert (told["outcome"], told["hook_status"]) == ("failed", "FAILED")
    assert told["hook"] == scene.inquiring.kind.name
    assert told["evidence"]
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["testgate"], line["sentence"]) == ("answer", told["sentence"])
    assert scene.bus.emitted == [{k: v for k, v in told.items() if k != "evidence"}]
    index = [key for key in scene.bucket.objects if key.startswith("index/shop/web/")]
    assert len(index) == 1
    assert ".failed." in index[0]


def test_a_pass_is_recorded_with_what_was_seen(scene):
    scene.good()
    assert scene.call(scene.details) == Succeeded()
    told = scene.told()
    assert (told["outcome"], told["hook_status"], told["mode"]) == (
        "passed",
        "SUCCEEDED",
        "enforce",
    )
    assert told["evidence"]
    assert any(".passed." in key for key in scene.bucket.objects)


def test_observe_mode_lets_pass_and_says_what_it_would_have_done(scene):
    scene.bad()
    assert scene.call(scene.details | {"MODE": "observe"}) == Succeeded()
    assert scene.sentence().startswith("would have refused: ")
    assert scene.told()["outcome"] == "failed"


def test_an_enforcing_and_an_observing_hook_keep_both_answers(scene):
    scene.bad()
    assert scene.call(scene.details | {"MODE": "observe"}) == Succeeded()
    assert scene.call(scene.details) == Failed()
    kept = [json.loads(v) for k, v in scene.bucket.objects.items() if "/answer" in k]
    assert {answer["hook_status"] for answer in kept} == {"SUCCEEDED", "FAILED"}


def test_a_deployment_of_another_revision_is_refused(make):
    scene = make(deployment(target_revision=GREEN[:-1] + "1", created_at=START))
    scene.good()
    assert scene.call(scene.details) == Failed()
    assert "the question was asked of 9313423515462893900" in scene.sentence()


def test_a_hook_that_continues_on_timeout_is_refused(make):
    hook = HookFacts(
        target_arn=FUNCTION, status="IN_PROGRESS", expires_at=None, timeout_action="CONTINUE"
    )
    scene = make(deployment(hooks=(hook,), created_at=START))
    scene.good()
    assert scene.call(scene.details) == Failed()
    assert "set it to ROLLBACK" in scene.sentence()


def test_trouble_is_waited_out_and_counted(scene):
    scene.good()
    trouble = UnavailableError("throttled")
    scene.ecs.failures.add("deployment", trouble, trouble)
    first = scene.call(scene.details)
    assert isinstance(first, InProgress)
    assert first.details == scene.details | {STATE_KEY: {"troubles": 1}}
    second = scene.call(first.details)
    assert isinstance(second, InProgress)
    assert second.details[STATE_KEY] == {"troubles": 2}
    assert scene.call(second.details) == Succeeded()


def test_endless_trouble_is_refused_with_its_reason(scene):
    scene.good()
    scene.ecs.failures.add("deployment", UnavailableError("throttled"))
    assert scene.call(scene.details | {STATE_KEY: {"troubles": MAX_TROUBLES}}) == Failed()
    assert "throttled" in scene.sentence()


def test_a_right_that_is_lacking_is_refused_at_once(scene):
    scene.good()
    scene.ecs.failures.add("deployment", AccessDeniedError("no right to look"))
    assert scene.call(scene.details) == Failed()
    assert scene.sentence() == "no right to look"


@pytest.mark.parametrize("state", [7, "x", None, {"troubles": "many"}, {"troubles": -3}, [1]])
@pytest.mark.parametrize("forged", [{}, {"checks": 99, "good": 99}, {"asked_at": "2020-01-01"}])
def test_what_comes_back_as_our_state_never_lets_pass(scene, state, forged):
    scene.bad()
    details = scene.details | {STATE_KEY: forged or state}
    assert scene.call(details) == Failed()


def test_a_call_that_the_watchdog_gave_up_writes_nothing(scene):
    scene.bad()
    scene.bucket.objects.clear()
    scene.abandoned = True
    scene.call(scene.details)
    assert not scene.bucket.objects
    assert not scene.decided


def test_a_record_that_cannot_be_written_changes_no_answer(scene, capsys):
    scene.good()
    scene.call(scene.details)
    scene.bucket.failures.add("put_once", UnavailableError("S3 is down"))
    assert scene.call(scene.details) == Succeeded()
    assert "S3 is down" in capsys.readouterr().out


def test_an_unreadable_event_is_filed_under_errors(scene):
    assert scene.hook.answer({"hello": "world"}) == Failed()
    (key,) = scene.bucket.objects
    assert key.startswith("errors/2026/11/23/")


@pytest.mark.parametrize("kind", ["approval", "metrics"])
@pytest.mark.parametrize(
    ("has_source", "before", "skipped"),
    [(False, False, True), (True, False, False), (False, True, False)],
)
def test_a_create_is_skipped_only_without_source_and_success_before(
    kind, has_source, before, skipped
):
    """A service that ECS lists no earlier deployment of, but with a source, is no create."""
    scene = SCENES[kind](deployment(has_source=has_source, created_at=START))
    scene.ecs.succeeded_before = before
    scene.bad()
    answer = scene.call(scene.details | {"ON_CREATE": "skip"})
    assert answer == (Succeeded() if skipped else Failed())
    assert ("skipped: the service's first deployment" in scene.sentence()) == skipped


@pytest.mark.parametrize("kind", ["approval", "metrics"])
def test_a_create_is_asked_for_like_any_other_unless_that_was_chosen(kind):
    scene = SCENES[kind](deployment(has_source=False, created_at=START))
    scene.bad()
    assert scene.call(scene.details) == Failed()


@pytest.mark.parametrize("kind", ["approval", "metrics"])
def test_steps_of_traffic_are_questions_of_their_own(kind):
    scene = SCENES[kind]()
    notes = set()
    for weight in (0, 10, 10):
        details = {
            "targetServiceRevisionArn": GREEN,
            "testTrafficWeights": {},
            "productionTrafficWeights": {GREEN: weight},
        }
        answer = scene.call(
            scene.details, stage="PRE_PRODUCTION_TRAFFIC_SHIFT", executionDetails=details
        )
        assert isinstance(answer, InProgress)
        notes |= {key for key in scene.bucket.objects if key.startswith("waiting/")}
    assert len(notes) == 2


@pytest.mark.parametrize("kind", ["approval", "metrics"])
def test_trouble_ends_with_the_hooks_own_patience_though_its_count_is_lost(kind):
    scene = SCENES[kind]()
    assert isinstance(scene.call(scene.details), InProgress)
    scene.ecs.failures.add("deployment", *[UnavailableError("throttled")] * 2)
    assert isinstance(scene.call(scene.details), InProgress)
    scene.time += timedelta(seconds=90_000)
    assert scene.call(scene.details) == Failed()
    assert scene.told()["outcome"] == "timed_out"
    assert "throttled" in scene.sentence()


@pytest.mark.parametrize("kind", ["approval", "metrics"])
def test_a_note_of_another_question_is_no_first_asking(kind):
    scene = SCENES[kind]()
    scene.call(scene.details)
    (key,) = [key for key in scene.bucket.objects if key.startswith("waiting/")]
    scene.bucket.objects[key] = json.dumps(scene.noted() | {"question": "sha256:0"}).encode()
    assert scene.call(scene.details) == Failed()
    assert "of another question" in scene.sentence()
