"""Admission, approval and metrics under every answer to every open question about ECS.

What comes back in hookDetails, and when the next call comes, are run in each pair: no pass and no
deadline of theirs may hang on either.
"""

from datetime import timedelta

import pytest

from testgate.core.admission import ScanFacts
from testgate.core.config import STATE_KEY
from testgate.core.errors import UnavailableError
from testgate.core.metrics import AlarmFacts
from testgate.local.ecs import HookStatus
from tests.core.samples import START
from tests.hook.policy_under_ecs import PolicyUnderEcs
from tests.hook.test_admission_hook import AdmissionScene
from tests.hook.test_approval_hook import ApprovalScene
from tests.hook.test_metrics_hook import ALARMS, METRIC, MetricsScene
from tests.hook.test_open_questions import BEHAVIOURS, LATEST_CALL_S
from tests.hook.under_ecs import told

under_each = pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=told)
WATCHED = {"METRICS": [METRIC], "CHECKS": 3, "INTERVAL_SECONDS": 60, "LAG_SECONDS": 0}
LAST_CHECK_S = 180


def refused(reason):
    return reason is not None and reason.endswith("returned FAILED status.")


@under_each
@pytest.mark.parametrize("twice", [False, True])
def test_an_approval_that_comes_is_seen(behaviour, twice):
    scene = ApprovalScene()

    def approve(ecs):
        if ecs.elapsed_s >= 95:
            scene.upload("txt", at_s=95)

    ecs = PolicyUnderEcs(
        behaviour=behaviour, scene=scene, details=scene.details, happens=approve, twice=twice
    )
    assert ecs.run() is None
    assert ecs.elapsed_s <= 95 + LATEST_CALL_S


@under_each
def test_a_withheld_approval_ends_at_its_deadline(behaviour):
    scene = ApprovalScene()
    ecs = PolicyUnderEcs(behaviour=behaviour, scene=scene, details={"TIMEOUT_SECONDS": 600})
    assert refused(ecs.run())
    assert 600 <= ecs.elapsed_s <= 600 + LATEST_CALL_S
    assert scene.told()["outcome"] == "timed_out"


@under_each
def test_an_approval_hook_answers_before_ecs_gives_it_up(behaviour):
    scene = ApprovalScene()
    ecs = PolicyUnderEcs(behaviour=behaviour, scene=scene, details={}, timeout_min=10)
    assert refused(ecs.run())
    assert ecs.record is not None
    assert ecs.record.status is HookStatus.FAILED


@under_each
@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("state", [None, {"checks": 3, "good": 3}])
@pytest.mark.parametrize(("values", "passes"), [((1, 5, 0), True), ((1, 5, 6), False), ((), False)])
def test_metrics_pass_by_their_values_alone(behaviour, values, passes, state, twice):
    scene = MetricsScene()
    scene.measured(*values)
    details = WATCHED | ({} if state is None else {STATE_KEY: state})
    ecs = PolicyUnderEcs(behaviour=behaviour, scene=scene, details=details, twice=twice)
    reason = ecs.run()
    assert (reason is None) == passes
    assert passes or refused(reason)
    if passes:
        assert LAST_CHECK_S <= ecs.elapsed_s <= LAST_CHECK_S + 90


@under_each
@pytest.mark.parametrize("failed_for_s", [0, 70])
def test_alarms_that_failed_while_nobody_looked_are_not_called_good(behaviour, failed_for_s):
    scene = MetricsScene()

    def ring(_):
        """OK but for some seconds from the first minute on."""
        now = scene.time
        begin, end = (START + timedelta(seconds=s) for s in (30, 30 + failed_for_s))
        state, since = ("OK", end) if now >= end else ("ALARM", begin)
        if now < begin or not failed_for_s:
            state, since = "OK", START - timedelta(days=1)
        scene.cloudwatch.states["errors"] = AlarmFacts(state=state, since=since)

    ecs = PolicyUnderEcs(behaviour=behaviour, scene=scene, details=ALARMS, happens=ring)
    reason = ecs.run()
    assert refused(reason) if failed_for_s else reason is None


@under_each
def test_a_scan_that_never_ends_is_given_up(behaviour):
    scene = AdmissionScene()
    scene.ecr.scans["shop"] = ScanFacts(status="PENDING")
    details = {"MAX_SEVERITY": "HIGH", "TIMEOUT_SECONDS": 120}
    ecs = PolicyUnderEcs(behaviour=behaviour, scene=scene, details=details)
    assert refused(ecs.run())
    assert 120 <= ecs.elapsed_s <= 120 + LATEST_CALL_S


@under_each
@pytest.mark.parametrize("make", [AdmissionScene, ApprovalScene, MetricsScene])
def test_aws_that_fails_for_a_while_only_delays(behaviour, make):
    scene = make()
    scene.good()
    scene.time = START
    scene.ecs.failures.add("deployment", *[UnavailableError("Throttling")] * 3)
    ecs = PolicyUnderEcs(behaviour=behaviour, scene=scene, details=scene.details)
    assert ecs.run() is None


@under_each
@pytest.mark.parametrize("make", [ApprovalScene, MetricsScene])
def test_aws_that_never_comes_back_ends_in_a_rollback(behaviour, make):
    scene = make()
    scene.ecs.failures.add("deployment", *[UnavailableError("Throttling")] * 10_000)
    ecs = PolicyUnderEcs(behaviour=behaviour, scene=scene, details=scene.details)
    assert ecs.run() is not None
    assert ecs.elapsed_s <= 60 * 60 + 1
