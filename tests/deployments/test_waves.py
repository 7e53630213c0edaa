"""Waves, attempts and shards on whole deployments: what runs, and what it is called."""

import json

import pytest

from testgate.core.outcomes import Outcome
from testgate.local.lambdas import Crash, Moment
from tests.deployments.conftest import SUITE

BROKEN = SUITE + "def test_broken(base_url):\n    assert False, 'green is broken'\n"
SECOND_TIME = (
    SUITE
    + """
import os
def test_second_time(base_url):
    assert os.environ['TESTGATE_ATTEMPT'] == '2', 'not yet'
"""
)
MANY = (
    SUITE
    + """
import pytest
@pytest.mark.parametrize('n', range(9))
def test_many(base_url, n):
    assert requests.get(base_url + '/health').status_code == 200
"""
)


def in_waves(lab, *texts):
    """Publish a gate whose suites each have a wave of their own."""
    tables = []
    for number, text in enumerate(texts, 1):
        directory = lab.directory / f"suite-{number}"
        directory.mkdir(exist_ok=True)
        (directory / "test_it.py").write_text(text)
        tables.append(
            f'[[suites]]\nname = "suite-{number}"\npath = "suite-{number}"\nwave = {number}\n'
        )
    lab.publish({}, gate="\n" + "".join(tables))


def runs_of(lab, deployment):
    """The shards that the execution really ran, as (suite, attempt)."""
    (arn,) = lab.executions(deployment)
    events = lab.local.client("stepfunctions").get_execution_history(
        executionArn=arn, maxResults=1000
    )["events"]
    entered = [
        json.loads(event["stateEnteredEventDetails"]["input"])["due"]
        for event in events
        if event.get("stateEnteredEventDetails", {}).get("name") == "RunSuite"
    ]
    return [(due["suite"], due["attempt"]) for due in entered]


def test_waves_run_one_after_another_while_all_is_well(lab):
    lab.established()
    in_waves(lab, SUITE, SUITE, SUITE)
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL"
    assert runs_of(lab, deployment) == [("suite-1", 1), ("suite-2", 1), ("suite-3", 1)]
    assert lab.run(deployment).sentence == "3 of 3 tests passed (suite-1, suite-2, suite-3)"


def test_a_later_wave_does_not_run_after_a_failure_which_stays_the_headline(lab):
    lab.established()
    in_waves(lab, SUITE, BROKEN, SUITE)
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert runs_of(lab, deployment) == [("suite-1", 1), ("suite-2", 1)]
    run = lab.run(deployment)
    assert run.outcome is Outcome.FAILED
    assert run.sentence == (
        "1 of 2 tests in suite suite-2 failed (allowed 0); first: test_it.py::test_broken: "
        "green is broken; not run: suite-3"
    )
    assert [suite["outcome"] for suite in run.record["suites"]] == ["passed", "failed", "skipped"]


def test_a_check_that_keeps_crashing_costs_no_result(lab):
    lab.established()
    in_waves(lab, SUITE, SUITE)
    crash = Crash(when=Moment.BEFORE_HANDLER)
    lab.local.lambdas.inject(lab.stack.function("check"), crash, times=3)
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL"
    assert runs_of(lab, deployment) == [("suite-1", 1), ("suite-2", 1)]


@pytest.mark.parametrize(("attempts", "passes"), [(1, False), (2, True)])
def test_a_suite_is_tried_as_often_as_it_declares(lab, attempts, passes):
    lab.established()
    lab.publish({"smoke": SECOND_TIME}, extra=f"attempts = {attempts}")
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == ("SUCCESSFUL" if passes else "ROLLBACK_SUCCESSFUL")
    assert runs_of(lab, deployment) == [("smoke", n + 1) for n in range(attempts)]
    run = lab.run(deployment)
    if passes:
        assert run.sentence == (
            "2 of 2 tests passed, 1 flaky (smoke); passed only when tried again: smoke"
        )
        (suite,) = run.record["suites"]
        assert (suite["outcome"], suite["attempts"]) == ("flaky", 2)
        assert suite["flaky"][0]["name"] == "test_it.py::test_second_time"
    else:
        assert run.outcome is Outcome.FAILED
        assert not lab.production_shifts()


def test_shards_run_side_by_side_and_count_once(lab):
    lab.established()
    lab.publish({"smoke": MANY}, extra="shards = 4\nmin_tests = 10")
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL"
    assert len(runs_of(lab, deployment)) == 4
    run = lab.run(deployment)
    assert run.sentence == "10 of 10 tests passed (smoke)"
    assert run.record["suites"][0]["shards"] == 4


def test_a_threshold_on_green_refuses_with_its_number(lab):
    lab.established()
    lab.publish({"smoke": SUITE}, extra='thresholds = ["requests >= 100"]')
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.run(deployment).sentence == "suite smoke: requests is 1, must be >= 100"


def test_a_gate_published_for_more_time_than_it_is_given_refuses_at_once(lab):
    lab.established()
    lab.publish({"smoke": SUITE}, gate="timeout_s = 2400")
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert "is published for 2400 s and TIMEOUT_SECONDS is 1800: set it to 2400" in run.sentence
    assert runs_of(lab, deployment) == []


SHELL = """set -e
python3 -c 'import os, urllib.request as u; u.urlopen(os.environ["BASE_URL"] + "/health")'
test "$TESTGATE_SERVICE" = "$1" || { echo "not my service: $TESTGATE_SERVICE"; exit 9; }
"""


@pytest.mark.parametrize("right", [True, False])
def test_a_suite_of_a_shell_script_gates_a_deployment(lab, right):
    lab.established()
    (lab.directory / "shell").mkdir()
    (lab.directory / "shell" / "smoke.sh").write_text(SHELL)
    command = json.dumps(["sh", "smoke.sh", lab.name if right else "another"])
    table = f'[[suites]]\nname = "shell"\npath = "shell"\ncommand = {command}\n'
    lab.publish({}, gate=f'\n{table}evidence = "exit-code"\n')
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == ("SUCCESSFUL" if right else "ROLLBACK_SUCCESSFUL")
    assert lab.run(deployment).sentence == (
        "1 of 1 tests passed (shell)"
        if right
        else "1 of 1 tests in suite shell failed (allowed 0); first: shell: "
        "it ended with exit code 9"
    )
