"""Whatever a person has in hand names one service or one deployment, or a sentence says why not."""

import pytest

from testgate.cli.targets import (
    BareName,
    Execution,
    StackOf,
    read_target,
    services_among,
    the_one_service,
)
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.aws_events import ServiceName
from testgate.core.errors import InputError
from tests.core.samples import ARN

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:gate:web-0f"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/0b1c"
SERVICE = "arn:aws-cn:ecs:cn-north-1:123456789012:service/shop/web"
WEB = ServiceName(cluster="shop", service="web")


@pytest.mark.parametrize(
    ("text", "means"),
    [
        (ARN, parse_service_deployment_arn(ARN)),
        ("shop/web", WEB),
        (SERVICE, WEB),
        (EXECUTION, Execution(arn=EXECUTION, name="web-0f")),
        (STACK, StackOf(name="shop")),
        ("web", BareName(name="web")),
    ],
)
def test_a_text_is_read_as_what_it_names(text, means):
    assert read_target(text) == means


@pytest.mark.parametrize("text", ["", "a/b/c", "not a target", "arn:aws:s3:::x", "shop/", "/web"])
def test_a_text_that_names_nothing_is_told_what_was_expected(text):
    with pytest.raises(InputError, match="names no gate run: expected cluster/service, the name"):
        read_target(text)


def test_services_are_found_among_a_stacks_resources():
    ids = ["web-task:1", SERVICE, "", "arn:aws:ecs:us-east-1:123456789012:service/old-short-form"]
    assert services_among(ids) == [WEB]


def test_a_name_must_mean_one_service():
    other = ServiceName(cluster="stage", service="web")
    assert the_one_service("web", [WEB, WEB]) == WEB
    with pytest.raises(InputError, match="'web' may mean shop/web, stage/web: say which as"):
        the_one_service("web", [other, WEB])
    with pytest.raises(InputError, match="'web' is neither a service with a recorded gate run nor"):
        the_one_service("web", [])
