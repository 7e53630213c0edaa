"""The metrics hook's shell: windows since the first call, however often and whatever ECS calls."""

from datetime import timedelta
from typing import ClassVar

import pytest

from testgate.aws.ecs import LoadBalancerEntry, RevisionFacts
from testgate.core.answers import Failed, InProgress, Succeeded
from testgate.core.config import STATE_KEY
from testgate.core.errors import UnavailableError
from testgate.core.facts import HookFacts
from testgate.core.kinds import METRICS
from testgate.core.metrics import AlarmFacts
from testgate.hook.metrics import MetricsHook
from tests.core.samples import FUNCTION, GROUP, START, deployment
from tests.fakes.ports import FakeCloudWatch
from tests.hook.policy_scene import PolicyScene

METRIC = {
    "namespace": "Shop",
    "name": "Errors",
    "statistic": "Sum",
    "comparison": "<=",
    "threshold": 5,
}
ALARMS = {"ALARMS": "errors", "CHECKS": 3, "INTERVAL_SECONDS": 60, "LAG_SECONDS": 0}


class MetricsScene(PolicyScene):
    stage = "POST_PRODUCTION_TRAFFIC_SHIFT"
    details: ClassVar = {"METRICS": [METRIC], "CHECKS": 3, "INTERVAL_SECONDS": 60, "LAG_SECONDS": 0}

    def __init__(self, facts=None):
        super().__init__(METRICS, facts)
        self.cloudwatch = FakeCloudWatch()
        self.hook = MetricsHook(inquiring=self.inquiring, cloudwatch=self.cloudwatch)

    def good(self):
        self.measured(1, 2, 3)
        self._past_the_last_check()

    def bad(self):
        self.measured(1, 9, 3)
        self._past_the_last_check()

    def measured(self, *values):
        self.cloudwatch.points["Errors"] = [
            (START + timedelta(seconds=60 * n), float(v)) for n, v in enumerate(values)
        ]

    def _past_the_last_check(self):
        """As after calls before: with each way in which tests ask, the first asking is START."""
        facts, self.ecs.facts = self.ecs.facts, deployment()
        for way in ({}, {"MODE": "observe"}, {"ON_CREATE": "skip"}):
            self.call(self.details | way)
        self.ecs.facts = facts
        self.time = START + timedelta(seconds=180)

    def after(self, seconds):
        self.time = START + timedelta(seconds=seconds)


def test_it_waits_for_each_check_and_allows_after_the_last():
    scene = MetricsScene()
    scene.measured(0, 5, 3)
    answers = []
    for seconds in (0, 60, 120):
        scene.after(seconds)
        answers.append(scene.call(scene.details))
    assert [answer.delay_s for answer in answers] == [60, 60, 60]
    assert answers[-1].details[STATE_KEY] == {
        "checks": 2,
        "good": 2,
        "missing": 0,
        "bad": 0,
        "troubles": 0,
    }
    assert answers[-1].details["METRICS"] == [METRIC]
    scene.after(180)
    assert scene.call(answers[-1].details) == Succeeded()
    assert scene.sentence() == (
        "3 checks made: 3 good, 0 failed (allowed 0), 0 without data (allowed 0)"
    )
    assert "makes 3 checks of 60 s each" in scene.noted()["sentence"]


def test_calls_that_ecs_never_made_change_nothing():
    scene = MetricsScene()
    scene.measured(0, 5, 3)
    scene.call(scene.details)
    scene.after(9_000)
    assert scene.call(scene.details) == Succeeded()


def test_the_first_bad_check_refuses_with_its_value():
    scene = MetricsScene()
    scene.measured(0, 6)
    scene.call(scene.details)
    scene.after(120)
    assert scene.call(scene.details) == Failed()
    assert scene.sentence() == (
        "1 of 3 checks failed (allowed 0): Shop Errors Sum was 6 at 08:01:00 (expected <= 5)"
    )


@pytest.mark.parametrize(
    "state", [{"checks": 3, "good": 3}, {"checks": -1}, {"good": "all"}, {"bad": 0, "missing": 0}]
)
def test_forged_counters_make_no_check_good(state):
    scene = MetricsScene()
    first = scene.call(scene.details | {STATE_KEY: state})
    assert isinstance(first, InProgress)
    counted = {"checks": 0, "good": 0, "missing": 0, "bad": 0, "troubles": 0}
    assert first.details[STATE_KEY] == counted
    scene.after(180)
    assert scene.call(scene.details | {STATE_KEY: state}) == Failed()
    assert "3 of 3 checks had no data" in scene.sentence()


def test_data_from_before_the_question_counts_for_nothing():
    scene = MetricsScene()
    scene.after(30)
    scene.cloudwatch.points["Errors"] = [
        (START + timedelta(seconds=60 * n), 0.0) for n in range(-9, 1)
    ]
    scene.call(scene.details)
    scene.after(9_000)
    assert scene.call(scene.details) == Failed()


def test_late_data_is_read_anew():
    scene = MetricsScene()
    details = scene.details | {"MISSING_ALLOWED": 1}
    scene.call(details)
    scene.after(60)
    assert isinstance(scene.call(details), InProgress)
    scene.measured(9, 0, 0)
    scene.after(120)
    assert scene.call(details) == Failed()
    assert scene.told()["outcome"] == "failed"


def test_placeholders_name_the_new_revisions_own_group():
    scene = MetricsScene()
    rule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/web/1/2/3"
    entry = LoadBalancerEntry(
        container="web", test_rule=rule, production_rule=rule, resolved_group=GROUP
    )
    scene.ecs.revision_facts = RevisionFacts(images={}, load_balancers=(entry,))
    dimensions = {
        "TargetGroup": "{TARGET_GROUP}",
        "LoadBalancer": "{LOAD_BALANCER}",
        "Service": "{CLUSTER}/{SERVICE}/{REVISION}",
    }
    details = scene.details | {"METRICS": [METRIC | {"dimensions": dimensions}]}
    scene.call(details)
    scene.after(60)
    scene.call(details)
    assert scene.cloudwatch.asked[0].dimensions == {
        "TargetGroup": "targetgroup/web-two/0123456789abcdef",
        "LoadBalancer": "app/web/1",
        "Service": "shop/web/9313423515462893900",
    }


def test_a_hook_that_expires_before_the_last_check_is_refused_at_once():
    hook = HookFacts(
        target_arn=FUNCTION,
        status="IN_PROGRESS",
        expires_at=START + timedelta(seconds=299),
        timeout_action="ROLLBACK",
    )
    scene = MetricsScene(deployment(hooks=(hook,), created_at=START))
    assert scene.call(scene.details) == Failed()
    assert "give it more timeoutInMinutes" in scene.sentence()


def alarm(state, since_s=-9_000.0):
    return AlarmFacts(state=state, since=START + timedelta(seconds=since_s))


def test_alarms_are_looked_at_when_a_check_is_due_and_each_look_is_kept():
    scene = MetricsScene()
    scene.cloudwatch.states["errors"] = alarm("OK")
    for seconds in (0, 60, 120):
        scene.after(seconds)
        assert isinstance(scene.call(ALARMS), InProgress)
    scene.after(180)
    assert scene.call(ALARMS) == Succeeded()
    looks = sorted(key.rpartition("/")[2] for key in scene.bucket.objects if "/checks/" in key)
    assert looks == ["0001.good.json", "0002.good.json", "0003.good.json"]


def test_an_alarm_that_has_recovered_since_its_check_stays_a_failure():
    scene = MetricsScene()
    details = ALARMS | {"FAILURES_ALLOWED": 1}
    scene.cloudwatch.states["errors"] = alarm("OK")
    scene.call(details)
    scene.after(60)
    scene.cloudwatch.states["errors"] = alarm("ALARM", 50)
    assert isinstance(scene.call(details), InProgress)
    scene.cloudwatch.states["errors"] = alarm("OK", 70)
    scene.after(120)
    assert isinstance(scene.call(details), InProgress)
    scene.cloudwatch.states["errors"] = alarm("ALARM", 170)
    scene.after(180)
    assert scene.call(details) == Failed()
    assert scene.sentence().startswith("2 of 3 checks failed (allowed 1): alarm errors was ALARM")


def test_an_alarm_that_changed_after_a_check_nobody_made_tells_nothing_of_it():
    scene = MetricsScene()
    scene.cloudwatch.states["errors"] = alarm("OK", 170)
    scene.call(ALARMS)
    scene.after(180)
    assert scene.call(ALARMS) == Failed()
    assert "unknown before" in scene.sentence()
    assert scene.told()["outcome"] == "infra_error"


def test_an_alarm_that_was_ok_all_along_tells_of_every_check():
    scene = MetricsScene()
    scene.cloudwatch.states["errors"] = alarm("OK")
    scene.call(ALARMS)
    scene.after(9_000)
    assert scene.call(ALARMS) == Succeeded()


def test_of_two_looks_at_one_check_the_worse_counts():
    scene = MetricsScene()
    scene.cloudwatch.states["errors"] = alarm("ALARM", 10)
    scene.call(ALARMS)
    scene.after(60)
    scene.call(ALARMS | {"MODE": "observe"})
    (bad,) = [key for key in scene.bucket.objects if key.endswith("0001.bad.json")]
    good = bad.replace(".bad.", ".good.")
    scene.bucket.objects[good] = b"{}"
    scene.cloudwatch.states["errors"] = alarm("OK", 61)
    assert scene.call(ALARMS) == Failed()


def test_an_alarm_that_does_not_exist_is_refused_by_name():
    scene = MetricsScene()
    scene.call(ALARMS)
    scene.after(60)
    assert scene.call(ALARMS) == Failed()
    assert scene.sentence() == "CloudWatch knows no alarm 'errors' here"


def test_a_cloudwatch_that_cannot_be_asked_is_waited_for_and_not_for_ever():
    scene = MetricsScene()
    scene.call(scene.details)
    scene.cloudwatch.failures.add("values", *[UnavailableError("throttled")] * 2)
    scene.after(179)
    assert isinstance(scene.call(scene.details), InProgress)
    scene.after(540)
    assert scene.call(scene.details) == Failed()
    assert "AWS could not be asked within 540 s; last: throttled" in scene.sentence()
