"""The ports of admission, approval and metrics: against moto, and the fakes against them."""

import io
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from testgate.aws.approvals import Approvals
from testgate.aws.cloudwatch import CloudWatch, MetricQuery
from testgate.aws.ecr import Ecr
from testgate.aws.ecs import Ecs
from testgate.core.admission import ScanFacts, SignatureFacts
from testgate.core.approval import MAX_SAYS_CHARS, Upload
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import AccessDeniedError, NotFoundError, PortError, UnavailableError
from testgate.core.images import parse_image
from testgate.core.metrics import AlarmFacts
from tests.core.samples import ARN
from tests.fakes.ports import FakeApprovals, FakeCloudWatch

DIGEST = "sha256:" + "a" * 64
IMAGE = parse_image("123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:2")


class Canned:
    """A client that answers with what it was made of, and keeps what it was asked."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __getattr__(self, name):
        if name not in self.answers:
            raise AttributeError(name)

        def ask(**arguments):
            self.asked.append((name, arguments))
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer.pop(0) if isinstance(answer, list) else answer

        return ask

    def get_paginator(self, name):
        pages = self.answers[name]

        class Paginator:
            def paginate(self, **_):
                return pages

        return Paginator()


def error(code, status=400):
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Op")


def scan(client, digest=None):
    assert IMAGE.ecr
    return Ecr(lambda _: client).scan(IMAGE, IMAGE.ecr, digest)


def test_a_scan_of_moto_is_read(server):
    ecr = server.client("ecr")
    ecr.create_repository(repositoryName="shop", registryId="123456789012")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 1,
            "digest": DIGEST,
        },
        "layers": [],
    }
    ecr.put_image(repositoryName="shop", imageManifest=json.dumps(manifest), imageTag="2")
    assert "ScanNotFoundException" in (scan(ecr).problem or "")
    ecr.start_image_scan(repositoryName="shop", imageId={"imageTag": "2"})
    facts = scan(ecr)
    assert (facts.status, facts.problem) == ("COMPLETE", None)
    assert facts.counts
    assert facts.first


def test_a_registry_of_a_region_is_asked_by_account_repository_and_digest():
    client = Canned(describe_image_scan_findings={"imageScanStatus": {"status": "PENDING"}})
    regions = []

    def client_of(region):
        regions.append(region)
        return client

    assert IMAGE.ecr
    assert Ecr(client_of).scan(IMAGE, IMAGE.ecr, DIGEST) == ScanFacts(status="PENDING")
    assert regions == ["us-east-1"]
    asked = {"registryId": "123456789012", "repositoryName": "shop"}
    assert client.asked == [
        ("describe_image_scan_findings", asked | {"imageId": {"imageDigest": DIGEST}})
    ]
    scan(client)
    assert client.asked[1][1]["imageId"] == {"imageTag": "2"}


@pytest.mark.parametrize(
    ("findings", "first"),
    [
        ({"findings": [{"name": "a", "severity": "LOW"}, {"name": "b", "severity": "HIGH"}]}, "b"),
        (
            {
                "enhancedFindings": [
                    {
                        "severity": "CRITICAL",
                        "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-1"},
                    },
                    {"severity": "UNTRIAGED"},
                ]
            },
            "CVE-1",
        ),
        ({}, ""),
    ],
)
def test_the_worst_finding_is_named_by_either_scanner(findings, first):
    answer = {
        "imageScanStatus": {"status": "ACTIVE"},
        "imageScanFindings": findings | {"findingSeverityCounts": {"LOW": 1}},
    }
    facts = scan(Canned(describe_image_scan_findings=answer))
    assert (facts.first, facts.counts) == (first, {"LOW": 1})


@pytest.mark.parametrize("operation", ["scan", "signature"])
def test_what_ecr_refuses_to_tell_is_a_problem_and_trouble_is_trouble(operation):
    call = {"scan": "describe_image_scan_findings", "signature": "describe_image_signing_status"}

    def ask(client):
        assert IMAGE.ecr
        return getattr(Ecr(lambda _: client), operation)(IMAGE, IMAGE.ecr, None)

    denied = ask(Canned(**{call[operation]: error("AccessDeniedException")}))
    assert "AccessDeniedException" in denied.problem
    assert "cannot ask for it yet" in ask(Canned()).problem
    with pytest.raises(UnavailableError):
        ask(Canned(**{call[operation]: error("ThrottlingException")}))


def test_signatures_are_read_by_profile():
    prefix = "arn:aws:signer:us-east-1:123456789012:/signing-profiles"
    statuses = [
        {"signingProfileArn": f"{prefix}/release", "status": "COMPLETE"},
        {"signingProfileArn": f"{prefix}/audit", "status": "FAILED", "failureCode": "x"},
    ]
    client = Canned(describe_image_signing_status={"signingStatuses": statuses})
    assert IMAGE.ecr
    facts = Ecr(lambda _: client).signature(IMAGE, IMAGE.ecr, DIGEST)
    assert facts == SignatureFacts(statuses={"release": "COMPLETE", "audit": "FAILED"})


BEGIN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture(params=["moto", "fake"])
def cloudwatch(request):
    """A port, and what puts data and alarms behind it."""
    if request.param == "fake":
        return fake_cloudwatch()
    return moto_cloudwatch(request.getfixturevalue("server").client("cloudwatch"))


def fake_cloudwatch():
    fake = FakeCloudWatch()

    def put(name, value, second):
        fake.points.setdefault(name, []).append((BEGIN + timedelta(seconds=second), value))

    def alarm(name, state):
        fake.states[name] = AlarmFacts(state=state, since=BEGIN)

    return fake, put, alarm


def moto_cloudwatch(client):
    def put(name, value, second):
        at = BEGIN + timedelta(seconds=second)
        data = {"MetricName": name, "Value": value, "Timestamp": at}
        client.put_metric_data(Namespace="Shop", MetricData=[data])

    def alarm(name, state):
        client.put_metric_alarm(
            AlarmName=name,
            Namespace="Shop",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="x")

    return CloudWatch(client), put, alarm


def query(name):
    return MetricQuery(namespace="Shop", name=name, dimensions={}, statistic="Sum")


def test_points_come_by_metric_with_the_begin_of_their_window(cloudwatch):
    port, put, _ = cloudwatch
    errors, requests = f"Errors{uuid4().hex}", f"Requests{uuid4().hex}"
    for second, value in ((0, 1.0), (60, 4.0), (180, 9.0)):
        put(errors, value, second)
    put(requests, 7.0, 60)
    end = BEGIN + timedelta(seconds=180)
    found = port.values([query(requests), query(errors), query("none")], 60, BEGIN, end)
    later = BEGIN + timedelta(seconds=60)
    assert [list(points) for points in found] == [
        [(later, 7.0)],
        [(BEGIN, 1.0), (later, 4.0)],
        [],
    ]


def test_alarms_are_read_by_name_and_one_that_is_missing_is_told(cloudwatch):
    port, _, alarm = cloudwatch
    names = [f"a{uuid4().hex}", f"b{uuid4().hex}"]
    for name, state in zip(names, ("ALARM", "OK"), strict=True):
        alarm(name, state)
    facts = port.alarms(names)
    assert [facts[name].state for name in names] == ["ALARM", "OK"]
    assert all(facts[name].since is not None for name in names)
    with pytest.raises(NotFoundError, match="knows no alarm 'nobody'"):
        port.alarms([*names, "nobody"])


def test_composite_alarms_count_and_their_transition_is_what_since_means():
    update, transition = BEGIN + timedelta(hours=1), BEGIN
    composite = {
        "AlarmName": "all",
        "StateValue": "OK",
        "StateUpdatedTimestamp": update,
        "StateTransitionedTimestamp": transition,
    }
    client = Canned(describe_alarms={"MetricAlarms": [], "CompositeAlarms": [composite]})
    assert CloudWatch(client).alarms(["all"]) == {"all": AlarmFacts(state="OK", since=transition)}
    assert client.asked[0][1]["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]


def result(status, values=(), **changes):
    points = {"Timestamps": [BEGIN] * len(values), "Values": list(values)}
    return {"Id": "m0", "StatusCode": status} | points | changes


def values_of(*results):
    pages = [{"MetricDataResults": [item]} for item in results]
    return CloudWatch(Canned(get_metric_data=pages)).values([query("x")], 60, BEGIN, BEGIN)


def test_partial_data_is_whole_with_its_last_page():
    assert values_of(result("PartialData", [1.0]), result("Complete", [2.0])) == (
        ((BEGIN, 1.0), (BEGIN, 2.0)),
    )


@pytest.mark.parametrize(
    ("results", "kind"),
    [
        ([], UnavailableError),
        ([result("PartialData", [1.0])], UnavailableError),
        ([result("InternalError")], UnavailableError),
        ([result("Forbidden", Messages=[{"Value": "no"}])], AccessDeniedError),
        ([result("Odd")], PortError),
        ([result(None)], PortError),
    ],
)
def test_data_that_is_not_whole_is_no_data(results, kind):
    with pytest.raises(kind):
        values_of(*results)


@pytest.fixture(params=["moto", "fake"])
def approvals(request):
    """A port, and what uploads to its bucket."""
    if request.param == "fake":
        return fake_approvals()
    client = request.getfixturevalue("server").client("s3")
    return moto_approvals(client, f"approvals-{uuid4().hex}")


def fake_approvals():
    fake = FakeApprovals()

    def upload(key, body=b"", **metadata):
        url = f"s3://{fake.bucket}/{key}"
        says = body.decode().split("\n", maxsplit=1)[0]
        fake.uploads[key] = Upload(
            url=url, uploaded_at=datetime.now(UTC), metadata=metadata, says=says
        )

    return fake, upload


def moto_approvals(client, bucket):
    client.create_bucket(Bucket=bucket)
    versioning = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)

    def upload(key, body=b"", **metadata):
        client.put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)

    return Approvals(client, bucket), upload


def test_what_is_not_uploaded_is_not_found(approvals):
    port, _ = approvals
    assert port.find("1.txt") is None


def test_an_upload_tells_when_and_in_the_uploaders_words_why(approvals):
    port, upload = approvals
    upload("1.rejected", b"too slow\nreally", by="ann")
    found = port.find("1.rejected", read=True)
    assert found is not None
    assert found.url == f"s3://{port.bucket}/1.rejected"
    assert (found.says, dict(found.metadata)) == ("too slow", {"by": "ann"})
    assert abs(datetime.now(UTC) - found.uploaded_at) < timedelta(hours=1)


def test_an_empty_upload_is_one(approvals):
    port, upload = approvals
    upload("2.rejected")
    found = port.find("2.rejected", read=True)
    assert found is not None
    assert found.says == ""


def test_version_and_owner_are_those_of_what_lies_there_now(server):
    client = server.client("s3")
    client.create_bucket(Bucket="owned")
    client.put_bucket_versioning(Bucket="owned", VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket="owned", Key="1.txt")["VersionId"]
    second = client.put_object(Bucket="owned", Key="1.txt")["VersionId"]
    found = Approvals(client, "owned").find("1.txt")
    assert found is not None
    assert found.version == second != first
    assert found.owner
    client.delete_object(Bucket="owned", Key="1.txt")
    assert Approvals(client, "owned").find("1.txt") is None


def test_an_owner_that_cannot_be_read_is_left_out():
    head = {"LastModified": BEGIN, "ETag": '"e"'}
    client = Canned(head_object=head, list_object_versions=error("AccessDenied", 403))
    found = Approvals(client, "b").find("1.txt")
    assert found == Upload(url="s3://b/1.txt", uploaded_at=BEGIN, etag="e")


def test_of_a_long_rejection_the_beginning_is_read():
    client = Canned(
        head_object={"LastModified": BEGIN, "ContentLength": 10**9},
        list_object_versions={},
        get_object={"Body": io.BytesIO("é".encode() * 400)},
    )
    found = Approvals(client, "b").find("1.rejected", read=True)
    assert found is not None
    assert found.says.startswith("ééé")
    assert client.asked[-1][1]["Range"] == f"bytes=0-{4 * MAX_SAYS_CHARS - 1}"


def test_a_bucket_that_may_not_be_read_is_told():
    with pytest.raises(AccessDeniedError):
        Approvals(Canned(head_object=error("403", 403)), "b").find("1.txt")


def test_every_container_of_a_task_definition_is_named(server):
    client = server.client("ecs")
    containers = [
        {"name": "app", "image": "shop:2", "memory": 64},
        {"name": "init", "image": "busybox", "memory": 64, "essential": False},
    ]
    arn = client.register_task_definition(family="f", containerDefinitions=containers)[
        "taskDefinition"
    ]["taskDefinitionArn"]
    assert Ecs(client).images_of(arn) == {"app": "shop:2", "init": "busybox"}


@pytest.mark.parametrize(
    ("pages", "succeeded"),
    [
        ([{"serviceDeployments": []}], False),
        ([{"serviceDeployments": [{}]}], True),
        ([{"serviceDeployments": [], "nextToken": "n"}, {"serviceDeployments": [{}]}], True),
        ([{"serviceDeployments": [], "nextToken": "n"}, {"serviceDeployments": []}], False),
    ],
)
def test_a_success_is_looked_for_on_every_page(pages, succeeded):
    client = Canned(list_service_deployments=list(pages))
    assert Ecs(client).has_succeeded(parse_service_deployment_arn(ARN)) is succeeded
    assert client.asked[0][1] == {
        "cluster": "shop",
        "service": "arn:aws:ecs:us-east-1:123456789012:service/shop/web",
        "status": ["SUCCESSFUL"],
    }


def test_a_revision_names_its_task_definition_and_resolved_digests():
    images = [
        {"containerName": "app", "image": "shop:2", "imageDigest": DIGEST},
        {"containerName": "init", "image": "busybox"},
    ]
    revision = {"taskDefinition": "arn:td", "containerImages": images}
    facts = Ecs(Canned(describe_service_revisions={"serviceRevisions": [revision]})).revision("r")
    assert facts.task_definition == "arn:td"
    assert facts.image_digests == {"app": DIGEST}


def test_a_deployment_tells_when_it_was_created():
    deployment = {"status": "IN_PROGRESS", "createdAt": BEGIN}
    client = Canned(describe_service_deployments={"serviceDeployments": [deployment]})
    assert Ecs(client).deployment("d").created_at == BEGIN
