"""`testgate wait` on whole deployments: each way to end has its exit code, and a rollback that
looks stable is never success."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from testgate.local.ecs import TransitionKind
from tests.deployments.conftest import CHECKOUT_SUITE, SUITE
from tests.deployments.published import as_published
from tests.deployments.wait_stacks import service_template, until

WAITING_SUITE = (
    SUITE
    + """
import os, pathlib, time
def test_waits():
    flag = pathlib.Path(os.environ["TESTGATE_PARAMETER_FLAG"])
    flag.with_suffix(".started").touch()
    while not flag.exists():
        time.sleep(0.02)
"""
)


@pytest.fixture
def waited(lab, testgate):
    """What `wait` says in JSON of a target; its exit code is the one that it names."""

    def wait(target, *options):
        done = testgate("wait", target, "--poll", "0.1", "--timeout", "50", "--json", *options)
        told = as_published("wait", done.stdout)
        assert done.returncode == told["exit_code"], done.stderr
        return told

    return wait


def test_success_is_waited_for_while_tests_run(lab, waited):
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    with ThreadPoolExecutor(1) as pool:
        until(flag.with_suffix(".started").exists, "the suite")
        told = pool.submit(waited, f"{lab.name}/{lab.name}")
        flag.touch()
        told = told.result()
    assert (told["end"], told["exit_code"], told["deployment"]) == ("success", 0, arn)
    assert told["target_revision"] in told["current_revisions"]
    assert told["gate"]["outcome"] == "passed"
    assert lab.production == "2"


def test_a_refusal_is_none_although_the_service_is_stable_again(lab, waited, testgate):
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    deployment = lab.update("2", SHOP_FAULT="checkout")
    shown = lab.site.client("ecs").describe_services(cluster=lab.name, services=[lab.name])
    assert shown["services"][0]["deployments"][0]["rolloutState"] == "COMPLETED"  # looks fine
    told = waited(deployment["serviceDeploymentArn"])
    assert (told["end"], told["exit_code"]) == ("refused", 1)
    assert told["target_revision"] not in told["current_revisions"]
    plain = testgate("wait", lab.name, "--poll", "0.1")
    assert plain.returncode == 1
    assert plain.stdout.splitlines()[0].startswith("REFUSED 1 of 2 tests in suite smoke failed")
    assert "First failing test  test_it.py::test_checkout" in plain.stdout


def test_a_broken_suite_refuses_with_a_code_of_its_own(lab, waited):
    lab.established()
    lab.publish({"smoke": "import nothing_of_that_name\n"})
    told = waited(lab.update("2")["serviceDeploymentArn"])
    assert (told["end"], told["exit_code"]) == ("refused", 3)


def test_an_alarm_in_bake_time_is_told_from_a_refusal(lab, waited):
    lab.established()
    cloudwatch, alarm = lab.local.client("cloudwatch"), f"{lab.name}-errors"
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        MetricName="HTTPCode_Target_5XX_Count",
        Namespace="AWS/ApplicationELB",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )
    at_stage(
        lab,
        "BAKE_TIME",
        lambda _: cloudwatch.set_alarm_state(
            AlarmName=alarm, StateValue="ALARM", StateReason="a test"
        ),
    )
    deployment = configured(
        lab,
        bakeTimeInMinutes=5,
        alarms={"alarmNames": [alarm], "enable": True, "rollback": True},
        lifecycleHooks=[lab.hook().spell()],
    )
    told = waited(deployment)
    assert (told["end"], told["exit_code"], told["gate"]["outcome"]) == (
        "rolled_back_by_alarm",
        10,
        "passed",
    )
    assert lab.production == "1"


def test_a_deployment_that_is_stopped_by_hand(lab, waited):
    lab.established()
    lab.once(
        TransitionKind.HOOK_CALLED,
        lambda transition: lab.site.client("ecs").stop_service_deployment(
            serviceDeploymentArn=transition.deployment_arn, stopType="ROLLBACK"
        ),
    )
    told = waited(lab.update("2")["serviceDeploymentArn"])
    assert (told["end"], told["exit_code"]) == ("stopped_by_hand", 11)


def test_a_deployment_that_a_newer_one_has_taken_the_place_of(lab, waited):
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    first = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    until(flag.with_suffix(".started").exists, "the suite")
    open_flag = lab.directory / "open"
    open_flag.touch()
    second = lab.update("3", lab.hook(PARAMETERS={"FLAG": str(open_flag)}))
    flag.touch()
    assert second["status"] == "SUCCESSFUL"
    assert lab.ended(first)["status"] == "STOPPED"
    told = waited(first)
    assert (told["end"], told["exit_code"]) == ("superseded", 12)
    assert waited(second["serviceDeploymentArn"])["end"] == "success"


def test_one_that_succeeded_and_was_replaced_since_is_superseded(lab, waited):
    lab.established()
    first = lab.update("2")
    lab.update("3")
    assert waited(first["serviceDeploymentArn"])["exit_code"] == 12


def test_a_deployment_whose_hook_was_never_called(lab, waited):
    lab.established()
    told = waited(configured(lab, bakeTimeInMinutes=0, lifecycleHooks=[]))
    assert (told["status"], told["end"], told["exit_code"]) == (
        "SUCCESSFUL",
        "hook_never_called",
        13,
    )
    assert told["gate"] is None


@pytest.mark.denied("lambda:InvokeFunction")
def test_a_hook_that_could_not_be_called(lab, waited):
    lab.established()
    hook = lab.hook().spell() | {"roleArn": lab.site.role_arn}
    told = waited(configured(lab, bakeTimeInMinutes=0, lifecycleHooks=[hook]))
    assert (told["end"], told["exit_code"]) == ("hook_never_called", 13)
    assert "lambda:InvokeFunction" in told["sentence"]


def test_the_deployment_of_a_task_definition_is_found_behind_newer_ones(lab, waited):
    lab.established()
    wanted = lab.task("2")
    first = lab.ended(lab.site.update(wanted))
    lab.update("3")
    service = f"{lab.name}/{lab.name}"
    told = waited(service, "--task-definition", wanted)
    assert (told["deployment"], told["end"]) == (first["serviceDeploymentArn"], "superseded")
    short = wanted.rpartition("/")[2]
    assert waited(service, "--task-definition", short)["deployment"] == told["deployment"]
    none = waited(service, "--task-definition", "nobody:1")
    assert (none["end"], none["exit_code"]) == (None, 7)


def test_nothing_to_wait_for_and_too_little_patience_have_their_codes(lab, testgate, waited):
    assert waited("nobody/knows")["exit_code"] == 7
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    arn = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    done = testgate("wait", arn, "--timeout", "0")
    flag.touch()
    assert done.returncode == 15
    assert "had not ended when the time of --timeout was over" in done.stderr
    lab.ended(arn)


def test_cloudformation_holds_the_stack_meanwhile(lab, waited):
    """The stack's name is enough, and the deployment is the one of its last operation."""
    lab.publish({"smoke": CHECKOUT_SUITE})
    cloudformation = lab.local.client("cloudformation")
    name = f"{lab.name}-stack"

    def operate(operation, version, **environment):
        body = service_template(lab, version, **environment)
        getattr(cloudformation, f"{operation}_stack")(StackName=name, TemplateBody=body)

    operate("create", "1")
    created = waited(name)
    assert (created["end"], created["exit_code"]) == ("success", 0), created["sentence"]
    operate("update", "2", SHOP_FAULT="checkout")
    refused = waited(name)
    assert (refused["end"], refused["exit_code"]) == ("refused", 1)
    assert refused["deployment"] != created["deployment"]
    until(lambda: not status_of(cloudformation, name).endswith("_IN_PROGRESS"), "the stack")
    assert status_of(cloudformation, name) == "UPDATE_ROLLBACK_COMPLETE"
    assert waited(name)["end"] == "refused"  # the stack is stable again, and it is none
    cloudformation.delete_stack(StackName=name)
    gone = cloudformation.get_waiter("stack_delete_complete")
    gone.wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    operate("create", "3", SHOP_FAULT="checkout")
    never = waited(name)  # CloudFormation deletes what it could not create
    assert (never["end"], never["exit_code"]) == ("refused", 1)
    assert never["gate"]["outcome"] == "failed"
    until(lambda: status_of(cloudformation, name) == "ROLLBACK_COMPLETE", "the stack's rollback")
    assert waited(name) == never  # though the service is gone meanwhile


def test_a_stack_that_fails_before_it_deploys_has_a_code_of_its_own(lab, waited):
    cloudformation = lab.local.client("cloudformation")
    name = f"{lab.name}-stack"
    body = json.loads(service_template(lab, "1"))
    body["Resources"]["Web"]["Properties"]["Cluster"] = "nobody-knows"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(body))
    told = waited(name)
    assert (told["end"], told["exit_code"]) == (None, 14)
    assert f"stack {name} is ROLLBACK" in told["sentence"]
    assert "Web: " in told["sentence"]


def status_of(cloudformation, name):
    return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def configured(lab, **configuration):
    """The ARN of an ended second deployment with a configuration of its own."""
    lab.site.client("ecs").update_service(
        cluster=lab.name,
        service=lab.name,
        taskDefinition=lab.task("2"),
        deploymentConfiguration={"strategy": "BLUE_GREEN"} | configuration,
    )
    arn = lab.site.newest_deployment()
    lab.ended(arn)
    return arn


def at_stage(lab, stage, act):
    """Act when a deployment of this lab enters a stage."""
    happened = threading.Event()

    def watch(transition):
        entered = transition.kind is TransitionKind.STAGE_ENTERED and transition.stage
        ours = f"/{lab.name}/" in transition.deployment_arn
        if ours and entered and transition.stage.value == stage and not happened.is_set():
            happened.set()
            act(transition)

    lab.local.ecs.subscribe(watch)
