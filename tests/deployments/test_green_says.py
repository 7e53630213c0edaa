"""A gate that asks green who it is: its own word must be that of the revision, before and after."""

import pytest

from testgate.core.outcomes import Outcome
from tests.deployments.conftest import SUITE

ASKS = '[identity]\npath = "/version"\njmespath = "version"\nexpect = "{image_tag}"\n'


@pytest.fixture
def asking(lab):
    """Version 1 in production; from then on its gate asks green for its version."""
    lab.established()
    lab.publish({"smoke": SUITE}, gate=ASKS)
    return lab


def states(lab, deployment):
    (arn,) = lab.executions(deployment)
    client = lab.local.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [
        event["stateEnteredEventDetails"]["name"]
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]


def test_green_that_says_its_version_passes_and_the_record_tells(asking):
    deployment = asking.update("2")
    run = asking.run(deployment)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert asking.production == "2"
    assert run.record["identity"]["says"] == (
        'GET /version version = "2" at 1 address, 3 times each, before and after'
    )
    report = asking.bucket.get(run.place.report).decode()
    assert "3 times each, before and after" in report
    assert states(asking, deployment)[-4:] == ["AskAfter", "Judge", "Verdict", "Passed"]


def test_green_that_says_another_version_is_not_even_tested(asking):
    deployment = asking.ended(
        asking.site.update(asking.site.register("example.com/shop:2", {"SHOP_VERSION": "1"}))
    )
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not asking.production_shifts()
    run = asking.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert run.sentence == (
        'identity: 3 of 3 answers of GET /version said version "1", expected "2", before the tests'
    )
    assert run.record["suites"] == []
    assert run.record["identity"]["says"].endswith("0 of 3 answers before, not asked after")
    assert "RunSuite" not in states(asking, deployment)


def test_green_that_has_become_another_while_it_was_tested_is_refused(lab):
    lab.image = "echo"
    lab.publish({"smoke": SUITE}, gate=ASKS)
    assert lab.create("1", lab.hook())["status"] == "SUCCESSFUL"
    lab.transitions.clear()
    lab.publish({"smoke": SUITE.replace("/health", "/become/1")}, gate=ASKS)
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert run.sentence == (
        'identity: 3 of 3 answers of GET /version said version "1", expected "2", after the tests'
    )
    assert [suite["outcome"] for suite in run.record["suites"]] == ["passed"]


def test_a_header_and_a_parameter_will_do_too(lab):
    lab.image = "echo"
    asks = '[identity]\npath = "/"\nheader = "x-version"\nexpect = "{parameter.VERSION}"\n'
    lab.publish({"smoke": SUITE}, gate=asks)
    deployment = lab.create("1", lab.hook(PARAMETERS={"VERSION": "1"}))
    run = lab.run(deployment)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert run.record["identity"]["says"].startswith('GET / header x-version = "1" at 1 address')
    refused = lab.update("2", lab.hook())
    assert refused["status"] == "ROLLBACK_SUCCESSFUL"
    assert "hookDetails have no VERSION in PARAMETERS" in lab.run(refused).sentence


def test_a_gate_that_asks_nothing_pays_nothing(lab):
    lab.publish({"smoke": SUITE})
    deployment = lab.create("1", lab.hook())
    assert deployment["status"] == "SUCCESSFUL"
    assert not {"AskBefore", "HeldBefore", "AskAfter"} & set(states(lab, deployment))
    assert lab.run(deployment).record["identity"]["says"] == "routing only"
