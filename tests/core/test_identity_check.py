"""`[identity]` in a gate file: what it may say, and what it makes of a revision."""

import json

import pytest

from testgate.core.budget import budget_problem
from testgate.core.errors import InputError, PlanError
from testgate.core.gatefile import parse_gate_file
from testgate.core.identity_check import IdentityCheck, Subject, expected_value, parse_check
from testgate.core.plan import Plan
from testgate.core.plan_reading import parse_plan
from tests.core.samples import GREEN, START, plan, suite

CHECK = {"path": "/version", "jmespath": "version", "expect": "{image_tag}"}
DIGEST = "sha256:" + "a" * 64
SUBJECT = Subject(
    container="web",
    images={
        "web": "registry.example:5000/team/shop:1.2.0",
        "proxy": f"nginx@{DIGEST}",
        "both": f"shop:1.2.0@{DIGEST}",
        "bare": "registry.example:5000/shop",
    },
    image_digests={"web": "sha256:" + "b" * 64},
    revision=GREEN,
    task_definition="arn:aws:ecs:us-east-1:123456789012:task-definition/web:7",
    parameters={"COMMIT": "0abc"},
)


def check(**changes):
    return parse_check({**CHECK, **changes})


@pytest.mark.parametrize(
    ("expect", "value"),
    [
        ("{image_tag}", "1.2.0"),
        ("v{image_tag}", "v1.2.0"),
        ("{image}", "registry.example:5000/team/shop:1.2.0"),
        ("{image_digest}", "sha256:" + "b" * 64),
        ("{image_digest.proxy}", DIGEST),
        ("{image_tag.both}", "1.2.0"),
        ("{image_digest.both}", DIGEST),
        ("{revision}", GREEN.rpartition("/")[2]),
        ("{task_family}:{task_revision}", "web:7"),
        ("{image_tag}+{parameter.COMMIT}", "1.2.0+0abc"),
        ("{{{parameter.COMMIT}}}", "{0abc}"),
    ],
)
def test_a_placeholder_stands_for_a_fact_of_the_revision(expect, value):
    assert expected_value(check(expect=expect), SUBJECT) == value


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ("{image_tag.bare}", "the image of container bare, 'registry.example:5000/shop', has none"),
        ("{image_tag.proxy}", "the image of container proxy, "),
        ("{image_digest.bare}", "has none"),
        ("{image.other}", "the revision has no container 'other' with an image"),
        ("{parameter.VERSION}", "hookDetails have no VERSION in PARAMETERS"),
    ],
)
def test_a_fact_that_the_revision_lacks_is_refused(expect, says):
    with pytest.raises(InputError) as caught:
        expected_value(check(expect=expect), SUBJECT)
    assert f"identity: expect asks for {expect}" in str(caught.value)
    assert says in str(caught.value)


def test_a_revision_without_a_task_definition_is_refused():
    bare = Subject(container="web", images={}, revision=GREEN)
    with pytest.raises(InputError, match="ECS names no task definition"):
        expected_value(check(expect="{task_revision}"), bare)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("/version", "identity is no table of texts"),
        (CHECK | {"path": 1}, "identity is no table of texts"),
        (CHECK | {"paht": "/v"}, "identity: unknown key 'paht'; known: path, jmespath, header"),
        (CHECK | {"path": "version"}, "path is 'version', expected one like /version"),
        (CHECK | {"path": "/../admin"}, "path is '/../admin'"),
        (CHECK | {"path": "/a b"}, "path is '/a b'"),
        (CHECK | {"path": "/a#b"}, "path is '/a#b'"),
        (CHECK | {"path": "/a\r\nHost: b"}, "expected one like /version"),
        ({"jmespath": "v", "expect": "{image}"}, "path is ''"),
        (CHECK | {"header": "x-version"}, "exactly one of jmespath and header"),
        ({"path": "/", "expect": "{image}"}, "exactly one of jmespath and header"),
        ({"path": "/", "expect": "{image}", "header": "x v"}, "'x v' is not the name of a header"),
        (CHECK | {"expect": "1.2.0"}, "the same for every revision: the old one would pass"),
        (CHECK | {"expect": ""}, "the same for every revision"),
        (CHECK | {"expect": "{{image_tag}}"}, "the same for every revision"),
        (
            CHECK | {"expect": "{imagetag}"},
            "asks for {imagetag}, which is not known; known: {",
        ),
        (CHECK | {"expect": "{image_tag.}"}, "asks for {image_tag.}, which is not known"),
        (CHECK | {"expect": "{parameter.commit}"}, "which is not known"),
        (CHECK | {"expect": "{image_tag"}, "has a lone {; write {{"),
        (CHECK | {"expect": "{image_tag}}"}, "has a lone }; write }}"),
        (CHECK | {"expect": "{image}" + "x" * 512}, "longer than 512"),
    ],
)
def test_what_a_check_cannot_mean_is_refused(raw, says):
    with pytest.raises(PlanError) as caught:
        parse_check(raw)
    assert says in str(caught.value)


def test_a_gate_file_and_a_plan_carry_the_check():
    text = (
        'schema = 1\n[gate]\nname = "shop"\n[[suites]]\nname = "smoke"\npath = "smoke"\n'
        '[identity]\npath = "/version"\nheader = "x-version"\nexpect = "{image_tag}"\n'
    )
    found = parse_gate_file(text, START.date()).identity
    assert found == IdentityCheck(path="/version", header="x-version", expect="{image_tag}")
    of = Plan(gate="shop", waves=((suite(),),), identity=found)
    assert parse_plan(json.loads(of.json)) == of
    assert of.digest != plan().digest


def test_a_wrong_check_is_told_with_the_rest_of_the_gate_file():
    with pytest.raises(PlanError) as caught:
        parse_gate_file('identity = {path = "v"}\n', START.date())
    assert sum(problem.startswith("identity: ") for problem in caught.value.problems) == 3
    raw = json.loads(plan().json) | {"identity": CHECK | {"expect": "1"}}
    with pytest.raises(PlanError, match="the same for every revision"):
        parse_plan(raw)


def test_the_time_for_asking_counts_into_the_budget():
    of = Plan(gate="a", waves=((suite(timeout_s=500),),), timeout_s=590, identity=check())
    assert "(wave 1: 500 s + 40 s for identity + 60 s for the verdict)" in str(budget_problem(of))
