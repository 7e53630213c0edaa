"""What a suite is given, and what it leaves for people, on whole deployments."""

import itertools
import json

import pytest

from testgate.cli.publishing import prepare_publication, publish
from testgate.core.layout import progress_prefix
from testgate.core.outcomes import Outcome
from tests.deployments.conftest import GOOD, SUITE

PASSWORD, TOKEN = "tr0ub4dor&3", "k9-Zq8w7e6"
ROLE = "arn:aws:iam::123456789012:role/shop-tests"
GIVEN = """
[suites.secrets]
SHOP_PASSWORD = "secretsmanager:shop-tests/user#password"
API_TOKEN = "ssm:/shop-tests/token"
"""
TELLS_ALL = """
import os, pathlib, pytest, requests
def test_health(base_url):
    assert requests.get(base_url + "/health").status_code == 200
def test_it_was_given_what_its_gate_file_says():
    assert os.environ["SHOP_PASSWORD"] == "tr0ub4dor" + "&3"
    assert os.environ["API_TOKEN"] == "k9-Zq" + "8w7e6"
    assert os.environ["TENANT"] == "smoke-" + os.environ["TESTGATE_RUN_ID"]
@pytest.mark.parametrize("token", [os.environ.get("API_TOKEN", "none")])
def test_is_named_after_one(token):
    assert token
def test_it_tells_them():
    results = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"])
    (results / "shots").mkdir()
    (results / "shots" / "page.html").write_text(os.environ["API_TOKEN"])
    png = b"\\x89PNG\\xff" + os.environ["API_TOKEN"].encode()
    (results / "shots" / "page.png").write_bytes(png)
    (results / "shots" / f"{os.environ['API_TOKEN']}.txt").write_text("x")
    (results / "other.log").write_text("is not asked for")
    print(os.environ["SHOP_PASSWORD"])
    assert os.environ["API_TOKEN"] == "another"
"""
ASKS_AWS = """
import boto3, requests
from botocore.exceptions import ClientError
import pytest
def test_health(base_url):
    assert requests.get(base_url + "/health").status_code == 200
def test_it_acts_with_its_role():
    who = boto3.client("sts").get_caller_identity()["Arn"]
    assert ":assumed-role/shop-tests/testgate-smoke" in who
    assert boto3.client("ssm").get_parameter(Name="/shop-tests/token")
def test_it_may_not_move_what_it_judges():
    with pytest.raises(ClientError, match="session policy"):
        boto3.client("ecs").update_service(cluster="x", service="y", desiredCount=0)
"""


@pytest.fixture
def given(lab):
    """The secrets, and the role, that these gates name."""
    secrets, ssm = lab.local.client("secretsmanager"), lab.local.client("ssm")
    text = json.dumps({"name": "smoke", "password": PASSWORD})
    secrets.create_secret(Name="shop-tests/user", SecretString=text)
    ssm.put_parameter(Name="/shop-tests/token", Value=TOKEN, Type="SecureString")
    yield
    secrets.delete_secret(SecretId="shop-tests/user", ForceDeleteWithoutRecovery=True)
    ssm.delete_parameter(Name="/shop-tests/token")


@pytest.fixture
def role(lab, given):
    iam = lab.local.client("iam")
    resources = lab.local.client("cloudformation").describe_stack_resources(
        StackName=lab.stack.name, LogicalResourceId="RunSuiteRole"
    )
    runner = iam.get_role(RoleName=resources["StackResources"][0]["PhysicalResourceId"])
    trust = {"Effect": "Allow", "Principal": {"AWS": runner["Role"]["Arn"]}}
    own = {"Effect": "Allow", "Action": ["ssm:GetParameter", "ecs:*"], "Resource": "*"}
    iam.create_role(
        RoleName="shop-tests",
        AssumeRolePolicyDocument=_policy(trust | {"Action": "sts:AssumeRole"}),
    )
    iam.put_role_policy(RoleName="shop-tests", PolicyName="own", PolicyDocument=_policy(own))
    yield
    iam.delete_role_policy(RoleName="shop-tests", PolicyName="own")
    iam.delete_role(RoleName="shop-tests")


def _policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_secrets_reach_the_suite_and_nothing_that_is_kept(lab, given):
    lab.established()
    extra = (
        'artifacts = ["shots/*"]\n[suites.environment]\nTENANT = "smoke-${TESTGATE_RUN_ID}"\n'
        + GIVEN
    )
    lab.publish({"smoke": TELLS_ALL}, extra=extra)
    deployment = lab.update("2", lab.hook())
    run = lab.run(deployment)
    assert run.record["counts"]["failed"] == 1, run.sentence
    assert "test_it_tells_them" in run.sentence
    kept = [(each["path"], each["size_bytes"] > 0) for each in run.record["suites"][0]["artifacts"]]
    where = "smoke/1/1-0/artifacts/shots"
    names = ("[redacted].txt", "page.html", "page.png")
    assert kept == [(f"{where}/{name}", True) for name in names]
    stored = {key: lab.bucket.get(key) for key in lab.bucket.keys(run.place.prefix)}
    (progress,) = lab.bucket.keys(progress_prefix(run.place.run_name))
    stored[progress] = lab.bucket.get(progress)
    assert b"test_is_named_after_one[[redacted]]" in stored[progress]
    assert stored[f"{run.place.prefix}evidence/{where}/page.png"] == b"\x89PNG\xff[redacted]"
    assert len(stored) > 8
    (execution,) = lab.executions(deployment)
    states = lab.local.client("stepfunctions")
    history = states.get_execution_history(executionArn=execution, maxResults=1000)
    everything = (
        b"".join([*stored.values(), *map(str.encode, stored)])
        + json.dumps(history, default=str).encode()
    )
    for secret in (PASSWORD, TOKEN):
        assert secret.encode() not in everything


@pytest.mark.denied("ecs:UpdateService")
def test_a_role_is_the_suites_and_cannot_move_the_deployment(lab, role):
    lab.established()
    lab.publish({"smoke": ASKS_AWS}, extra=f'role = "{ROLE}"')
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL", lab.run(deployment).sentence


@pytest.mark.denied("secretsmanager:GetSecretValue", "sts:AssumeRole")
@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ('[suites.secrets]\nA = "secretsmanager:another/secret"\n', "reading secretsmanager:"),
        ('[suites.secrets]\nA = "ssm:/shop-tests/none"\n', "reading ssm:/shop-tests/none: Param"),
        ('role = "arn:aws:iam::123456789012:role/other"', "assuming arn:aws:iam::"),
    ],
)
def test_what_cannot_be_given_refuses_and_says_where_to_allow_it(lab, extra, says):
    lab.established()
    lab.publish({"smoke": SUITE}, extra=extra)
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert f"suite smoke could not run: RunnerError: {says}" in run.sentence
    assert "SuitePolicyArn" in run.sentence


def test_what_passes_only_when_tried_again_refuses_where_the_suite_says_so(lab):
    lab.established()
    once = SUITE + (
        "import os\ndef test_second_try():\n    assert os.environ['TESTGATE_ATTEMPT'] == '2'\n"
    )
    lab.publish({"smoke": once}, extra='attempts = 2\nflaky = "fail"')
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.FAILED
    assert run.sentence.endswith("the suite allows none (flaky = 'fail')")
    assert [flaky["name"] for flaky in run.record["suites"][0]["flaky"]]


def test_a_gate_runs_as_many_shards_side_by_side_as_it_says(lab):
    lab.established()
    alone = "import pytest, time\n" + SUITE.replace(
        "def test_health", "@pytest.mark.parametrize('n', range(3))\ndef test_health"
    ).replace("(base_url)", "(base_url, n)")
    lab.publish({"smoke": alone}, extra="shards = 3", gate="parallel = 1")
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL", lab.run(deployment).sentence
    prefix = lab.run(deployment).place.prefix
    spans = sorted(
        (left["started_at"], left["ended_at"])
        for left in (
            lab.bucket.get_json(f"{prefix}evidence/smoke/{shard}/1-0/evidence.json")
            for shard in (1, 2, 3)
        )
    )
    assert all(first[1] <= then[0] for first, then in itertools.pairwise(spans))


def test_a_name_means_the_plan_published_for_the_image_and_else_the_latest(lab, testgate):
    lab.established()
    digest = "sha256:" + "5" * 64
    gate_file = lab.directory / "testgate.toml"
    lab.publish({"smoke": "import requests\n" + GOOD})
    done = testgate("publish", str(gate_file), "--image", f"example.com/shop@{digest}")
    assert done.returncode == 0, done.stderr
    assert f"Deployments of image {digest} use this plan" in done.stdout
    lab.publish({"smoke": SUITE + "def test_worse():\n    assert False\n"})

    pinned = lab.site.register(f"example.com/shop:2@{digest}", {"SHOP_VERSION": "2"})
    passed = lab.ended(lab.site.update(pinned, lab.hook()))
    assert passed["status"] == "SUCCESSFUL", lab.run(passed).sentence
    assert lab.run(passed).record["plan_by"] == "image"
    refused = lab.update("3", lab.hook())
    assert refused["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.run(refused).record["plan_by"] == "latest"
    report = lab.bucket.get(lab.run(refused).place.report).decode()
    assert "the latest published" in report


CHECKS = """
schema = 1
[gate]
name = "{name}"
[[suites]]
name = "checks"
[suites.secrets]
API_TOKEN = "ssm:/shop-tests/token"
[[suites.checks]]
name = "with a token"
path = "/health"
headers = {{ Authorization = "Token ${{API_TOKEN}}" }}
[suites.checks.expect]
status = 418
"""


def test_a_secret_in_a_check_is_sent_and_not_told(lab, given):
    lab.established()
    gate_file = lab.directory / "testgate.toml"
    gate_file.write_text(CHECKS.format(name=lab.name))
    publish(lab.bucket, prepare_publication(gate_file))
    run = lab.run(lab.update("2", lab.hook()))
    (failure,) = run.record["suites"][0]["failures"]
    assert failure["message"] == "status is 200, expected 418"
    assert "Token [redacted]" in failure["trace"]
    stored = b"".join(lab.bucket.get(key) for key in lab.bucket.keys(run.place.prefix))
    assert TOKEN.encode() not in stored
