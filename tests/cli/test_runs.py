"""Which of a deployment's runs explains it, and which hooks it still waits for."""

from datetime import UTC, datetime, timedelta

import pytest

from testgate.cli.runs import RunNotFoundError, find_run
from testgate.cli.waiting import find_waiting
from testgate.core.errors import InputError
from testgate.core.inquiry import Inquiry, Waiting
from testgate.core.kinds import APPROVAL
from testgate.core.layout import place_of
from testgate.core.outcomes import Outcome
from tests.core.samples import ARN, GREEN, START, question
from tests.fakes.ports import FakeBucket

GATE = question().execution_name


class Stored:
    """A bucket with the answers of one deployment's hooks."""

    def __init__(self):
        self.bucket = FakeBucket()

    def answer(self, name, outcome, *, second=0, hook=None, status=None, **changes):
        at = START + timedelta(seconds=second)
        place = place_of(question().deployment, name)
        status = status or ("SUCCEEDED" if outcome == "passed" else "FAILED")
        document = {
            "hook": hook or name.partition("-")[0],
            "outcome": outcome,
            "sentence": f"{name} says {outcome}",
            "hook_status": status,
            "mode": "enforce",
            "answered_at": at.isoformat(),
        } | changes
        self.bucket.put_json_once(place.answer, document)
        self.bucket.put_once(place.index(Outcome(outcome), at), b"", "text/plain")
        return self

    def record(self, name, outcome):
        place = place_of(question().deployment, name)
        self.bucket.put_json_once(place.record, {"outcome": outcome, "sentence": "the record"})
        self.bucket.put_once(place.index(Outcome(outcome), START), b"", "text/plain")
        return self

    def found(self, target=ARN):
        run = find_run(self.bucket, target)
        return [run.place.run_name, *(other.place.run_name for other in run.others)]


@pytest.mark.parametrize("target", [ARN, "shop/web"])
def test_the_hook_that_refused_comes_before_those_that_found_it_going(target):
    stored = Stored().answer("admission-1", "passed").answer("approval-2", "failed", second=5)
    stored.record(GATE, "aborted").answer("metrics-3", "aborted", second=6)
    assert stored.found(target) == ["approval-2", "metrics-3", GATE, "admission-1"]


def test_of_two_that_refused_the_first_is_the_reason():
    stored = Stored().answer("metrics-1", "infra_error", second=9)
    stored.answer("approval-2", "failed", second=3)
    assert stored.found() == ["approval-2", "metrics-1"]


def test_what_only_would_have_refused_comes_behind_what_did():
    stored = Stored().answer("admission-1", "failed", status="SUCCEEDED", mode="observe")
    stored.answer("approval-2", "timed_out", second=600)
    assert stored.found() == ["approval-2", "admission-1"]


def test_where_all_passed_the_test_gates_record_comes_first():
    stored = Stored().answer("admission-1", "passed").record(GATE, "passed")
    stored.answer(GATE, "passed", hook="test-gate", second=7)
    assert stored.found() == [GATE, "admission-1"]


def test_a_run_that_is_asked_for_by_name_comes_first():
    stored = Stored().answer("approval-2", "failed").record(GATE, "passed")
    run = find_run(stored.bucket, ARN, GATE)
    assert (run.place.run_name, [each.hook for each in run.others]) == (GATE, ["approval"])


def test_nothing_recorded_is_told():
    with pytest.raises(RunNotFoundError):
        find_run(FakeBucket(), ARN)


def note(bucket, deadline, run_config=None):
    inquiry = Inquiry(
        kind=APPROVAL,
        deployment=question().deployment,
        revision=GREEN,
        stage="POST_TEST_TRAFFIC_SHIFT",
        config=run_config or {},
    )
    place = place_of(inquiry.deployment, inquiry.run_name)
    waiting = Waiting(
        inquiry=inquiry, asked_at=START, deadline=deadline, sentence="waits: aws s3 cp …"
    )
    bucket.put_json_once(place.waiting, waiting.spell())
    return place


class Ecs:
    """Makes clients whose ECS says what the deployment's status is; None: it knows none."""

    def __init__(self, status):
        self.status = status

    def client(self, _):
        return self

    def describe_service_deployments(self, **_):
        found = [{"status": self.status}] if self.status else []
        return {"serviceDeployments": found}


SOON = datetime.now(UTC) + timedelta(hours=9)


@pytest.mark.parametrize("target", [ARN, "shop/web"])
def test_a_hook_that_was_asked_and_has_not_answered_waits(target):
    bucket = FakeBucket()
    note(bucket, SOON)
    (hook,) = find_waiting(Ecs("IN_PROGRESS").client, bucket, target)
    assert (hook.hook, hook.sentence) == ("approval", "waits: aws s3 cp …")
    assert hook.spell()["deployment"] == ARN


def test_one_that_has_answered_does_not_wait():
    bucket = FakeBucket()
    place = note(bucket, SOON)
    bucket.put_json_once(place.answer, {})
    assert find_waiting(Ecs("IN_PROGRESS").client, bucket, ARN) == []


@pytest.mark.parametrize(
    ("status", "deadline", "waits"),
    [
        ("PENDING", SOON, True),
        ("IN_PROGRESS", START - timedelta(days=400), True),
        ("ROLLBACK_SUCCESSFUL", SOON, False),
        ("STOPPED", SOON, False),
        (None, SOON, True),
        (None, datetime(2020, 1, 1, tzinfo=UTC), False),
    ],
)
def test_ecs_says_whether_anybody_waits_and_else_the_deadline(status, deadline, waits):
    bucket = FakeBucket()
    note(bucket, deadline)
    assert bool(find_waiting(Ecs(status).client, bucket, ARN)) == waits


@pytest.mark.parametrize("text", [b"[]", b'{"hook": 7}', b'{"deadline": "soon"}'])
def test_a_note_of_another_form_is_no_reason_to_fail(text):
    bucket = FakeBucket()
    place = note(bucket, SOON)
    bucket.objects[place.waiting] = text
    bucket.objects["waiting/shop/web/strange"] = b"x"
    assert find_waiting(Ecs(None).client, bucket, "shop/web") == []


def test_another_kind_of_target_is_refused():
    with pytest.raises(InputError):
        find_waiting(Ecs(None).client, FakeBucket(), "shop")
