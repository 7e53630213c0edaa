"""Metrics on whole deployments: what they refuse after the shift is taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from testgate.core.outcomes import Outcome
from testgate.local.ecs import Behaviour, HookDetailsMode, TransitionKind
from tests.deployments.policy import ERRORS, QUICK, established, measure


def serving(lab):
    """The end of the target group's ARN that production forwards to."""
    rules = lab.local.client("elbv2").describe_rules(RuleArns=[lab.site.production_rule])
    groups = rules["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
    (arn,) = [group["TargetGroupArn"] for group in groups if group["Weight"]]
    return arn.partition(":targetgroup/")[2]


def test_good_values_after_the_shift_keep_it(lab):
    established(lab)
    measure(lab, 0.0, 5.0)
    deployment = lab.update("2", lab.stack.metrics({"METRICS": [ERRORS]} | QUICK))
    assert deployment["status"] == "SUCCESSFUL"
    assert lab.production == "2"
    run = lab.run(deployment)
    assert run.sentence == (
        "2 checks made: 2 good, 0 failed (allowed 0), 0 without data (allowed 0)"
    )


def test_bad_values_after_the_shift_take_production_back(lab):
    established(lab)
    measure(lab, 9.0)
    deployment = lab.update("2", lab.stack.metrics({"METRICS": [ERRORS]} | QUICK))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production_shifts()
    assert lab.production == "1"
    run = lab.run(deployment)
    assert (run.hook, run.outcome) == ("metrics", Outcome.FAILED)
    assert "of 2 checks failed (allowed 0): Shop Errors Sum was 9 at" in run.sentence


@pytest.mark.parametrize(
    "mode", [HookDetailsMode.MERGE, HookDetailsMode.DROP, HookDetailsMode.TEXT]
)
def test_no_values_are_not_good_ones_however_details_come_back(lab, mode):
    established(lab)
    lab.local.ecs.behaviour = Behaviour(details_mode=mode)
    deployment = lab.update("2", lab.stack.metrics({"METRICS": [ERRORS]} | QUICK))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert "had no data (allowed 0)" in run.sentence


def test_counters_that_somebody_forged_end_nothing_early(lab):
    established(lab)
    forged = {"checks": 2, "good": 2}
    details = {"METRICS": [ERRORS], "TESTGATE_STATE": forged} | QUICK
    deployment = lab.update("2", lab.stack.metrics(details))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"


@pytest.mark.parametrize("state", ["OK", "ALARM"])
def test_an_alarm_decides_as_well(lab, state):
    established(lab)
    cloudwatch = lab.local.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=f"{lab.name}-errors",
        Namespace="Shop",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(
        AlarmName=f"{lab.name}-errors", StateValue=state, StateReason="a test"
    )
    details = {"ALARMS": f"{lab.name}-errors"} | QUICK
    deployment = lab.update("2", lab.stack.metrics(details))
    good = state == "OK"
    assert deployment["status"] == ("SUCCESSFUL" if good else "ROLLBACK_SUCCESSFUL")
    assert lab.production == ("2" if good else "1")
    assert good or f"alarm {lab.name}-errors was ALARM at" in lab.run(deployment).sentence


def test_the_new_revisions_own_target_group_is_looked_at(lab):
    established(lab)
    own = ERRORS | {"dimensions": {"TargetGroup": "{TARGET_GROUP}"}}

    def put(_):
        groups = [arn.partition(":targetgroup/")[2] for arn in lab.site.groups]
        begin = datetime.now(UTC).replace(microsecond=0)
        green = next(name for name in groups if name != serving(lab))
        lab.local.client("cloudwatch").put_metric_data(
            Namespace="Shop",
            MetricData=[
                {
                    "MetricName": "Errors",
                    "Dimensions": [{"Name": "TargetGroup", "Value": f"targetgroup/{name}"}],
                    "Timestamp": begin + timedelta(seconds=second),
                    "Value": 0.0 if name == green else 9.0,
                }
                for second in range(60)
                for name in groups
            ],
        )

    lab.once(TransitionKind.HOOK_CALLED, put)
    hook = lab.stack.metrics({"METRICS": [own]} | QUICK, stage="POST_TEST_TRAFFIC_SHIFT")
    deployment = lab.update("2", hook)
    assert deployment["status"] == "SUCCESSFUL", lab.run(deployment).sentence


def test_a_create_is_skipped_if_that_was_chosen(lab):
    hook = lab.stack.metrics({"METRICS": [ERRORS], "ON_CREATE": "skip"} | QUICK)
    assert lab.create("1", hook)["status"] == "SUCCESSFUL"
