"""What happens next, as tables."""

import json

import pytest

from testgate.local.ecs.answers import (
    HookEvent,
    HookVerdict,
    HookWaits,
    read_result,
    to_payload,
)
from testgate.local.ecs.behaviour import Behaviour, CallBackDelays, HookDetailsMode
from testgate.local.ecs.containers import free_port, task_environment
from testgate.local.ecs.decisions import (
    HookEnd,
    carry_details,
    fold,
    handed_over,
    next_call_s,
    plan_stages,
    rollback_stages,
    weights_at,
)
from testgate.local.ecs.images import ImageMap, ImageMapError, repository_of
from testgate.local.ecs.invoker import HookAnswered, HookCall
from testgate.local.ecs.model import HookDetails, HookStatus, Stage, Strategy

_CALL = HookCall(function_arn="arn:f", role_arn="arn:r", payload=b"{}")


def test_reconcile_comes_first_and_only_if_needed():
    assert plan_stages(Strategy.BLUE_GREEN, reconcile=True) == tuple(Stage)
    assert plan_stages(Strategy.BLUE_GREEN, reconcile=False) == tuple(Stage)[1:]
    assert plan_stages(Strategy.ROLLING, reconcile=False) == (
        Stage.PRE_SCALE_UP,
        Stage.SCALE_UP,
        Stage.BAKE_TIME,
        Stage.CLEAN_UP,
    )


def test_weights_of_a_create_name_the_target_alone():
    weights = weights_at(Stage.PRODUCTION_TRAFFIC_SHIFT, target="g", source=None)
    assert (weights.production, weights.test) == ({"g": 100}, {})


@pytest.mark.parametrize(
    ("members", "asked_s"),
    [
        ("", None),
        (', "callBackDelay": 5', 5.0),
        (', "callBackDelay": 0.5', 0.5),
        (', "callBackDelay": -1', -1.0),
        (', "callBackDelay": true', None),
        (', "callBackDelay": "5"', None),
        (', "callBackDelay": null', None),
        (', "callBackDelay": Infinity', None),
        (f', "callBackDelay": 1{"0" * 400}', None),
        (', "callBackDelaySeconds": 5', None),
    ],
)
def test_call_back_delay_is_read_if_it_is_a_finite_number(members, asked_s):
    body = f'{{"hookStatus": "IN_PROGRESS"{members}}}'.encode()
    waits = HookWaits(asked_delay_s=asked_s, details=None)
    assert read_result(_CALL, HookAnswered(body), Behaviour()) == waits


_DELAYS = CallBackDelays


@pytest.mark.parametrize(
    ("rule", "asked_s", "next_s"),
    [
        (_DELAYS.AS_GIVEN, None, 30.0),
        (_DELAYS.AS_GIVEN, 5.0, 5.0),
        (_DELAYS.AS_GIVEN, 0.5, 0.5),
        (_DELAYS.AS_GIVEN, 0.0, 30.0),
        (_DELAYS.AS_GIVEN, -1.0, 30.0),
        (_DELAYS.AS_GIVEN, 100.0, None),
        (_DELAYS.WHOLE_SECONDS, 0.5, 30.0),
        (_DELAYS.WHOLE_SECONDS, 5.0, 5.0),
        (_DELAYS.AT_LEAST_30, 5.0, 30.0),
        (_DELAYS.AT_LEAST_30, 45.0, 45.0),
        (_DELAYS.ZERO_AT_ONCE, 0.0, 0.0),
        (_DELAYS.ZERO_AT_ONCE, -1.0, 30.0),
        (_DELAYS.LATE, 10.0, 15.0),
        (_DELAYS.LATE, None, 45.0),
        (_DELAYS.LAST_CALL, 10.0, 10.0),
        (_DELAYS.LAST_CALL, 100.0, 99.0),
    ],
)
def test_the_next_call_comes_by_the_rule(rule, asked_s, next_s):
    assert next_call_s(rule, asked_s, left_s=100.0) == next_s


def test_there_is_one_last_call_and_no_more():
    assert next_call_s(CallBackDelays.LAST_CALL, 10.0, left_s=1.0) is None


@pytest.mark.parametrize("body", [b"", b"null", b'"SUCCEEDED"', b'{"hookstatus": "SUCCEEDED"}'])
def test_what_is_no_answer_refuses(body):
    reading = read_result(_CALL, HookAnswered(body), Behaviour())
    assert isinstance(reading, HookVerdict)
    assert reading.refusal == (
        "ECS was unable to parse the response from arn:f due to HookStatus must not be null"
    )


def test_payload_holds_hook_details_only_if_there_are_any():
    event = HookEvent(
        execution_id="e",
        stage=Stage.PRE_SCALE_UP,
        deployment_arn="d",
        service_arn="s",
        target_revision_arn="r",
        test_weights={},
        production_weights={},
        details=None,
    )
    assert "hookDetails" not in json.loads(to_payload(event))


_MODES = HookDetailsMode


@pytest.mark.parametrize(
    ("mode", "configured", "returned", "then"),
    [
        (_MODES.MERGE, {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        (_MODES.MERGE, {"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"y": 2}}),
        (_MODES.MERGE, {"a": 1}, None, {"a": 1}),
        (_MODES.MERGE, None, {"b": 2}, {"b": 2}),
        (_MODES.MERGE, "text", {"b": 2}, {"b": 2}),
        (_MODES.KEEP_CONFIGURED, {"a": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}),
        (_MODES.FORGET, {"a": 1}, {"b": 2}, {"b": 2}),
        (_MODES.FORGET, {"a": 1}, None, None),
        (_MODES.REPLACE, {"a": 1}, {"b": 2}, {"b": 2}),
        (_MODES.REPLACE, {"a": 1}, None, {"a": 1}),
        (_MODES.DROP, {"a": 1}, {"b": 2}, {"a": 1}),
        (_MODES.DROP, None, {"b": 2}, None),
        (_MODES.TEXT, {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ],
)
def test_details_carried_to_the_next_call(mode, configured, returned, then):
    def details(value):
        return None if value is None else HookDetails(value)

    carried = carry_details(
        mode,
        configured=details(configured),
        current=details(configured),
        returned=details(returned),
    )
    assert carried == details(then)


def test_text_mode_spells_objects_as_text_and_leaves_text():
    assert handed_over(_MODES.TEXT, HookDetails({"a": 1})) == HookDetails('{"a": 1}')
    assert handed_over(_MODES.TEXT, HookDetails("{}")) == HookDetails("{}")
    assert handed_over(_MODES.TEXT, None) is None


def test_fold_takes_the_first_refusal_in_configured_order():
    good = HookEnd(status=HookStatus.SUCCEEDED)
    bad, worse = (HookEnd(status=HookStatus.FAILED, refusal=text) for text in ("bad", "worse"))
    assert fold([good, good]) is None
    assert fold([good, worse, bad]) == "worse"
    assert fold([None, bad]) == "bad"
    assert fold([]) is None


@pytest.mark.parametrize(
    ("test", "production", "stages"),
    [
        (False, False, ()),
        (True, False, (Stage.TEST_TRAFFIC_SHIFT,)),
        (True, True, (Stage.PRODUCTION_TRAFFIC_SHIFT, Stage.TEST_TRAFFIC_SHIFT)),
    ],
)
def test_only_what_shifted_is_taken_back(test, production, stages):
    assert rollback_stages(test_shifted=test, production_shifted=production) == stages


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("shop", "shop"),
        ("shop:v1", "shop"),
        ("localhost:5000/shop", "localhost:5000/shop"),
        ("localhost:5000/team/shop:v1", "localhost:5000/team/shop"),
        ("public.ecr.aws/x/shop@sha256:00", "public.ecr.aws/x/shop"),
        ("shop:v1@sha256:00", "shop"),
    ],
)
def test_repository_of_an_image(image, repository):
    assert repository_of(image) == repository


def test_image_map_takes_the_first_pattern_that_matches(tmp_path):
    path = tmp_path / "images.toml"
    path.write_text(
        '[images."team/*"]\ncommand = ["{python}", "-m", "a", "--port={port}"]\ncwd = "apps"\n'
        '[images."*"]\ncommand = ["b"]\n'
    )
    images = ImageMap.load(path)
    first = images.command_for("1.dkr.ecr.us-east-1.amazonaws.com/team/shop:v1")
    assert first is not None
    assert first.cwd == tmp_path / "apps"
    assert first.arguments(81)[1:] == ["-m", "a", "--port=81"]
    other = images.command_for("nginx")
    assert other is not None
    assert other.command == ("b",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("images = 3", "images: expected tables"),
        ("[images.shop]\ncwd = '.'", 'images."shop".command: expected a list of text, got None'),
        ("[images.shop]\ncommand = ['a']\ncwd = 1", 'images."shop".cwd: expected text'),
        ("[images.shop]\ncommand = ['a']\ncmd = 1", "unknown key 'cmd'"),
        ("images.shop = 1", 'images."shop": expected a table'),
        ("[images.shop]\nmissing = false", 'images."shop": missing is true'),
        ("[images.shop]\nmissing = true\ncwd = '.'", "and then stands alone"),
        ("[", "cannot read the image map"),
    ],
)
def test_image_map_errors_name_file_and_key(tmp_path, text, problem):
    path = tmp_path / "images.toml"
    path.write_text(text)
    with pytest.raises(ImageMapError) as caught:
        ImageMap.load(path)
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)


def test_environment_of_a_task_is_an_allow_list():
    definition = {
        "image": "shop:1",
        "environment": [{"name": "PORT", "value": "8080"}, {"name": "PATH", "value": "/own"}],
    }
    parent = {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "x", "LANG": "C"}
    assert task_environment(definition, {8080: 4001, 9090: 4002}, parent) == {
        "PATH": "/own",
        "LANG": "C",
        "PYTHONUNBUFFERED": "1",
        "IMAGE": "shop:1",
        "PORT": "4001",
        "PORT_8080": "4001",
        "PORT_9090": "4002",
    }


def test_ports_are_handed_out_once():
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == 20
