"""What right each request needs: as botocore really sends it, for every operation that is known."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from testgate.local.front import signature_of
from testgate.local.rights import Call, Place, UnknownCallError
from testgate.local.rights.calls import calls_of

PLACE = Place(region="us-east-1", account="123456789012")
ECS = "arn:aws:ecs:us-east-1:123456789012"
STATES = "arn:aws:states:us-east-1:123456789012"
LOGS = "arn:aws:logs:us-east-1:123456789012"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012"
LINES = [{"timestamp": 1, "message": "a"}]
RULE = "arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/a/b/c/d"


class Kept(Exception):
    """Nothing is sent."""


def sent(service: str, act: Callable[[Any], Any], endpoint: str = "http://127.0.0.1:1") -> Request:
    """The request that a client of `service` sends for `act`; nothing leaves this process."""
    requests = []

    def keep(request: Any, **_: Any) -> None:
        requests.append(request)
        raise Kept

    client = boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="ASIAKEY",
        aws_secret_access_key="secret",
        aws_session_token="token",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("before-send", keep)
    with pytest.raises(Kept):
        act(client)
    (request,) = requests
    body = request.body.read() if hasattr(request.body, "read") else request.body
    headers = [
        (name, value.decode() if isinstance(value, bytes) else value)
        for name, value in request.headers.items()
    ]
    builder = EnvironBuilder(
        path=request.url, method=request.method, headers=headers, data=body or b""
    )
    made = Request(builder.get_environ())
    made.get_data(cache=True)
    return made


def calls(service: str, act: Callable[[Any], Any], **more: Any) -> tuple[Call, ...]:
    request = sent(service, act, **more)
    signature = signature_of(request)
    assert signature is not None
    assert signature.access_key_id == "ASIAKEY"
    return calls_of(request, signature.service, PLACE)


def only(service: str, act: Callable[[Any], Any], **more: Any) -> tuple[str, str, dict[str, str]]:
    (call,) = calls(service, act, **more)
    return call.action, call.resource, dict(call.context)


KEY = {"Bucket": "records", "Key": "runs/a/b c+d.json"}


@pytest.mark.parametrize(
    ("act", "action", "resource", "context"),
    [
        (lambda s3: s3.get_object(**KEY), "s3:GetObject", "/runs/a/b c+d.json", {}),
        (lambda s3: s3.head_object(**KEY), "s3:GetObject", "/runs/a/b c+d.json", {}),
        (lambda s3: s3.delete_object(**KEY), "s3:DeleteObject", "/runs/a/b c+d.json", {}),
        (
            lambda s3: s3.put_object(**KEY, Body=b"x", ContentType="text/plain"),
            "s3:PutObject",
            "/runs/a/b c+d.json",
            {},
        ),
        (
            lambda s3: s3.put_object(**KEY, Body=b"x", IfNoneMatch="*"),
            "s3:PutObject",
            "/runs/a/b c+d.json",
            {"s3:if-none-match": "*"},
        ),
        (
            lambda s3: s3.put_object(**KEY, Body=b"x", IfMatch="e"),
            "s3:PutObject",
            "/runs/a/b c+d.json",
            {"s3:if-match": "e"},
        ),
        (
            lambda s3: s3.list_objects_v2(Bucket="records", Prefix="runs/a b/", MaxKeys=5),
            "s3:ListBucket",
            "",
            {"s3:prefix": "runs/a b/", "s3:max-keys": "5"},
        ),
        (
            lambda s3: s3.list_objects(Bucket="records", Delimiter="/"),
            "s3:ListBucket",
            "",
            {"s3:delimiter": "/"},
        ),
        (lambda s3: s3.head_bucket(Bucket="records"), "s3:ListBucket", "", {}),
        (lambda s3: s3.get_bucket_location(Bucket="records"), "s3:GetBucketLocation", "", {}),
    ],
)
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://localhost:1"])
def test_s3(act, action, resource, context, endpoint):
    decided = only("s3", act, endpoint=endpoint)
    assert (decided[0], decided[1]) == (action, f"arn:aws:s3:::records{resource}")
    assert decided[2] == context


@pytest.mark.parametrize(
    "act",
    [
        lambda s3: s3.list_buckets(),
        lambda s3: s3.create_bucket(Bucket="records"),
        lambda s3: s3.get_bucket_policy(Bucket="records"),
        lambda s3: s3.get_object_acl(**KEY),
        lambda s3: s3.get_object(**KEY, VersionId="1"),
        lambda s3: s3.get_object_tagging(**KEY),
        lambda s3: s3.put_object_tagging(**KEY, Tagging={"TagSet": []}),
        lambda s3: s3.put_object(**KEY, Body=b"", ACL="public-read"),
        lambda s3: s3.put_object(**KEY, Body=b"", Tagging="a=b"),
        lambda s3: s3.put_object(**KEY, Body=b"", ObjectLockLegalHoldStatus="ON"),
        lambda s3: s3.copy_object(**KEY, CopySource="other/key"),
        lambda s3: s3.create_multipart_upload(**KEY),
        lambda s3: s3.delete_object(**KEY, VersionId="1"),
    ],
)
def test_s3_requests_whose_right_is_not_known_are_named(act):
    request = sent("s3", act)
    with pytest.raises(UnknownCallError, match=f"which right s3 {request.method} ") as refused:
        calls_of(request, "s3", PLACE)
    assert request.path in str(refused.value)


def test_versions_are_listed_by_a_right_of_their_own():
    listed = only("s3", lambda c: c.list_object_versions(Bucket="records", Prefix="1.txt"))
    expected = ("s3:ListBucketVersions", "arn:aws:s3:::records", {"s3:prefix": "1.txt"})
    assert listed == expected


@pytest.mark.parametrize("registry", [None, "210987654321"])
@pytest.mark.parametrize(
    "operation", ["describe_image_scan_findings", "describe_image_signing_status"]
)
def test_an_image_is_asked_of_by_a_right_on_its_repository(operation, registry):
    named = {"registryId": registry} if registry else {}
    image = {"repositoryName": "shop/web", "imageId": {"imageTag": "1"}}
    action, resource, _ = only("ecr", lambda c: getattr(c, operation)(**image, **named))
    account = registry or "123456789012"
    assert resource == f"arn:aws:ecr:us-east-1:{account}:repository/shop/web"
    assert action == "ecr:" + operation.title().replace("_", "")


def test_task_definitions_know_no_resources():
    needed = only("ecs", lambda c: c.describe_task_definition(taskDefinition="web:7"))
    assert needed == ("ecs:DescribeTaskDefinition", "*", {})


def test_metrics_know_no_resources_and_alarms_do():
    now = datetime.now(UTC)
    asked = {"MetricDataQueries": [], "StartTime": now, "EndTime": now}
    needed = only("cloudwatch", lambda c: c.get_metric_data(**asked))
    assert needed == ("cloudwatch:GetMetricData", "*", {})
    action, resource, _ = only("cloudwatch", lambda c: c.describe_alarms(AlarmNames=["errors"]))
    assert action == "cloudwatch:DescribeAlarms"
    assert resource == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*"
    request = sent("cloudwatch", lambda c: c.list_metrics())
    with pytest.raises(UnknownCallError, match="cloudwatch ListMetrics"):
        calls_of(request, "monitoring", PLACE)


@pytest.mark.parametrize(
    ("action", "act"),
    [
        ("DescribeStacks", lambda c, name: c.describe_stacks(StackName=name)),
        ("DescribeStackEvents", lambda c, name: c.describe_stack_events(StackName=name)),
        ("ListStackResources", lambda c, name: c.list_stack_resources(StackName=name)),
    ],
)
def test_a_stack_is_read_by_its_name_or_its_arn(action, act):
    arn = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop"
    named = only("cloudformation", lambda c: act(c, "shop"))
    assert named == (f"cloudformation:{action}", f"{arn}/*", {})
    by_arn = only("cloudformation", lambda c: act(c, f"{arn}/0b1c"))
    assert by_arn == (f"cloudformation:{action}", f"{arn}/0b1c", {})


def test_what_is_not_known_of_cloudformation_is_refused():
    for act in (lambda c: c.describe_stacks(), lambda c: c.delete_stack(StackName="shop")):
        with pytest.raises(UnknownCallError, match="cloudformation"):
            calls("cloudformation", act)


def test_streams_are_described_by_a_right_on_their_group():
    needed = only("logs", lambda c: c.describe_log_streams(logGroupName="/shop"))
    assert needed == ("logs:DescribeLogStreams", f"{LOGS}:log-group:/shop", {})


def test_a_deployment_is_stopped_by_a_right_on_it():
    arn = f"{ECS}:service-deployment/shop/web/abc"
    stop = only("ecs", lambda c: c.stop_service_deployment(serviceDeploymentArn=arn))
    assert stop == ("ecs:StopServiceDeployment", arn, {})


def test_a_deployment_is_read_by_rights_on_it_and_on_its_service():
    arns = [f"{ECS}:service-deployment/shop/web/abc", f"{ECS}:service-deployment/shop/api/def"]
    needed = calls("ecs", lambda c: c.describe_service_deployments(serviceDeploymentArns=arns))
    assert [(call.action, call.resource) for call in needed] == [
        ("ecs:DescribeServiceDeployments", f"{ECS}:service/shop/web"),
        ("ecs:DescribeServiceDeployments", arns[0]),
        ("ecs:DescribeServiceDeployments", f"{ECS}:service/shop/api"),
        ("ecs:DescribeServiceDeployments", arns[1]),
    ]
    assert {call.context["ecs:cluster"] for call in needed} == {f"{ECS}:cluster/shop"}


def test_a_revision_is_read_by_rights_on_it_and_on_its_service():
    arn = f"{ECS}:service-revision/shop/web/1"
    needed = calls("ecs", lambda c: c.describe_service_revisions(serviceRevisionArns=[arn]))
    assert [(call.action, call.resource) for call in needed] == [
        ("ecs:DescribeServiceRevisions", f"{ECS}:service/shop/web"),
        ("ecs:DescribeServiceRevisions", arn),
    ]


@pytest.mark.parametrize("service", ["web", f"{ECS}:service/shop/web"])
@pytest.mark.parametrize("cluster", ["shop", f"{ECS}:cluster/shop"])
def test_services_are_named_in_either_way(service, cluster):
    expected = (f"{ECS}:service/shop/web", {"ecs:cluster": f"{ECS}:cluster/shop"})
    listed = only("ecs", lambda c: c.list_service_deployments(service=service, cluster=cluster))
    assert listed == ("ecs:ListServiceDeployments", *expected)
    described = only("ecs", lambda c: c.describe_services(services=[service], cluster=cluster))
    assert described == ("ecs:DescribeServices", *expected)


MACHINE = f"{STATES}:stateMachine:gate"
EXECUTION = f"{STATES}:execution:gate:run"


@pytest.mark.parametrize(
    ("act", "action", "resource"),
    [
        (lambda c: c.start_execution(stateMachineArn=MACHINE), "StartExecution", MACHINE),
        (lambda c: c.list_executions(stateMachineArn=MACHINE), "ListExecutions", MACHINE),
        (
            lambda c: c.describe_state_machine(stateMachineArn=MACHINE),
            "DescribeStateMachine",
            MACHINE,
        ),
        (lambda c: c.describe_execution(executionArn=EXECUTION), "DescribeExecution", EXECUTION),
        (
            lambda c: c.get_execution_history(executionArn=EXECUTION),
            "GetExecutionHistory",
            EXECUTION,
        ),
        (lambda c: c.stop_execution(executionArn=EXECUTION), "StopExecution", EXECUTION),
    ],
)
def test_step_functions(act, action, resource):
    assert only("stepfunctions", act) == (f"states:{action}", resource, {})


def test_each_event_needs_a_right_on_its_bus():
    entries = [
        {"Source": "testgate", "DetailType": "Answered", "Detail": "{}"},
        {"Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": "mine"},
    ]
    needed = calls("events", lambda c: c.put_events(Entries=entries))
    bus = "arn:aws:events:us-east-1:123456789012:event-bus"
    assert [(call.action, call.resource) for call in needed] == [
        ("events:PutEvents", f"{bus}/default"),
        ("events:PutEvents", f"{bus}/mine"),
    ]
    assert needed[0].context == {"events:source": "testgate", "events:detail-type": "Answered"}


@pytest.mark.parametrize(
    ("act", "action", "resource"),
    [
        (lambda c: c.create_log_group(logGroupName="/g"), "CreateLogGroup", "/g"),
        (lambda c: c.filter_log_events(logGroupName="/g"), "FilterLogEvents", "/g"),
        (
            lambda c: c.create_log_stream(logGroupName="/g", logStreamName="s"),
            "CreateLogStream",
            "/g:log-stream:s",
        ),
        (
            lambda c: c.put_log_events(logGroupName="/g", logStreamName="s", logEvents=LINES),
            "PutLogEvents",
            "/g:log-stream:s",
        ),
    ],
)
def test_logs(act, action, resource):
    assert only("logs", act) == (f"logs:{action}", f"{LOGS}:log-group:{resource}", {})


@pytest.mark.parametrize(
    "act",
    [
        lambda c: c.describe_rules(RuleArns=[RULE]),
        lambda c: c.describe_listeners(ListenerArns=[RULE]),
        lambda c: c.describe_load_balancers(),
        lambda c: c.describe_target_health(TargetGroupArn=RULE),
    ],
)
def test_elastic_load_balancing_knows_no_resources(act):
    request = sent("elbv2", act)
    (call,) = calls_of(request, "elasticloadbalancing", PLACE)
    assert call.action == f"elasticloadbalancing:{request.form['Action']}"
    assert call.resource == "*"


@pytest.mark.parametrize(
    ("named", "qualifier", "resource"),
    [
        ("hook", None, ":function:hook"),
        (f"{LAMBDA}:function:hook", None, ":function:hook"),
        ("123456789012:function:hook", None, ":function:hook"),
        ("hook", "live", ":function:hook:live"),
        (f"{LAMBDA}:function:hook:live", None, ":function:hook:live"),
    ],
)
def test_invocations_need_a_right_on_the_function_as_it_is_called(named, qualifier, resource):
    arguments = {"FunctionName": named} | ({"Qualifier": qualifier} if qualifier else {})
    decided = only("lambda", lambda c: c.invoke(**arguments))
    assert decided == ("lambda:InvokeFunction", f"{LAMBDA}{resource}", {})


def test_everybody_may_ask_who_they_are():
    assert calls("sts", lambda c: c.get_caller_identity()) == ()


@pytest.mark.parametrize(
    ("service", "act", "says"),
    [
        ("ecs", lambda c: c.list_clusters(), "ecs ListClusters"),
        ("stepfunctions", lambda c: c.list_state_machines(), "states ListStateMachines"),
        ("events", lambda c: c.list_rules(), "events ListRules"),
        ("logs", lambda c: c.describe_log_groups(), "logs DescribeLogGroups"),
        ("elbv2", lambda c: c.modify_rule(RuleArn=RULE), "elasticloadbalancing ModifyRule"),
        ("sts", lambda c: c.get_session_token(), "sts GetSessionToken"),
        ("lambda", lambda c: c.get_function(FunctionName="f"), "lambda GET /2015-03-31/"),
        ("lambda", lambda c: c.list_functions(), "lambda GET /2015-03-31/functions "),
        ("dynamodb", lambda c: c.list_tables(), "calls of service 'dynamodb'"),
    ],
)
def test_what_is_not_known_is_named(service, act, says):
    with pytest.raises(UnknownCallError, match=says):
        calls(service, act)


def test_a_body_that_cannot_be_read_is_not_let_pass():
    request = Request(
        EnvironBuilder(
            method="POST",
            headers=[("X-Amz-Target", "AWSStepFunctions.StopExecution")],
            data=b"{}",
        ).get_environ()
    )
    with pytest.raises(UnknownCallError, match="StopExecution with such a body"):
        calls_of(request, "states", PLACE)


def test_a_presigned_url_is_signed_by_its_query():
    query = "X-Amz-Credential=ASIAKEY%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=1"
    environ = EnvironBuilder(path=f"/records/runs/a?{query}").get_environ()
    signature = signature_of(Request(environ))
    assert signature is not None
    assert (signature.access_key_id, signature.service) == ("ASIAKEY", "s3")
    (call,) = calls_of(Request(environ), "s3", PLACE)
    assert (call.action, call.resource) == ("s3:GetObject", "arn:aws:s3:::records/runs/a")
    assert signature_of(Request(EnvironBuilder(path="/").get_environ())) is None
