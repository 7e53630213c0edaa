"""The admission hook's shell: whom it asks of which images, and what may be missing."""

from datetime import timedelta
from typing import ClassVar

import pytest

from testgate.aws.ecs import RevisionFacts
from testgate.core.admission import ScanFacts, SignatureFacts
from testgate.core.answers import Failed, InProgress, Succeeded
from testgate.core.errors import AccessDeniedError, UnavailableError
from testgate.core.kinds import ADMISSION
from testgate.hook.admission import OPTIONAL_BUDGET_S, AdmissionHook
from tests.fakes.ports import FakeEcr
from tests.hook.policy_scene import PolicyScene

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
DIGEST = "sha256:" + "a" * 64


class AdmissionScene(PolicyScene):
    stage = "PRE_SCALE_UP"
    details: ClassVar = {"FORBIDDEN_TAGS": "latest"}

    def __init__(self, facts=None):
        super().__init__(ADMISSION, facts)
        self.ecr = FakeEcr()
        self.hook = AdmissionHook(inquiring=self.inquiring, ecr=self.ecr)
        self.good()

    def good(self):
        self.runs(app=f"{ECR}/shop:2")

    def bad(self):
        self.runs(app=f"{ECR}/shop:latest")

    def runs(self, *, resolved=None, digests=None, **images):
        self.ecs.defined_images = images
        self.ecs.revision_facts = RevisionFacts(
            images=images if resolved is None else resolved,
            image_digests=digests or {},
            load_balancers=(),
            task_definition="arn:aws:ecs:us-east-1:123456789012:task-definition/web:7",
        )


def test_containers_that_ecs_has_not_resolved_yet_are_judged_too():
    scene = AdmissionScene()
    scene.runs(app=f"{ECR}/shop:2", init="busybox", resolved={})
    assert scene.call() == Failed()
    assert scene.sentence().startswith("1 of 2 container images refused: container init")


def test_a_container_that_no_task_definition_has_is_judged_too():
    scene = AdmissionScene()
    scene.runs(app=f"{ECR}/shop:2", resolved={"app": f"{ECR}/shop:2", "stranger": "evil/x"})
    assert scene.call() == Failed()
    assert "container stranger: image docker.io/evil/x:latest" in scene.sentence()


@pytest.mark.parametrize("missing", ["task_definition", "containers"])
def test_a_revision_that_cannot_be_seen_whole_is_not_admitted(missing):
    scene = AdmissionScene()
    if missing == "containers":
        scene.runs()
    else:
        scene.ecs.revision_facts = RevisionFacts(images={}, load_balancers=())
    assert scene.call() == Failed()
    assert scene.told()["outcome"] == "infra_error"


def test_ecr_is_asked_once_for_an_image_by_its_digest_if_that_is_known():
    scene = AdmissionScene()
    scene.runs(
        app=f"{ECR}/shop:2",
        copy=f"{ECR}/shop:2",
        pinned=f"{ECR}/pinned@{DIGEST}",
        public="public.ecr.aws/aws-containers/ui:1",
        digests={"app": DIGEST, "copy": DIGEST},
    )
    assert scene.call() == Succeeded()
    assert scene.ecr.asked == [
        (f"{ECR}/shop:2", DIGEST),
        (f"{ECR}/pinned@{DIGEST}", DIGEST),
    ]


def test_ecr_is_not_asked_of_images_whose_names_are_refused():
    scene = AdmissionScene()
    scene.bad()
    scene.call(scene.details)
    assert not scene.ecr.asked


def test_findings_above_the_cap_refuse():
    scene = AdmissionScene()
    scene.ecr.scans["shop"] = ScanFacts(status="COMPLETE", counts={"CRITICAL": 1}, first="CVE-1")
    assert scene.call({"MAX_SEVERITY": "HIGH"}) == Failed()
    assert "1 findings above HIGH (MAX_SEVERITY): 1 CRITICAL; first: CVE-1" in scene.sentence()


def test_a_pending_scan_is_waited_for_noted_and_given_up():
    scene = AdmissionScene()
    details = {"REQUIRE_SCAN": True, "TIMEOUT_SECONDS": 60}
    scene.ecr.scans["shop"] = ScanFacts(status="PENDING")
    answer = scene.call(details)
    assert isinstance(answer, InProgress)
    assert "waits for ECR: container app" in scene.noted()["sentence"]
    scene.time += timedelta(seconds=59)
    assert isinstance(scene.call(details), InProgress)
    scene.time += timedelta(seconds=1)
    assert scene.call(details) == Failed()
    assert scene.told()["outcome"] == "timed_out"


def test_a_pending_scan_that_ends_clean_admits():
    scene = AdmissionScene()
    scene.ecr.scans["shop"] = ScanFacts(status="IN_PROGRESS")
    details = {"REQUIRE_SCAN": True}
    scene.call(details)
    scene.ecr.scans["shop"] = ScanFacts(status="COMPLETE")
    assert scene.call(details) == Succeeded()


@pytest.mark.parametrize("call", ["scan", "signature"])
def test_what_is_not_required_holds_nothing_up(call):
    scene = AdmissionScene()
    scene.ecr.failures.add(call, UnavailableError("throttled"))
    assert scene.call() == Succeeded()
    evidence = scene.told()["evidence"]["containers"][0]
    assert evidence[call]["problem"] == "throttled"


@pytest.mark.parametrize(
    ("call", "details"),
    [("scan", {"REQUIRE_SCAN": True}), ("signature", {"REQUIRE_SIGNATURE": True})],
)
def test_what_is_required_is_asked_for_again(call, details):
    scene = AdmissionScene()
    scene.ecr.signatures["shop"] = SignatureFacts(statuses={"p": "COMPLETE"})
    scene.ecr.failures.add(call, UnavailableError("throttled"))
    assert isinstance(scene.call(details), InProgress)
    assert scene.call(details) == Succeeded()


def test_optional_questions_end_when_a_call_has_taken_long():
    scene = AdmissionScene()
    scene.runs(a=f"{ECR}/a:1", b=f"{ECR}/b:1")
    scan = scene.ecr.scan

    def slow(*arguments):
        scene.time += timedelta(seconds=OPTIONAL_BUDGET_S)
        return scan(*arguments)

    scene.ecr.scan = slow  # type: ignore[method-assign]
    assert scene.call() == Succeeded()
    first, second = scene.told()["evidence"]["containers"]
    assert first["scan"]["problem"] is None
    assert "not asked" in first["signature"]["problem"]
    assert "not asked" in second["scan"]["problem"]


def test_a_lacking_right_to_the_task_definition_refuses():
    scene = AdmissionScene()
    scene.ecs.failures.add("images_of", AccessDeniedError("no right"))
    assert scene.call() == Failed()
