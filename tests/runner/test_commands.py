"""Suites of any program: judged by the report they leave, or by their exit code as one test."""

import json

import pytest

from testgate.core.errors import PlanError
from testgate.core.outcomes import Outcome
from testgate.core.plan import EvidenceKind
from testgate.core.plan_problems import plan_problems
from testgate.core.plan_reading import parse_plan
from tests.core.samples import plan, suite
from tests.runner.place import run

ASK = "python3 -c \"import os, urllib.request as u; u.urlopen(os.environ['BASE_URL'])\"\n"
CASES = "<testsuite><testcase name='a'/><testcase name='b'>{}</testcase></testsuite>"
LEAVE = 'cp report "$TESTGATE_RESULTS_DIR/{}"\n'


def shell(tmp_path, script, evidence="exit-code", report="", **changes):
    files = {"smoke.sh": "set -e\n" + ASK + script, "report": report}
    kind = {"framework": "command", "command": ("sh", "smoke.sh")}
    return run(tmp_path, files, **(kind | {"evidence": EvidenceKind(evidence)} | changes))


def test_an_exit_code_counts_as_one_test(tmp_path):
    evidence, verdict = shell(tmp_path, "exit 0")
    assert (verdict.outcome, verdict.counts.total) == (Outcome.PASSED, 1)
    assert evidence.tests[0].name == "smoke"
    assert evidence.relay is not None
    assert evidence.relay.requests == 1


@pytest.mark.parametrize(
    ("script", "outcome", "says"),
    [
        (
            "echo no cart; exit 22",
            "failed",
            "1 of 1 tests in suite smoke failed (allowed 0); first",
        ),
        ("nothing_like_it", "suite_error", "command was not found (exit code 127)"),
        ("./report", "suite_error", "command could not be executed (exit code 126)"),
        ("sh -c 'kill -11 $$'", "suite_error", "ended by signal 11"),
        ("exit 2", "failed", "first: smoke: it ended with exit code 2"),
        ("if then fi", "suite_error", "suite smoke could not run: sh cannot read smoke.sh: "),
        ("exit 200", "suite_error", "ended by signal 72"),
        ("kill -9 $$", "infra_error", "killed by signal 9"),
        ("sleep 60", "timed_out", "timed out after 3 s"),
    ],
)
def test_what_an_exit_code_says(tmp_path, script, outcome, says):
    timeout = {"timeout_s": 3} if "sleep" in script else {}
    _, verdict = shell(tmp_path, script, **timeout)
    assert verdict.outcome.value == outcome
    assert says in verdict.sentence


def test_a_program_that_is_not_there_is_a_suite_error(tmp_path):
    _, verdict = run(tmp_path, {}, framework="command", command=("./nowhere",))
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert "command was not found (exit code 127)" in verdict.sentence


@pytest.mark.parametrize("name", ["junit.xml", "TEST-web.xml"])
def test_a_program_names_its_reports_as_it_likes(tmp_path, name):
    report = CASES.format("")
    _, verdict = shell(tmp_path, LEAVE.format(name), "report", report)
    assert (verdict.outcome, verdict.counts.passed) == (Outcome.PASSED, 2)


def test_ctrf_alone_is_a_report(tmp_path):
    tests = [{"name": "a", "status": "passed", "duration": 1}]
    summary = {"tests": 1, "passed": 1, "failed": 0, "skipped": 0, "pending": 0, "other": 0}
    ctrf = {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "results": {
            "tool": {"name": "x"},
            "summary": summary | {"start": 0, "stop": 1},
            "tests": tests,
        },
    }
    _, verdict = shell(tmp_path, LEAVE.format("ctrf.json"), "report", json.dumps(ctrf))
    assert (verdict.outcome, verdict.counts.passed) == (Outcome.PASSED, 1)


@pytest.mark.parametrize(
    ("script", "report", "says"),
    [
        ("exit 0", "", "neither JUnit (*.xml) nor CTRF (*.json) was written"),
        (LEAVE.format("j.xml"), CASES.format("<failure/>"), "1 failures and its exit code is 0"),
        (LEAVE.format("j.xml") + "exit 3", CASES.format(""), "its exit code is 3 and its report"),
        (LEAVE.format("j.xml"), "<testsuite>", "is not readable XML"),
        (LEAVE.format("j.xml"), "<testsuite/>", "no test ran"),
    ],
)
def test_report_and_exit_code_must_agree(tmp_path, script, report, says):
    _, verdict = shell(tmp_path, script, "report", report)
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert says in verdict.sentence


def test_failures_of_a_report_refuse(tmp_path):
    report = CASES.format("<failure message='500'/>")
    _, verdict = shell(tmp_path, LEAVE.format("j.xml") + "exit 7", "report", report)
    assert verdict.sentence == "1 of 2 tests in suite smoke failed (allowed 0); first: b: 500"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"framework": "command"},
            "framework 'command' needs a command: the program and its arguments",
        ),
        ({"command": ("sh",)}, "framework 'pytest' runs no command"),
        ({"evidence": EvidenceKind.EXIT_CODE}, "evidence 'exit-code' is for commands"),
        (
            {
                "framework": "command",
                "command": ("sh",),
                "evidence": EvidenceKind.EXIT_CODE,
                "min_tests": 2,
            },
            "an exit code counts as one test",
        ),
        ({"framework": "command", "command": ("sh",), "shards": 2}, "cannot be shared out"),
    ],
)
def test_what_a_command_cannot_be(changes, says):
    of = plan(suite(**changes))
    assert any(says in problem for problem in plan_problems(of))
    with pytest.raises(PlanError):
        parse_plan(json.loads(of.json))
