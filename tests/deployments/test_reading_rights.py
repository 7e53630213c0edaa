"""docs/read-only-policy.json is enough for every reading command, and nothing in it is too much."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.layout import place_of
from tests.deployments.conftest import CHECKOUT_SUITE, ROOT
from tests.deployments.dashboards import serving
from tests.deployments.test_logs import logging_task
from tests.deployments.test_wait import WAITING_SUITE
from tests.deployments.wait_stacks import service_template, until

POLICY = (ROOT / "docs" / "read-only-policy.json").read_text()


def role_with(lab, name, *policies):
    """Variables by which AWS's tools take a role that has these policies alone."""
    role = f"{lab.name}-{name}"
    iam, sts = lab.local.client("iam"), lab.local.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    for policy in policies:
        document = policy.replace("RECORD-BUCKET", lab.stack.record_bucket)
        iam.put_role_policy(RoleName=role, PolicyName="read", PolicyDocument=document)
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="reader")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


@pytest.fixture
def reader(lab, testgate):
    """Runs `testgate` with a role that has the policy alone."""
    own = role_with(lab, "reader", POLICY)
    return Reader(own, lambda *arguments, **changes: testgate(*arguments, **own, **changes))


@dataclass(frozen=True)
class Reader:
    """`own`: the variables by which AWS's tools take the role's credentials."""

    own: Mapping[str, str]
    testgate: Callable[..., subprocess.CompletedProcess[str]]

    def __call__(self, *arguments, **changes):
        return self.testgate(*arguments, **changes)


@pytest.mark.timeout(300)  # thirty commands, each a process of its own
def test_every_reading_command_does_with_it_and_needs_all_of_it(lab, reader, tmp_path):
    """A denied call fails the test by itself, whether or not its command minds."""
    lab.publish({"smoke": CHECKOUT_SUITE})
    name, service = f"{lab.name}-stack", f"{lab.name}/{lab.name}"
    cloudformation = lab.local.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=service_template(lab, "1"))
    assert reader("wait", name, "--poll", "0.1").returncode == 0
    group = f"/shop/{lab.name}"
    lab.local.client("logs").create_log_group(logGroupName=group)
    task = logging_task(lab, group, "2", SHOP_FAULT="checkout")
    deployment = lab.ended(lab.site.update(task))
    arn = deployment["serviceDeploymentArn"]
    (execution,) = lab.executions(deployment)
    for target in (service, lab.name, name, arn, execution, deployment["serviceArn"]):
        assert reader("why", target).returncode == 1
    assert "state Prepare" in reader("show", service).stdout
    assert reader("list").returncode == reader("list", lab.name).returncode == 0
    assert reader("diff", service).returncode == 1
    assert reader("artifacts", service, "-o", str(tmp_path / "all")).returncode == 0
    assert reader("open", service, "--output", str(tmp_path / "p.html"), "--print").returncode == 1
    assert reader("report", service).returncode == 1
    summary = str(tmp_path / "summary.md")
    assert reader("export", service, "--github", GITHUB_STEP_SUMMARY=summary).returncode == 0
    assert reader("wait", service, "--poll", "0.1").returncode == 1
    for source in ((), ("--hook",), ("--green",)):
        assert reader("logs", service, *source).returncode == 0
    assert reader("wait", service, "--task-definition", task).returncode == 1

    flag = lab.directory / "go-on"
    lab.publish({"smoke": WAITING_SUITE})
    going = lab.site.update(lab.task("3"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    until(flag.with_suffix(".started").exists, "the suite")
    told = reader("why", going)
    note = place_of(parse_service_deployment_arn(going), "approval-1").waiting
    lab.bucket.put_json_once(note, {"hook": "approval", "deployment": going})
    assert reader("why", going).stdout.startswith("WAITING")
    (asked,) = lab.executions({"serviceDeploymentArn": going})
    progress = f"progress/{asked.rpartition(':')[2]}/smoke-1.json"
    until(lambda: (lab.bucket.find_json(progress) or {}).get("done") == 1, "the first test's end")
    watched = reader("watch", going, "--timeout", "0")
    assert (watched.returncode, "smoke/1: 1 of 2 tests" in watched.stdout) == (15, True)
    with serving(lab, **reader.own) as dashboard:
        live = until(dashboard.live, "the gate run that runs")
        assert "test_it.py::test_health" in dashboard.page(live)
        run = next(link for link in dashboard.links() if link.startswith("/run/"))
        for path in (run, *dashboard.links(run), f"/history/{service}/smoke"):
            dashboard.page(path)
    flag.touch()
    assert (told.returncode, "is RUNNING" in told.stderr) == (7, True)
    lab.ended(going)
    cloudformation.delete_stack(StackName=name)
    assert used(lab, f"{lab.name}-reader") == given(lab)


@pytest.mark.denied("states:StopExecution", "ecs:StopServiceDeployment")
def test_with_it_nothing_can_be_stopped(lab, reader):
    lab.established()
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    going = lab.site.update(lab.task("2"), lab.hook(PARAMETERS={"FLAG": str(flag)}))
    until(flag.with_suffix(".started").exists, "the suite")
    for more in ((), ("--deployment",)):
        denied = reader("abort", going, *more)
        assert denied.returncode == 2
        assert "is not authorized to perform: " in denied.stderr
    flag.touch()
    assert lab.ended(going)["status"] == "SUCCESSFUL"


@pytest.mark.denied("s3:ListBucket", "cloudformation:DescribeStacks")
def test_the_dashboard_says_at_once_what_it_may_not_read(lab, testgate):
    nobody = role_with(lab, "nobody")
    denied = testgate("ui", "--no-open", "--bucket", lab.stack.record_bucket, **nobody)
    assert denied.returncode == 2
    for words in ("is not authorized to perform: s3:ListBucket", "docs/read-only-policy.json"):
        assert words in denied.stderr
    denied = testgate("ui", "--no-open", **nobody)
    assert denied.returncode == 2
    assert "cannot read stack 'testgate'" in denied.stderr


def used(lab, role):
    """Statement, action and resource of each grant that let a call of the role pass."""
    uses = lab.local.rights.ledger.uses()
    grants = [use.grant for use in uses if use.caller == role]
    return {(grant.sid, grant.action) for grant in grants} | {
        (grant.sid, grant.resource) for grant in grants
    }


def given(lab):
    """As `used`, of all that the policy gives."""
    found = set()
    for statement in json.loads(POLICY.replace("RECORD-BUCKET", lab.stack.record_bucket))[
        "Statement"
    ]:
        for member in ("Action", "Resource"):
            values = statement[member]
            each = [values] if isinstance(values, str) else values
            found |= {(statement["Sid"], value) for value in each}
    return found
