"""The ports against moto, and the fakes against the same contract."""

import io
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from werkzeug.wrappers import Response

from testgate.aws.clients import RAW_HOOKS, client, port_errors
from testgate.aws.ecs import Ecs
from testgate.aws.elbv2 import Elbv2, listener_of
from testgate.aws.events import EventBus
from testgate.aws.s3 import Bucket
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    EvidenceError,
    InputError,
    NotFoundError,
    PortError,
    UnavailableError,
)
from testgate.core.reach import Listener
from testgate.core.routing import Condition
from tests.fakes.ports import FakeBucket, FakeExecutions


@pytest.fixture(params=["moto", "fake"])
def bucket(request):
    if request.param == "fake":
        return FakeBucket()
    client = request.getfixturevalue("server").client("s3")
    name = f"records-{uuid4().hex}"
    client.create_bucket(Bucket=name)
    return Bucket(client, name)


def test_what_is_put_once_stays(bucket):
    assert bucket.put_once("a/b.json", b"1", "application/json")
    assert not bucket.put_once("a/b.json", b"2", "application/json")
    assert bucket.get("a/b.json") == b"1"
    assert bucket.exists("a/b.json")


def test_what_is_put_again_is_replaced(bucket):
    bucket.put("a", b"1", "text/plain")
    bucket.put("a", b"2", "text/plain")
    assert bucket.get("a") == b"2"


def test_what_is_not_there_is_not_found(bucket):
    assert not bucket.exists("nothing")
    assert bucket.find_json("nothing") is None
    with pytest.raises(NotFoundError):
        bucket.get("nothing")


def test_keys_come_in_order_up_to_a_limit(bucket):
    for key in ("p/3", "p/1", "q/9", "p/2"):
        bucket.put(key, b"", "text/plain")
    assert list(bucket.keys("p/")) == ["p/1", "p/2", "p/3"]
    assert list(bucket.keys("p/", 2)) == ["p/1", "p/2"]
    assert list(bucket.keys("p/", 1, "p/1")) == ["p/2"]
    assert list(bucket.keys("p/", after="p/2.")) == ["p/3"]


def test_folders_are_what_keys_go_on_with(bucket):
    for key in ("p/a/1", "p/a/2", "p/b/c/3", "p/file", "q/a/1"):
        bucket.put(key, b"", "text/plain")
    assert list(bucket.folders("p/")) == ["p/a/", "p/b/"]
    assert list(bucket.folders("p/", 1)) == ["p/a/"]
    assert list(bucket.folders("nothing/")) == []


def test_another_content_has_another_tag(bucket):
    bucket.put("p/a", b"1", "text/plain")
    bucket.put("p/b", b"1", "text/plain")
    before = dict(bucket.tagged_keys("p/"))
    bucket.put("p/b", b"2", "text/plain")
    after = dict(bucket.tagged_keys("p/"))
    assert after["p/a"] == before["p/a"]
    assert after["p/b"] != before["p/b"]


def test_what_is_no_json_is_told(bucket):
    bucket.put("a.json", b"{", "application/json")
    with pytest.raises(EvidenceError, match=r"a\.json is not JSON"):
        bucket.get_json("a.json")


def test_json_is_stored_once(bucket):
    assert bucket.put_json_once("a.json", {"ü": [1]})
    assert bucket.get_json("a.json") == {"ü": [1]}


MACHINE = '{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":60,"End":true}}}'


@pytest.fixture(params=["moto", "fake"])
def machine(request):
    """A port for executions, and a state machine's ARN."""
    if request.param == "fake":
        return FakeExecutions(), "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    client = request.getfixturevalue("server").client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/r"
    arn = client.create_state_machine(name=f"m{uuid4().hex}", definition=MACHINE, roleArn=role)
    return StepFunctions(client), arn["stateMachineArn"]


def test_starting_is_idempotent_by_name_and_input(machine):
    port, arn = machine
    execution = arn.replace(":stateMachine:", ":execution:") + ":n"
    assert port.describe(execution) is None
    assert port.start(arn, "n", "{}")
    assert port.start(arn, "n", "{}")
    assert not port.start(arn, "n", '{"other": 1}')
    facts = port.describe(execution)
    assert (facts.status, facts.input, facts.redrives) == ("RUNNING", "{}", 0)
    port.stop(execution, "Testgate.TimedOut", "x" * 40_000)


def test_a_stopped_execution_keeps_its_cause(server):
    client = server.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/r"
    arn = client.create_state_machine(name="stopped", definition=MACHINE, roleArn=role)
    port = StepFunctions(client)
    port.start(arn["stateMachineArn"], "n", "{}")
    execution = arn["stateMachineArn"].replace(":stateMachine:", ":execution:") + ":n"
    port.stop(execution, "Testgate.TimedOut", "too late")
    facts = port.describe(execution)
    assert facts
    assert (facts.status, facts.error, facts.cause) == ("ABORTED", "Testgate.TimedOut", "too late")


def test_the_bus_takes_an_event(server):
    EventBus(server.client("events")).emit({"outcome": "failed"}, ["arn:aws:ecs:::x"])


def test_a_bus_that_fails_an_entry_is_told():
    class Client:
        def put_events(self, **_):
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}

    with pytest.raises(UnavailableError, match="InternalFailure"):
        EventBus(Client()).emit({}, [])


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 400, AccessDeniedError),
        ("403", 403, AccessDeniedError),
        ("ThrottlingException", 400, UnavailableError),
        ("TooManyRequestsException", 429, UnavailableError),
        ("Whatever", 503, UnavailableError),
        ("Whatever", 429, UnavailableError),
        ("ExecutionAlreadyExists", 400, AlreadyExistsError),
        ("NoSuchKey", 404, NotFoundError),
        ("404", 404, NotFoundError),
        ("SomethingElse", 400, PortError),
    ],
)
def test_errors_of_aws_become_ours_by_code(code, status, kind):
    response = {
        "Error": {"Code": code, "Message": "m"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    with pytest.raises(PortError) as caught, port_errors("asking"):
        raise ClientError(response, "Op")
    assert type(caught.value) is kind
    assert str(caught.value) == f"asking: {code}: m"


def test_a_connection_that_fails_is_worth_another_try():
    with pytest.raises(UnavailableError) as caught, port_errors("asking"):
        raise ConnectTimeoutError(endpoint_url="http://x")
    assert caught.value.retryable


class Canned:
    """A client that answers with what it was made of."""

    def __init__(self, **answers):
        self.answers = answers

    def __getattr__(self, name):
        return lambda **_: self.answers[name]


def test_a_deployment_without_optional_members_is_read():
    facts = Ecs(
        Canned(describe_service_deployments={"serviceDeployments": [{"status": "PENDING"}]})
    ).deployment("arn")
    assert (facts.status, facts.stage, facts.has_source, facts.running_tasks, facts.hooks) == (
        "PENDING",
        "",
        False,
        0,
        (),
    )


def test_hook_details_are_read_though_botocore_knows_no_such_member(server, monkeypatch):
    """As in a Lambda runtime whose botocore is older than the member: only the raw body has it."""
    hook = {
        "targetArn": "f",
        "status": "IN_PROGRESS",
        "expiresAt": 1_700_000_000.0,
        "timeoutAction": "CONTINUE",
    }
    deployment = {"serviceDeploymentArn": "d", "status": "IN_PROGRESS"}

    def answer(request):
        if not request.headers.get("X-Amz-Target", "").endswith("DescribeServiceDeployments"):
            return None
        body = {"serviceDeployments": [deployment | {"lifecycleHookDetails": [hook]}]}
        return Response(json.dumps(body), content_type="application/x-amz-json-1.1")

    server.front.add_route(answer)
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()
    answered = client("ecs").describe_service_deployments(serviceDeploymentArns=["d"])
    client.cache_clear()
    assert answered[RAW_HOOKS] == {"d": [hook]}
    del answered["serviceDeployments"][0]["lifecycleHookDetails"]
    (facts,) = Ecs(Canned(describe_service_deployments=answered)).deployment("d").hooks
    assert (facts.timeout_action, facts.expires_at) == (
        "CONTINUE",
        datetime.fromtimestamp(1_700_000_000, UTC),
    )


def test_unknown_deployments_and_revisions_are_not_found():
    ecs = Ecs(
        Canned(
            describe_service_deployments={"serviceDeployments": [], "failures": [{}]},
            describe_service_revisions={"serviceRevisions": []},
        )
    )
    with pytest.raises(NotFoundError):
        ecs.deployment("arn")
    with pytest.raises(NotFoundError):
        ecs.revision("arn")


def revision(resolved):
    entry = {
        "containerName": "web",
        "targetGroupArn": "one",
        "advancedConfiguration": {
            "alternateTargetGroupArn": "two",
            "productionListenerRule": "p",
            "testListenerRule": "t",
        },
    }
    return Ecs(
        Canned(
            describe_service_revisions={
                "serviceRevisions": [
                    {
                        "loadBalancers": [entry],
                        "resolvedConfiguration": {"loadBalancers": resolved},
                        "containerImages": [{"containerName": "web", "image": "shop:1"}],
                    }
                ]
            }
        )
    ).revision("arn")


@pytest.mark.parametrize(
    ("resolved", "group"),
    [
        ([{"targetGroupArn": "two", "productionListenerRule": "p"}], "two"),
        ([{"targetGroupArn": "two"}], "two"),
        ([{"targetGroupArn": "three", "productionListenerRule": "p"}], ""),
        ([{"targetGroupArn": "two", "productionListenerRule": "other"}], ""),
        ([{"targetGroupArn": "one"}, {"targetGroupArn": "two"}], ""),
        ([], ""),
    ],
)
def test_the_group_of_a_revision_is_the_resolved_one_or_none(resolved, group):
    (entry,) = revision(resolved).load_balancers
    assert entry.resolved_group == group


def rules(actions, conditions=()):
    return Elbv2(
        Canned(describe_rules={"Rules": [{"Actions": actions, "Conditions": list(conditions)}]})
    ).rule("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/n/1/2/3")


def test_a_weighted_forward_is_read():
    group = {"TargetGroupArn": "one", "Weight": 100}
    sticky = {"Enabled": True, "DurationSeconds": 60}
    config = {"TargetGroups": [group], "TargetGroupStickinessConfig": sticky}
    facts = rules([{"Type": "forward", "ForwardConfig": config}])
    assert (facts.rule.forwards, facts.rule.sticky, facts.rule.actions) == (
        {"one": 100},
        True,
        ("forward",),
    )


def test_a_plain_forward_is_read():
    assert rules([{"Type": "forward", "TargetGroupArn": "one"}]).rule.forwards == {"one": 1}


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        (
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}, "Values": ["/*"]},
            Condition(field="path-pattern", patterns=("/*",)),
        ),
        (
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["green.example.com"]}},
            Condition(field="host-header", patterns=("green.example.com",)),
        ),
        (
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "x-test", "Values": ["1"]},
            },
            Condition(field="http-header", patterns=("1",), name="x-test"),
        ),
        (
            {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a"]}},
            Condition(field="path-pattern", patterns=None),
        ),
    ],
)
def test_conditions_are_read_in_each_form(condition, read):
    assert rules([], [condition]).conditions == (read,)


def test_a_rules_listener_is_derived_from_its_arn():
    prefix = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
    assert listener_of(f"{prefix}:listener-rule/app/n/1/2/3") == f"{prefix}:listener/app/n/1/2"


def test_a_network_load_balancer_is_refused_by_name():
    with pytest.raises(InputError, match="no listener rule of an Application Load Balancer"):
        Elbv2(Canned()).rule("arn:aws:elasticloadbalancing:x:1:listener/net/n/1/2")


@pytest.mark.parametrize(("scheme", "internal"), [("internet-facing", False), ("internal", True)])
def test_a_listener_is_read_with_its_load_balancer(scheme, internal):
    prefix = "arn:aws:elasticloadbalancing:x:1"
    listener = {"Protocol": "HTTPS", "Port": 8443, "LoadBalancerArn": "lb"}
    balancer = {"DNSName": "lb.example", "Scheme": scheme}
    port = Elbv2(
        Canned(
            describe_listeners={"Listeners": [listener]},
            describe_load_balancers={"LoadBalancers": [balancer]},
        )
    )
    assert port.listener(f"{prefix}:listener-rule/app/n/1/2/3") == Listener(
        arn=f"{prefix}:listener/app/n/1/2",
        protocol="HTTPS",
        name="lb.example",
        port=8443,
        internal=internal,
    )


def test_entries_of_one_container_differ_by_port():
    entries = [{"containerName": "web", "containerPort": port} for port in (80, 9000)]
    facts = Ecs(
        Canned(describe_service_revisions={"serviceRevisions": [{"loadBalancers": entries}]})
    ).revision("arn")
    assert [entry.name for entry in facts.load_balancers] == ["web:80", "web:9000"]


def test_what_runs_is_read_by_container():
    images = [
        {"containerName": "web", "image": "shop:1", "imageDigest": "sha256:1"},
        {"containerName": "proxy", "image": "nginx"},
        {"image": "nameless"},
    ]
    raw = {"containerImages": images, "taskDefinition": "arn:td/web:7"}
    facts = Ecs(Canned(describe_service_revisions={"serviceRevisions": [raw]})).revision("arn")
    assert facts.images == {"web": "shop:1", "proxy": "nginx"}
    assert facts.image_digests == {"web": "sha256:1"}
    assert facts.task_definition == "arn:td/web:7"


def test_a_body_is_read_whole():
    bucket = Bucket(Canned(get_object={"Body": io.BytesIO(b"abc")}), "b")
    assert bucket.get("k") == b"abc"
