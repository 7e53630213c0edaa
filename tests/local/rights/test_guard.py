"""Requests with a role's keys pass by its policies alone, and are refused in AWS's words."""

import boto3
import pytest
from botocore.exceptions import ClientError

from testgate.local.rights import Authority, Guard, PolicyKind
from tests.local.rights.conftest import CONFIG, allow, denied, deny, document

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:gate:run"


def test_who_has_no_role_may_everything(server, bucket, authority):
    stored = server.client("s3").get_object(Bucket=bucket, Key="runs/a")
    assert stored["Body"].read() == b"stored"
    assert (authority.ledger.uses(), authority.ledger.denials()) == ({}, [])


@pytest.mark.parametrize(
    ("service", "act", "status", "code", "says"),
    [
        (
            "s3",
            lambda s3: s3.get_object(Bucket="b", Key="runs/a"),
            403,
            "AccessDenied",
            "s3:GetObject on resource: arn:aws:s3:::b/runs/a because no identity-based policy "
            "allows the s3:GetObject action",
        ),
        (
            "stepfunctions",
            lambda states: states.describe_execution(executionArn=EXECUTION),
            400,
            "AccessDeniedException",
            f"states:DescribeExecution on resource: {EXECUTION} because no identity-based policy "
            "allows the states:DescribeExecution action",
        ),
        (
            "elbv2",
            lambda elb: elb.describe_load_balancers(),
            403,
            "AccessDenied",
            "elasticloadbalancing:DescribeLoadBalancers because no identity-based policy allows "
            "the elasticloadbalancing:DescribeLoadBalancers action",
        ),
        (
            "lambda",
            lambda functions: functions.invoke(FunctionName="f"),
            403,
            "AccessDeniedException",
            "lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:123456789012:function:f "
            "because no identity-based policy allows the lambda:InvokeFunction action",
        ),
    ],
)
def test_a_role_may_nothing_without_a_policy(actor, authority, service, act, status, code, says):
    with pytest.raises(ClientError) as refused:
        act(actor.client(service))
    session = f"arn:aws:sts::123456789012:assumed-role/{actor.name}/it"
    assert denied(refused) == (
        status,
        code,
        f"User: {session} is not authorized to perform: {says}",
    )
    (denial,) = authority.ledger.denials()
    assert denial.caller == actor.name
    assert denial.reason == denied(refused)[2]


def test_what_a_policy_allows_passes_and_is_counted(actor, authority, bucket):
    runs = f"arn:aws:s3:::{bucket}/runs/*"
    actor.may(allow(["s3:GetObject", "s3:PutObject"], runs, Sid="Runs"))
    for _ in range(2):
        actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
    ((use, count),) = authority.ledger.uses().items()
    assert (use.caller, count) == (actor.name, 2)
    grant = use.grant
    assert (grant.policy, grant.sid, grant.kind) == ("rights", "Runs", PolicyKind.IDENTITY)
    assert (grant.action, grant.resource) == ("s3:GetObject", runs)


def test_a_changed_policy_counts_at_once(actor, bucket):
    get = {"Bucket": bucket, "Key": "runs/a"}
    actor.may(allow("s3:GetObject"))
    actor.client("s3").get_object(**get)
    actor.may(allow("s3:GetObject"), deny("s3:*", f"arn:aws:s3:::{bucket}/runs/*"))
    with pytest.raises(ClientError) as refused:
        actor.client("s3").get_object(**get)
    assert denied(refused)[2].endswith("with an explicit deny in an identity-based policy")
    actor.may(allow("s3:GetObject"))
    actor.client("s3").get_object(**get)


def test_evidence_is_written_once_or_not_at_all(actor, bucket):
    once = {"Null": {"s3:if-none-match": "false"}}
    actor.may(allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*", Condition=once))
    s3 = actor.client("s3")
    s3.put_object(Bucket=bucket, Key="x", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="x", Body=b"again")
    assert denied(refused)[:2] == (403, "AccessDenied")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="x", Body=b"again", IfNoneMatch="*")
    assert denied(refused)[1] == "PreconditionFailed"


def test_who_may_not_list_is_not_told_what_is_missing(actor, authority, bucket):
    of_objects = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    actor.may(of_objects)
    s3 = actor.client("s3")
    missing = {"Bucket": bucket, "Key": "runs/b"}
    with pytest.raises(ClientError) as refused:
        s3.get_object(**missing)
    assert denied(refused)[:2] == (403, "AccessDenied")
    assert "s3:ListBucket" in denied(refused)[2]
    with pytest.raises(ClientError) as refused:
        s3.head_object(**missing)
    assert denied(refused)[:2] == (403, "403")
    assert [denial.action for denial in authority.ledger.denials()] == ["s3:ListBucket"] * 2
    actor.may(of_objects, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    with pytest.raises(ClientError) as refused:
        s3.get_object(**missing)
    assert denied(refused)[:2] == (404, "NoSuchKey")
    with pytest.raises(ClientError) as refused:
        s3.head_object(**missing)
    assert denied(refused)[:2] == (404, "404")


def test_a_bucket_that_is_missing_is_told(actor):
    actor.may(allow("s3:GetObject"))
    with pytest.raises(ClientError) as refused:
        actor.client("s3").get_object(Bucket="nobodys", Key="x")
    assert denied(refused)[:2] == (404, "NoSuchBucket")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (deny("s3:*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}), None),
        (deny("s3:*", Principal="*"), "with an explicit deny in a resource-based policy"),
    ],
)
def test_a_buckets_policy_counts_too(server, actor, bucket, statement, says):
    """The usual "TLS only" lets pass: plain HTTP stands for TLS here."""
    actor.may(allow("s3:GetObject"))
    server.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(statement))
    if says is None:
        actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
        return
    with pytest.raises(ClientError) as refused:
        actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
    assert denied(refused)[2].endswith(says)


def test_a_buckets_policy_can_allow_what_the_roles_does_not(server, actor, authority, bucket):
    statement = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": actor.arn})
    server.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(statement))
    actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
    (use,) = authority.ledger.uses()
    assert (use.grant.kind, use.grant.policy) == (PolicyKind.RESOURCE, f"of bucket {bucket}")


@pytest.mark.parametrize(
    ("service", "act", "says"),
    [
        ("ecs", lambda ecs: ecs.list_clusters(), "which right ecs ListClusters needs"),
        ("dynamodb", lambda tables: tables.list_tables(), "calls of service 'dynamodb'"),
    ],
)
def test_a_call_whose_right_is_not_known_is_refused_whatever_the_policy(
    actor, authority, service, act, says
):
    actor.may(allow("*"))
    with pytest.raises(ClientError) as refused:
        act(actor.client(service))
    status, code, message = denied(refused)
    assert (status, code) == (400, "AccessDeniedException")
    assert says in message
    assert [denial.reason for denial in authority.ledger.denials()] == [message]


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "operator 'IpAddress'"),
        ({"StringEquals": {"aws:SourceIp": "10.0.0.1"}}, "condition key aws:sourceip"),
    ],
)
def test_a_policy_that_cannot_be_evaluated_lets_nothing_pass(actor, bucket, condition, says):
    actor.may(allow("s3:GetObject"))
    actor.may(deny("s3:PutObject", Condition=condition), policy="another")
    with pytest.raises(ClientError) as refused:
        actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
    assert "the local AWS cannot evaluate policy another" in denied(refused)[2]
    assert says in denied(refused)[2]


def test_a_permissions_boundary_is_not_ignored(server, actor, bucket):
    iam = server.client("iam")
    boundary = iam.create_policy(
        PolicyName=f"{actor.name}-boundary", PolicyDocument=document(allow("ecs:*"))
    )["Policy"]["Arn"]
    actor.may(allow("s3:GetObject"))
    iam.put_role_permissions_boundary(RoleName=actor.name, PermissionsBoundary=boundary)
    with pytest.raises(ClientError) as refused:
        actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
    assert "has a permissions boundary" in denied(refused)[2]


def test_managed_policies_count(server, actor, bucket):
    iam = server.client("iam")
    arn = iam.create_policy(
        PolicyName=f"{actor.name}-read", PolicyDocument=document(allow("s3:GetObject"))
    )["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=actor.name, PolicyArn=arn)
    actor.client("s3").get_object(Bucket=bucket, Key="runs/a")


def test_a_role_that_is_gone_may_nothing(server, actor, bucket):
    actor.may(allow("s3:GetObject"))
    iam = server.client("iam")
    iam.delete_role_policy(RoleName=actor.name, PolicyName="rights")
    iam.delete_role(RoleName=actor.name)
    with pytest.raises(ClientError) as refused:
        actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
    assert denied(refused)[1] == "AccessDenied"


def test_a_temporary_key_of_no_session_is_refused(server, authority):
    client = boto3.client(
        "stepfunctions",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="ASIANOBODYGAVETHIS00",
        aws_secret_access_key="x",
        config=CONFIG,
    )
    with pytest.raises(ClientError) as refused:
        client.list_state_machines()
    assert denied(refused)[:2] == (403, "InvalidClientTokenId")


def test_everybody_may_ask_who_they_are(actor):
    assert actor.client("sts").get_caller_identity()["Arn"].endswith(f"{actor.name}/it")


def test_rights_can_be_left_unenforced(server, actor, bucket):
    server.front.set_guard(Guard(Authority(region="us-east-1", enforces=False)))
    actor.client("s3").get_object(Bucket=bucket, Key="runs/a")
    actor.client("ecs").list_clusters()


def test_a_session_policy_limits_what_the_role_may(server, actor, bucket):
    """AWS: a session may do what the role's policies and the session's own both allow."""
    actor.may(allow(["s3:GetObject", "s3:PutObject"]))
    answer = server.client("sts").assume_role(
        RoleArn=actor.arn,
        RoleSessionName="limited",
        Policy=document(allow("*"), deny("s3:PutObject")),
    )["Credentials"]
    limited = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        config=CONFIG,
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
    )
    assert limited.get_object(Bucket=bucket, Key="runs/a")
    with pytest.raises(ClientError) as refused:
        limited.put_object(Bucket=bucket, Key="x", Body=b"x")
    assert denied(refused)[2].endswith("with an explicit deny in a session policy")
    with pytest.raises(ClientError) as refused:
        limited.list_objects_v2(Bucket=bucket)
    assert "no identity-based policy allows the s3:ListBucket action" in denied(refused)[2]
    limited.close()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_role_is_assumed_only_by_those_it_trusts(server, actor, trusted):
    name = f"assumed-{actor.name}"
    principal = actor.arn if trusted else "arn:aws:iam::123456789012:role/another"
    trust = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    iam = server.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    assume = {"RoleArn": role, "RoleSessionName": "it"}
    with pytest.raises(ClientError) as refused:
        actor.client("sts").assume_role(**assume)
    assert "no identity-based policy allows the sts:AssumeRole action" in denied(refused)[2]
    actor.may(allow("sts:AssumeRole", role))
    if trusted:
        assert actor.client("sts").assume_role(**assume)["Credentials"]["SessionToken"]
        return
    with pytest.raises(ClientError) as refused:
        actor.client("sts").assume_role(**assume)
    assert "no resource-based policy allows the sts:AssumeRole action" in denied(refused)[2]
