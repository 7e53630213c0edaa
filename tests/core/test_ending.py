"""What an execution that ended without its judge comes to, and what its history gives back."""

import json

import pytest

from testgate.core.binding import Counts, GateOutput
from testgate.core.ending import ended_verdict
from testgate.core.evidence import Crash, Run
from testgate.core.facts import ExecutionFacts
from testgate.core.handoff import Pointer
from testgate.core.history import read_history
from testgate.core.outcomes import Outcome
from tests.core.samples import START, evidence, failed, passed, plan, question, suite

TWO = plan(suite("smoke"), suite("slow"))


def ended(status, error="", cause="", output=None):
    return ExecutionFacts(status=status, started_at=START, error=error, cause=cause, output=output)


@pytest.mark.parametrize(
    ("execution", "outcome", "sentence"),
    [
        (ended("ABORTED"), "aborted", "the execution was stopped by hand"),
        (ended("ABORTED", "E", "enough"), "aborted", "the execution was stopped: enough"),
        (
            ended("ABORTED", "Testgate.Aborted", "the deployment is STOPPED"),
            "aborted",
            "the execution was stopped: the deployment is STOPPED",
        ),
        (
            ended("ABORTED", "Testgate.TimedOut", "the gate timed out after 60 s"),
            "timed_out",
            "the gate timed out after 60 s",
        ),
        (ended("TIMED_OUT"), "timed_out", "the state machine's own timeout ended it"),
        (
            ended("FAILED", "States.DataLimitExceeded", "too much"),
            "infra_error",
            "the gate's execution failed with States.DataLimitExceeded: too much",
        ),
        (
            ended("FAILED", "States.Runtime", "no such path"),
            "infra_error",
            "the gate's execution failed with States.Runtime: no such path",
        ),
        (ended("FAILED", "Testgate.SuiteError", "broken"), "suite_error", "broken"),
        (ended("FAILED", "Testgate.Passed", "well"), "infra_error", "the gate's execution failed"),
        (ended("PENDING_REDRIVE"), "infra_error", "the execution has status PENDING_REDRIVE"),
        (ended("SUCCEEDED"), "infra_error", "the execution succeeded without a verdict"),
    ],
)
def test_outcome_and_sentence_follow_from_how_it_ended(execution, outcome, sentence):
    verdict = ended_verdict(question(), execution, None, [])
    assert verdict.outcome.value == outcome
    assert verdict.sentence.startswith(sentence)
    assert verdict.suites == ()


def test_what_had_ended_is_judged_and_what_is_missing_is_named():
    left = evidence(TWO, passed("a"), failed("b"))
    verdict = ended_verdict(question(), ended("ABORTED", cause="enough"), TWO, [left])
    assert verdict.outcome is Outcome.ABORTED
    assert verdict.sentence == (
        "the execution was stopped: enough; of 2 suites 1 had left a result: smoke; none: slow"
    )
    assert [suite.outcome.value for suite in verdict.suites] == ["failed", "infra_error"]
    assert verdict.suites[1].sentence == "suite slow left no result"
    assert verdict.counts == Counts(total=2, passed=1, failed=1)


def output(of_plan):
    return json.dumps(
        GateOutput(
            outcome=Outcome.PASSED,
            sentence="1 of 1 tests passed (smoke)",
            input_digest=question().digest,
            plan_digest=of_plan.digest,
            counts=Counts(total=1, passed=1),
            record_key="k",
        ).spell()
    )


@pytest.mark.parametrize(
    ("test", "outcome"), [(passed("a"), Outcome.PASSED), (failed("a"), Outcome.INFRA_ERROR)]
)
def test_a_success_is_recorded_as_pass_only_if_its_evidence_says_so_again(test, outcome):
    of = plan()
    execution = ended("SUCCEEDED", output=output(of))
    assert ended_verdict(question(), execution, of, [evidence(of, test)]).outcome is outcome
    assert ended_verdict(question(), execution, None, []).outcome is Outcome.INFRA_ERROR


def left(name, value):
    text = value if isinstance(value, str) else json.dumps(value)
    return {"stateExitedEventDetails": {"name": name, "output": text}}


def test_history_gives_prepares_answer_and_every_result():
    run = Run(suite="smoke", shard=1)
    pointer = Pointer(run=run, digest="sha256:1")
    crash = {"suite": "slow", "shard": 1, "attempt": 1, "crash": {"Error": "E", "Cause": "c"}}
    traces = read_history(
        [
            {"type": "ExecutionStarted", "executionStartedEventDetails": {"input": "{}"}},
            left("Prepare", {"prepare": {"payload": {"ready": True, "plan_digest": "d"}}}),
            left("RunSuite", {"due": {}, "ran": {"payload": pointer.spell() | {"again": False}}}),
            left("RunSuite", {"due": {}, "run": {}, "crash": {"Error": "E"}}),
            left("SuiteCrashed", {"due": {}, "ran": {"payload": crash}}),
            left("ShardEnded", [[], pointer.spell()]),
            left("RunWave", {"wave": [[[], pointer.spell()], [[], crash]]}),
        ]
    )
    assert traces.prepared == {"ready": True, "plan_digest": "d"}
    assert traces.results == (
        pointer,
        Crash(run=Run(suite="slow", shard=1), error="E", cause="c"),
    )


@pytest.mark.parametrize(
    "event",
    [
        {},
        left("X", ""),
        left("X", "no json"),
        left("X", [1]),
        left("X", {"prepare": None}),
        left("X", {"prepare": {"payload": "text"}}),
        left("X", {"ran": None}),
        left("X", {"ran": {"payload": {"evidence": "sha256:1"}}}),
        left("X", {"ran": {"payload": {"suite": "a", "shard": "one", "attempt": 1, "crash": {}}}}),
    ],
)
def test_other_shapes_in_a_history_leave_no_trace(event):
    traces = read_history([event])
    assert (dict(traces.prepared), traces.results) == ({}, ())
