"""Whom AWS's events are about, and when a deployment is dead."""

import pytest

from testgate.core.aws_events import (
    ServiceName,
    dead_sentence,
    execution_of,
    may_ask_for,
    service_of,
)
from testgate.core.errors import InputError
from tests.core.samples import deployment, question
from tests.local.events.examples import DEPLOYMENT_EVENT, EXECUTION, EXECUTION_EVENT, HOOK_EVENT


def test_events_name_their_execution_and_their_service():
    assert execution_of(EXECUTION_EVENT) == EXECUTION
    assert service_of(DEPLOYMENT_EVENT) == ServiceName(cluster="default", service="servicetest")
    assert service_of(HOOK_EVENT) == ServiceName(cluster="my-cluster", service="my-service")


@pytest.mark.parametrize("event", [{}, {"detail": None}, {"detail": {}, "resources": ["x", None]}])
def test_events_that_name_nothing_are_refused(event):
    with pytest.raises(InputError):
        execution_of(event)
    with pytest.raises(InputError):
        service_of(event)


@pytest.mark.parametrize(
    ("service", "asks"), [("web", True), ("web_2", False), ("we", False), ("worker", False)]
)
def test_an_executions_name_tells_whose_it_cannot_be(service, asks):
    name = question().execution_name
    assert may_ask_for(name, ServiceName(cluster="shop", service=service)) is asks


def test_a_long_or_underscored_service_name_still_finds_its_executions():
    for service in ("a_b", "x" * 60):
        plain = service.replace("_", "-")[:15]
        name = f"{plain}-{'0' * 64}"
        assert may_ask_for(name, ServiceName(cluster="c", service=service))


@pytest.mark.parametrize(
    ("changes", "dead"),
    [
        ({}, False),
        ({"status": "PENDING"}, False),
        ({"stage": "TEST_TRAFFIC_SHIFT"}, False),
        ({"stage": "BAKE_TIME"}, True),
        ({"status": "ROLLBACK_REQUESTED"}, True),
        ({"status": "ROLLBACK_IN_PROGRESS"}, True),
        ({"status": "STOPPED"}, True),
        ({"status": "SUCCESSFUL"}, True),
    ],
)
def test_only_a_deployment_that_cannot_ask_any_more_is_dead(changes, dead):
    assert (dead_sentence(question(), deployment(**changes)) is not None) is dead
