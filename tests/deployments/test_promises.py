"""What the README promises, each shown by a whole deployment on the local AWS."""

import threading

import pytest

from testgate.core.layout import parse_index_key
from testgate.core.outcomes import Outcome
from testgate.local.ecs import TransitionKind
from tests.deployments.conftest import CHECKOUT_SUITE, SUITE


def test_a_good_version_is_promoted_after_its_tests(lab):
    lab.established()
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL"
    assert lab.production == "2"
    run = lab.run(deployment)
    assert run.record and run.answer
    assert run.outcome is Outcome.PASSED
    assert run.sentence == "1 of 1 tests passed (smoke)"
    assert run.answer["hook_status"] == "SUCCEEDED"
    assert run.record["image"] == "example.com/shop:2"
    assert run.record["base_url"] == lab.site.test_url
    before, after = run.record["identity"]["before"], run.record["identity"]["after"]
    assert before == after
    assert before["has_source"]


def test_a_bad_version_is_refused_with_the_reason_in_every_place(lab):
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    lab.transitions.clear()
    deployment = lab.update("2", SHOP_FAULT="checkout")
    sentence = (
        "1 of 2 tests in suite smoke failed (allowed 0); "
        "first: test_it.py::test_checkout: 500, expected 201"
    )
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "returned FAILED status" in deployment["statusReason"]
    assert not lab.production_shifts()
    assert lab.production == "1"
    run = lab.run(deployment)
    assert run.record and run.answer
    assert (run.record["sentence"], run.answer["sentence"]) == (sentence, sentence)
    assert run.outcome is Outcome.FAILED
    execution = lab.execution_ended(deployment)
    assert (execution["status"], execution["error"]) == ("FAILED", "Testgate.Failed")
    assert execution["cause"] == sentence
    report = lab.bucket.get(run.place.report).decode()
    assert report.startswith("# FAILED — 1 of 2 tests in suite smoke failed")
    keys = lab.bucket.keys(f"index/{lab.name}/")
    index = [entry for entry in map(parse_index_key, keys) if entry]
    assert [entry.outcome for entry in index] == [Outcome.FAILED, Outcome.PASSED]
    assert index[0].place == run.place
    logged = lab.local.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{lab.stack.function('test-gate')}"
    )["events"]
    assert any(sentence in event["message"] for event in logged)


def test_evidence_lies_under_the_keys_of_its_run(lab):
    lab.established()
    run = lab.run(lab.update("2"))
    names = {key.removeprefix(run.place.prefix) for key in lab.bucket.keys(run.place.prefix)}
    assert names == {
        "answer.json",
        "record.json",
        "report.ctrf.json",
        "report.html",
        "report.junit.xml",
        "report.md",
        "evidence/smoke/1/1-0/evidence.json",
        "evidence/smoke/1/1-0/junit.xml",
        "evidence/smoke/1/1-0/output.txt",
    }


def test_a_refused_create_has_nothing_to_roll_back_to(lab):
    lab.publish({"smoke": CHECKOUT_SUITE})
    deployment = lab.create("1", lab.hook(), SHOP_FAULT="checkout")
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert "No rollback candidate was found" in deployment["statusReason"]
    assert not lab.production_shifts()
    run = lab.run(deployment)
    assert run.outcome is Outcome.FAILED
    report = lab.bucket.get(run.place.report).decode()
    assert "no previous revision to roll back to" in report


WAITING_SUITE = """
import os, pathlib, time
def test_waits():
    flag = pathlib.Path(os.environ["TESTGATE_PARAMETER_FLAG"])
    flag.with_suffix(".started").touch()
    while not flag.exists():
        time.sleep(0.02)
"""


def _wait_for(path):
    pause = threading.Event()
    for _ in range(1200):
        if path.exists():
            return
        pause.wait(0.05)
    raise AssertionError("the suite never started")


def test_a_deployment_stopped_in_the_middle_is_recorded_as_aborted(lab):
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    _wait_for(flag.with_suffix(".started"))
    lab.local.client("ecs").stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    deployment = lab.ended(arn)
    flag.touch()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production == "1"
    assert lab.execution_ended(deployment)["error"] == "Testgate.Aborted"
    run = lab.recorded(deployment)
    assert run.record
    assert run.outcome is Outcome.ABORTED
    assert "nobody waits for this verdict any more" in run.record["sentence"]


def test_a_suite_that_hangs_times_out_with_what_it_had(lab):
    lab.established()
    hangs = SUITE + "def test_hangs():\n    import time\n    time.sleep(600)\n"
    lab.publish({"smoke": hangs}, extra="timeout_s = 10")
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.TIMED_OUT
    assert "1 tests had ended by then, 0 of them failed" in run.sentence


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({"GTAE": "x"}, "did you mean GATE?"),
        ({"GATE": "nobody-published-this"}, "gate 'nobody-published-this' is not published"),
        ({"TEST_SUITES": ["nowhere"]}, "suite 'nowhere' is not published"),
        (None, "names no tests"),
        ("nonsense", "is text that is not JSON"),
    ],
)
def test_a_wrong_configuration_refuses_and_says_what_to_mend(lab, details, says):
    lab.established()
    deployment = lab.update("2", lab.stack.hook(details))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production == "1"
    assert says in lab.run(deployment).sentence


def test_a_gate_can_be_pinned_and_suites_named_alone(lab):
    pinned = lab.publish({"smoke": SUITE})
    lab.publish({"smoke": "def test_no(): assert False, 'the latest is broken'"})
    assert lab.create("1", lab.stack.hook({"GATE": pinned}))["status"] == "SUCCESSFUL"
    lab.publish({f"{lab.name}-suite": SUITE})
    deployment = lab.update("2", lab.stack.hook({"TEST_SUITES": f"{lab.name}-suite"}))
    assert deployment["status"] == "SUCCESSFUL"


def test_observe_mode_promotes_and_records_what_it_would_have_refused(lab):
    lab.established()
    lab.publish({"smoke": CHECKOUT_SUITE})
    deployment = lab.update("2", lab.hook(MODE="observe"), SHOP_FAULT="checkout")
    assert deployment["status"] == "SUCCESSFUL"
    run = lab.run(deployment)
    assert run.answer
    assert run.answer["hook_status"] == "SUCCEEDED"
    assert run.sentence.startswith("would have refused: 1 of 2 tests in suite smoke failed")


def test_a_create_may_be_skipped_and_an_update_never_is(lab):
    lab.publish({"smoke": "def test_no(): assert False"})
    assert lab.create("1", lab.hook(ON_CREATE="skip"))["status"] == "SUCCESSFUL"
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production == "1"


def test_drifted_weights_are_found_before_a_test_runs(lab):
    lab.established()

    def drift(_):
        groups = [
            {"TargetGroupArn": group, "Weight": weight}
            for group, weight in zip(lab.site.groups, (50, 50), strict=True)
        ]
        lab.local.client("elbv2").modify_rule(
            RuleArn=lab.site.test_rule,
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )

    lab.once(TransitionKind.HOOK_CALLED, drift)
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.record
    assert run.record["suites"] == []
    assert "the rule under test sends 50 % to target group" in run.sentence


def test_a_rule_that_hides_green_from_the_suite_refuses(lab):
    """Blue answers for /cart on green's listener: whatever is tested there, it is not green."""
    lab.established()
    elbv2 = lab.local.client("elbv2")
    groups = elbv2.describe_rules(RuleArns=[lab.site.production_rule])["Rules"][0]["Actions"][0][
        "ForwardConfig"
    ]["TargetGroups"]
    (blue,) = [group["TargetGroupArn"] for group in groups if group["Weight"]]
    elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": lab.site.test_rule, "Priority": 10}])
    elbv2.create_rule(
        ListenerArn=lab.site.test_rule.replace("-rule/", "/", 1).rsplit("/", 1)[0],
        Priority=5,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/cart*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": blue}],
    )
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "has a higher priority than the rule under test" in lab.run(deployment).sentence


def test_an_endpoint_that_is_production_refuses(lab):
    lab.established()
    deployment = lab.update("2", lab.hook(TEST_ENDPOINT=lab.site.production_url))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "is the listener that is not under test" in lab.run(deployment).sentence


def test_weights_that_drift_while_tests_run_undo_the_pass(lab):
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    _wait_for(flag.with_suffix(".started"))
    groups = [{"TargetGroupArn": group, "Weight": 1} for group in lab.site.groups]
    lab.local.client("elbv2").modify_rule(
        RuleArn=lab.site.test_rule,
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
    )
    flag.touch()
    deployment = lab.ended(arn)
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "the test rule changed while the tests ran" in lab.run(deployment).sentence


def test_a_hook_whose_timeout_continues_is_refused(lab):
    lab.established()
    timeout = {"timeoutInMinutes": 60, "action": "CONTINUE"}
    deployment = lab.update("2", lab.stack.hook({"GATE": lab.name}, timeout))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "set it to ROLLBACK" in lab.run(deployment).sentence


def test_a_suite_that_never_asks_green_is_refused(lab):
    lab.established()
    lab.publish({"smoke": "def test_prices(): assert 2 * 450 == 900"})
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.record
    assert run.outcome is Outcome.SUITE_ERROR
    assert run.sentence.startswith("suite smoke sent no request to green")
    assert run.record["suites"][0]["relay"] == {"requests": 0, "statuses": {}}
