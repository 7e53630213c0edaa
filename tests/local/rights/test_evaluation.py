"""May a request pass? AWS's documented rules, as tables and as properties."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.local.rights import (
    Allowed,
    ExplicitlyDenied,
    NotAllowed,
    PolicyError,
    PolicyKind,
    Request,
    evaluate,
    read_policy,
)

BUCKET = "arn:aws:s3:::records"
GET = Request(action="s3:GetObject", resource=f"{BUCKET}/runs/a/record.json")


def policy(*statements, name="p", kind=PolicyKind.IDENTITY):
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return read_policy(json.dumps(document), name, kind)


def allow(action="s3:GetObject", resource=f"{BUCKET}/*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action="s3:GetObject", resource=f"{BUCKET}/*", **more):
    return allow(action, resource) | {"Effect": "Deny"} | more


def decision(*statements, request=GET):
    return type(evaluate([policy(*statements)], request))


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], NotAllowed),
        ([allow()], Allowed),
        ([allow("s3:PutObject")], NotAllowed),
        ([allow(["s3:PutObject", "s3:GetObject"])], Allowed),
        ([allow("S3:getobject")], Allowed),
        ([allow("s3:Get*")], Allowed),
        ([allow("s3:GetObjec?")], Allowed),
        ([allow("s3:GetObject?")], NotAllowed),
        ([allow("*")], Allowed),
        ([allow(resource="*")], Allowed),
        ([allow(resource=BUCKET)], NotAllowed),
        ([allow(resource="arn:aws:s3:::other/*")], NotAllowed),
        ([allow(resource=[BUCKET, f"{BUCKET}/runs/*/record.json"])], Allowed),
        ([allow(resource=f"{BUCKET}/RUNS/*")], NotAllowed),
        ([allow(), deny()], ExplicitlyDenied),
        ([deny(), allow()], ExplicitlyDenied),
        ([deny()], ExplicitlyDenied),
        ([allow(), deny(resource="arn:aws:s3:::other/*")], Allowed),
        ([{"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}], Allowed),
        ([{"Effect": "Allow", "NotAction": ["s3:Get*", "s3:Put*"], "Resource": "*"}], NotAllowed),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"}], Allowed),
        ([{"Effect": "Allow", "Action": "*", "NotResource": f"{BUCKET}/*"}], NotAllowed),
        ([allow("*"), {"Effect": "Deny", "NotAction": "ecs:*", "Resource": "*"}], ExplicitlyDenied),
    ],
)
def test_actions_and_resources(statements, expected):
    assert decision(*statements) is expected


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("arn:aws:ecs:*:*:service/*", "arn:aws:ecs:us-east-1:1:service/c/s", True),
        ("arn:aws:ecs:us-*:1:service/*", "arn:aws:ecs:us-east-1:1:service/c/s", True),
        ("arn:aws:ecs:us-*1:1:service/c/s", "arn:aws:ecs:us-east-1:1:service/c/s", True),
        # A `*` within a part stays there; one at its end goes on.
        ("arn:aws:e*s:1:service/c/s", "arn:aws:ecs:us-east-1:1:service/c/s", False),
        ("arn:aws:ecs*", "arn:aws:ecs:us-east-1:1:service/c/s", True),
        ("arn:aws:ecs:*", "arn:aws:ecs:us-east-1:1:service/c/s", True),
        ("arn:*", "arn:aws:ecs:us-east-1:1:service/c/s", True),
        ("arn:aws:ecs:us-east-?:1:service/c/s", "arn:aws:ecs:us-east-1:1:service/c/s", True),
        ("arn:aws:ecs:us-east?1:1:service/c/s", "arn:aws:ecs:us-east:1:1:service/c/s", False),
        # Characters of regular expressions are plain.
        ("arn:aws:s3:::a.b/*", "arn:aws:s3:::axb/c", False),
        ("arn:aws:s3:::a+(b)/*", "arn:aws:s3:::a+(b)/c", True),
        ("arn:aws:s3:::a/*", "arn:aws:s3:::a/b\nc", True),
        ("arn:aws:logs:r:1:log-group:/a:*", "arn:aws:logs:r:1:log-group:/a:log-stream:s", True),
        ("arn:aws:logs:r:1:log-group:/a:*", "arn:aws:logs:r:1:log-group:/ab:log-stream:s", False),
        ("arn:aws:logs:r:1:log-group:/a:*", "arn:aws:logs:r:1:log-group:/a", False),
        # An action that knows no resources needs `*`.
        ("arn:aws:elasticloadbalancing:*", "*", False),
        ("*", "*", True),
    ],
)
def test_wildcards_in_resources(pattern, resource, matches):
    request = Request(action="x:Y", resource=resource)
    assert (decision(allow("x:Y", pattern), request=request) is Allowed) is matches


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"Null": {"s3:if-none-match": "false"}}, {"s3:if-none-match": "*"}, True),
        ({"Null": {"s3:if-none-match": "false"}}, {}, False),
        ({"Null": {"s3:if-none-match": False}}, {"s3:if-none-match": "*"}, True),
        ({"Null": {"s3:if-none-match": "true"}}, {}, True),
        ({"Null": {"s3:if-none-match": "true"}}, {"s3:if-none-match": "*"}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:securetransport": "true"}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:securetransport": "true"}, True),
        ({"Bool": {"aws:SecureTransport": True}}, {"aws:securetransport": "true"}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, {}, False),
        ({"BoolIfExists": {"aws:SecureTransport": "true"}}, {}, True),
        ({"StringEquals": {"s3:prefix": ["a", "b"]}}, {"s3:prefix": "b"}, True),
        ({"StringEquals": {"s3:prefix": "a"}}, {"s3:prefix": "A"}, False),
        ({"StringEquals": {"s3:prefix": "a*"}}, {"s3:prefix": "ab"}, False),
        ({"StringEquals": {"S3:Prefix": "a"}}, {"s3:prefix": "a"}, True),
        ({"StringEquals": {"s3:prefix": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"s3:prefix": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"s3:prefix": "a"}}, {"s3:prefix": "b"}, False),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "a"}}, {"s3:prefix": "A"}, True),
        ({"StringNotEquals": {"s3:prefix": ["a", "b"]}}, {"s3:prefix": "b"}, False),
        ({"StringNotEquals": {"s3:prefix": ["a", "b"]}}, {"s3:prefix": "c"}, True),
        ({"StringNotEquals": {"s3:prefix": "a"}}, {}, True),
        ({"StringLike": {"s3:prefix": "runs/*"}}, {"s3:prefix": "runs/a/b"}, True),
        ({"StringLike": {"s3:prefix": "runs/?"}}, {"s3:prefix": "runs/ab"}, False),
        ({"StringNotLike": {"s3:prefix": "runs/*"}}, {"s3:prefix": "plans/"}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:events:*:1:rule/*"}}, {}, False),
        (
            {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:1:rule/*"}},
            {"aws:sourcearn": "arn:aws:events:us-east-1:1:rule/a"},
            True,
        ),
        (
            {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:rule/*:*"}},
            {"aws:sourcearn": "arn:aws:events:us-east-1:1:rule/a"},
            False,
        ),
        # All operators, and all keys of one, must hold.
        (
            {"StringEquals": {"s3:prefix": "a", "s3:delimiter": "/"}},
            {"s3:prefix": "a", "s3:delimiter": "/"},
            True,
        ),
        ({"StringEquals": {"s3:prefix": "a", "s3:delimiter": "/"}}, {"s3:prefix": "a"}, False),
        (
            {"Null": {"s3:prefix": "false"}, "StringLike": {"s3:prefix": "b*"}},
            {"s3:prefix": "a"},
            False,
        ),
    ],
)
def test_conditions(condition, context, holds):
    request = Request(action=GET.action, resource=GET.resource, context=context)
    assert (decision(allow(Condition=condition), request=request) is Allowed) is holds
    denied = decision(allow(), deny(Condition=condition), request=request)
    assert (denied is ExplicitlyDenied) is holds


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (allow(Condition={"NumericLessThan": {"s3:max-keys": "5"}}), "'NumericLessThan'"),
        (allow(Condition={"ForAnyValue:StringEquals": {"s3:prefix": "a"}}), "'ForAnyValue:"),
        (allow(Condition={"NullIfExists": {"s3:prefix": "true"}}), "'NullIfExists'"),
        (allow(Condition={"Bool": {"aws:SecureTransport": "yes"}}), "true or false, got 'yes'"),
        (allow(Condition={"StringEquals": {}}), "operator StringEquals has an object of keys"),
        (allow(Condition={"StringEquals": {"s3:prefix": {}}}), "compares with text, got {}"),
        (allow(Condition=["x"]), "Condition is an object"),
        (allow(resource=f"{BUCKET}/${{aws:username}}/*"), "policy variables"),
        (allow(resource="records/*"), "a resource is `*` or an ARN, got 'records/*'"),
        (allow("GetObject"), "`service:Action`, got 'GetObject'"),
        (allow([]), "Action is one text or several"),
        (allow(Effect="allow"), "'allow' is not a valid Effect"),
        (allow(NotAction="s3:Put*"), "either Action or NotAction"),
        ({"Effect": "Allow", "Action": "*"}, "either Resource or NotResource"),
        (allow(Principal="*"), "a role's policy has no Principal"),
        (allow(NotPrincipal={"AWS": "1"}), "element NotPrincipal is not evaluated"),
        ("Allow", "a statement is an object"),
    ],
)
def test_what_is_not_evaluated_is_refused_when_it_is_read(statement, says):
    with pytest.raises(PolicyError) as refused:
        policy(statement)
    assert says in str(refused.value)
    assert str(refused.value).startswith("policy p: ")


@pytest.mark.parametrize("text", ["", "[]", '{"Version": "2020-01-01", "Statement": []}'])
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(PolicyError):
        read_policy(text, "p")


def of_bucket(*statements):
    return policy(*statements, name="of bucket", kind=PolicyKind.RESOURCE)


@pytest.mark.parametrize(
    ("principal", "allows", "denies"),
    [
        ("*", True, True),
        ({"AWS": "*"}, True, True),
        ({"AWS": "arn:aws:iam::1:role/mine"}, True, True),
        # An account's Allow leaves it to the role's own policies, its Deny means everybody in it.
        ({"AWS": ["arn:aws:iam::2:root", "arn:aws:iam::1:root"]}, False, True),
        ({"AWS": "arn:aws:iam::2:root"}, False, False),
        ({"AWS": "arn:aws:iam::1:role/other"}, False, False),
        ({"Service": "arn:aws:iam::1:role/mine"}, False, False),
    ],
)
def test_a_resources_policy_names_whom_it_means(principal, allows, denies):
    request = Request(
        action=GET.action,
        resource=GET.resource,
        principals=frozenset({"*", "AWS:arn:aws:iam::1:role/mine"}),
        accounts=frozenset({"AWS:arn:aws:iam::1:root"}),
    )
    allowing = evaluate([of_bucket(allow(Principal=principal))], request)
    assert isinstance(allowing, Allowed) is allows
    denying = evaluate([policy(allow()), of_bucket(deny(Principal=principal))], request)
    assert isinstance(denying, ExplicitlyDenied) is denies


@pytest.mark.parametrize("principal", [None, {}, "somebody"])
def test_a_resources_policy_without_principal_is_refused(principal):
    with pytest.raises(PolicyError, match="Principal is"):
        of_bucket(allow(Principal=principal))


def test_the_narrowest_grant_is_the_one_that_was_used():
    wide = allow("s3:*", f"{BUCKET}/*", Sid="Wide")
    narrow = allow(["s3:GetObject", "s3:Get*"], [f"{BUCKET}/*", f"{BUCKET}/runs/*"], Sid="Narrow")
    for statements in ([wide, narrow], [narrow, wide]):
        decided = evaluate([policy(*statements, name="mine")], GET)
        assert isinstance(decided, Allowed)
        grant = decided.grant
        assert (grant.policy, grant.sid) == ("mine", "Narrow")
        assert (grant.action, grant.resource) == ("s3:GetObject", f"{BUCKET}/runs/*")


ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:Get*", "s3:*", "*", "ecs:*"])
RESOURCES = st.sampled_from(
    ["*", f"{BUCKET}/*", f"{BUCKET}/runs/*", "arn:aws:s3:::other/*", "arn:aws:ecs:*"]
)
CONDITIONS = st.sampled_from(
    [
        {},
        {"Null": {"s3:if-none-match": "false"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringNotEquals": {"s3:prefix": "a"}},
    ]
)
STATEMENTS = st.builds(
    lambda effect, actions, resources, condition, negated: {
        "Effect": effect,
        "NotAction" if negated else "Action": actions,
        "Resource": resources,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.lists(ACTIONS, min_size=1, max_size=2),
    st.lists(RESOURCES, min_size=1, max_size=2),
    CONDITIONS,
    st.booleans(),
)
REQUESTS = st.builds(
    lambda action, resource, context: Request(action=action, resource=resource, context=context),
    st.sampled_from(["s3:GetObject", "s3:PutObject", "ecs:DescribeServices"]),
    st.sampled_from([f"{BUCKET}/runs/a", f"{BUCKET}/x", "arn:aws:ecs:us-east-1:1:service/a/b"]),
    st.dictionaries(
        st.sampled_from(["s3:if-none-match", "aws:securetransport", "s3:prefix"]),
        st.sampled_from(["a", "true", "*"]),
    ),
)


@given(st.lists(STATEMENTS, max_size=4), REQUESTS)
def test_an_explicit_deny_always_wins(statements, request):
    alone = [evaluate([policy(each)], request) for each in statements]
    together = evaluate([policy(*statements)], request)
    apart = evaluate([policy(each) for each in statements], request)
    assert type(together) is type(apart)
    if any(isinstance(each, ExplicitlyDenied) for each in alone):
        assert isinstance(together, ExplicitlyDenied)
    elif any(isinstance(each, Allowed) for each in alone):
        assert isinstance(together, Allowed)
    else:
        assert isinstance(together, NotAllowed)


@given(st.lists(STATEMENTS, max_size=4), STATEMENTS, REQUESTS, st.randoms(use_true_random=False))
def test_adding_an_allow_never_takes_one_away(statements, added, request, random):
    before = evaluate([policy(*statements)], request)
    more = [*statements, added | {"Effect": "Allow"}]
    random.shuffle(more)
    after = evaluate([policy(*more)], request)
    if isinstance(before, Allowed):
        assert isinstance(after, Allowed)
    if isinstance(before, ExplicitlyDenied):
        assert isinstance(after, ExplicitlyDenied)


@given(st.lists(STATEMENTS, min_size=1, max_size=4), REQUESTS)
def test_the_order_of_statements_does_not_matter(statements, request):
    forwards = evaluate([policy(*statements)], request)
    backwards = evaluate([policy(*reversed(statements))], request)
    assert type(forwards) is type(backwards)


@given(st.lists(STATEMENTS, min_size=1, max_size=4), REQUESTS)
def test_what_is_allowed_is_allowed_by_the_grant_that_is_named(statements, request):
    named = [statement | {"Sid": f"s{number}"} for number, statement in enumerate(statements)]
    decided = evaluate([policy(*named)], request)
    if isinstance(decided, Allowed):
        own = [statement for statement in named if statement["Sid"] == decided.grant.sid]
        assert isinstance(evaluate([policy(*own)], request), Allowed)
