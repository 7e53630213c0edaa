"""The approval hook's shell: it waits, is told, and forgets nothing that ECS loses."""

from datetime import timedelta
from typing import ClassVar

import pytest

from testgate.core.answers import Failed, InProgress, Succeeded
from testgate.core.approval import Upload
from testgate.core.errors import AccessDeniedError, UnavailableError
from testgate.core.facts import HookFacts
from testgate.core.kinds import APPROVAL
from testgate.hook.approval import ApprovalHook
from tests.core.samples import FUNCTION, START, deployment
from tests.fakes.ports import FakeApprovals
from tests.hook.policy_scene import PolicyScene

REVISION = "9313423515462893900"


class ApprovalScene(PolicyScene):
    stage = "POST_TEST_TRAFFIC_SHIFT"
    details: ClassVar = {"TIMEOUT_SECONDS": 600}

    def __init__(self, facts=None):
        super().__init__(APPROVAL, facts)
        self.approvals = FakeApprovals()
        self.hook = ApprovalHook(
            inquiring=self.inquiring, approvals=self.bucket_of, bucket="approvals"
        )

    def bucket_of(self, name):
        self.approvals.bucket = name
        return self.approvals

    def good(self):
        self.upload("txt")

    def bad(self):
        self.upload("rejected")

    def upload(self, kind, at_s=1.0):
        key = f"{REVISION}.{kind}"
        uploaded_at = START + timedelta(seconds=at_s)
        url = f"s3://{self.approvals.bucket}/{key}"
        self.approvals.uploads[key] = Upload(url=url, uploaded_at=uploaded_at)


def test_it_waits_says_what_to_do_and_is_approved(capsys):
    scene = ApprovalScene()
    answer = scene.call(scene.details)
    assert isinstance(answer, InProgress)
    assert answer.details["TIMEOUT_SECONDS"] == 600
    wanted = f"echo approved | aws s3 cp - s3://approvals/{REVISION}.txt"
    assert wanted in scene.noted()["sentence"]
    assert wanted in capsys.readouterr().out
    scene.time += timedelta(seconds=30)
    scene.good()
    assert scene.call(answer.details) == Succeeded()


@pytest.mark.parametrize("back", [True, False])
def test_a_withheld_approval_ends_in_time_whatever_ecs_hands_back(back):
    scene = ApprovalScene()
    details = scene.details
    for _ in range(3):
        answer = scene.call(details)
        assert isinstance(answer, InProgress)
        details = dict(answer.details) if back else scene.details
        scene.time += timedelta(seconds=199)
    scene.time += timedelta(seconds=3)
    assert scene.call(details) == Failed()
    assert scene.told()["outcome"] == "timed_out"
    assert scene.sentence().startswith(f"no approval of revision {REVISION} came within 600 s")


def test_the_hooks_own_expiry_cuts_the_deadline():
    hook = HookFacts(
        target_arn=FUNCTION,
        status="IN_PROGRESS",
        expires_at=START + timedelta(seconds=300),
        timeout_action="ROLLBACK",
    )
    scene = ApprovalScene(deployment(hooks=(hook,), created_at=START))
    assert isinstance(scene.call(scene.details), InProgress)
    scene.time += timedelta(seconds=180)
    assert scene.call(scene.details) == Failed()


def test_an_early_approval_does_not_count_unless_that_was_chosen():
    scene = ApprovalScene()
    scene.upload("txt", at_s=-60)
    assert isinstance(scene.call(scene.details), InProgress)
    assert "is older than the deployment" in scene.noted()["sentence"]
    assert scene.call(scene.details | {"ALLOW_EARLY": True}) == Succeeded()


def test_an_observer_answers_at_once_and_notes_nothing():
    scene = ApprovalScene()
    assert scene.call(scene.details | {"MODE": "observe"}) == Succeeded()
    assert scene.sentence().startswith("would have refused: no approval of revision")
    assert not any(key.startswith("waiting/") for key in scene.bucket.objects)


def test_another_bucket_may_be_named():
    scene = ApprovalScene()
    scene.call(scene.details | {"S3_BUCKET_NAME": "teams-own"})
    assert f"s3://teams-own/{REVISION}.txt" in scene.noted()["sentence"]


@pytest.mark.parametrize("error", [UnavailableError("S3 is slow"), AccessDeniedError("no right")])
def test_approvals_that_cannot_be_read_approve_nothing(error):
    scene = ApprovalScene()
    scene.good()
    scene.approvals.failures.add("find", error)
    answer = scene.call(scene.details)
    if isinstance(error, UnavailableError):
        assert isinstance(answer, InProgress)
    else:
        assert answer == Failed()
        assert scene.sentence() == "no right"


def test_a_rejection_outlives_a_later_approval():
    scene = ApprovalScene()
    scene.bad()
    scene.good()
    assert scene.call(scene.details) == Failed()
    assert "was rejected by" in scene.sentence()
