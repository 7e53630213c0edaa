"""The verdict: what earns a pass, and the sentence of everything that does not."""

import dataclasses

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from testgate.core.counting import distinct_tests
from testgate.core.evidence import Crash, RelayCounts, Run, TestResult
from testgate.core.outcomes import PASSING, Outcome, headline, worst
from testgate.core.suite_verdict import judge_suite
from testgate.core.verdict import judge
from tests.core.samples import evidence, failed, passed, plan, question, skipped, suite

DIGEST = question().digest


def verdict(*results, of=None):
    return judge(of or plan(), results, DIGEST)


def test_all_passed_passes():
    result = verdict(evidence(plan(), passed("a"), passed("b")))
    assert result.outcome is Outcome.PASSED
    assert result.sentence == "2 of 2 tests passed (smoke)"
    assert result.counts.passed == 2


def test_failures_refuse_with_arithmetic_and_the_first_name():
    tests = (passed("a"), failed("test_checkout"), failed("test_pay"))
    result = verdict(evidence(plan(), *tests))
    assert result.outcome is Outcome.FAILED
    assert result.sentence == (
        "2 of 3 tests in suite smoke failed (allowed 0); first: test_checkout: 500, expected 201"
    )


def unrunnable(name):
    return TestResult(name=name, outcome=Outcome.SUITE_ERROR, message="fixture 'cart' not found")


def test_tests_that_cannot_run_as_written_are_a_broken_suite():
    result = verdict(evidence(plan(), passed("a"), unrunnable("test_cart"), exit_code=1))
    assert result.outcome is Outcome.SUITE_ERROR
    assert result.sentence == (
        "1 of 2 tests in suite smoke cannot run as they are written; "
        "first: test_cart: fixture 'cart' not found"
    )


def test_beside_a_failed_test_they_are_news_of_green_all_the_same():
    tests = (unrunnable("test_cart"), failed("test_pay"))
    result = verdict(evidence(plan(), *tests))
    assert (result.outcome, result.sentence) == (
        Outcome.FAILED,
        "2 of 2 tests in suite smoke failed (allowed 0); first: test_pay: 500, expected 201",
    )
    two = plan(suite(shards=2))
    one, other = (evidence(two, test, exit_code=1) for test in tests)
    shards = [one, dataclasses.replace(other, run=Run(suite="smoke", shard=2))]
    assert judge_suite(two.suites[0], shards).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("changes", "tests", "outcome", "says"),
    [
        ({"exit_code": 5}, (), "suite_error", "pytest collected no tests (exit code 5)"),
        ({"exit_code": 2}, (failed("x.py", "ImportError"),), "suite_error", "first: x.py: ImportE"),
        ({"exit_code": 2, "output_tail": "a\nINTERRUPTED\n"}, (), "suite_error", "said: INTERRUP"),
        ({"exit_code": 3}, (passed("a"),), "suite_error", "internal error"),
        ({"exit_code": 4}, (), "suite_error", "called wrongly (exit code 4)"),
        ({"exit_code": 0}, (failed("a"),), "suite_error", "they must agree"),
        ({"exit_code": 1}, (passed("a"),), "suite_error", "they must agree"),
        ({"exit_code": 77}, (passed("a"),), "suite_error", "exit code 77"),
        ({"exit_code": 0}, (), "suite_error", "no test ran, at least 1 must run"),
        ({"exit_code": 0}, (skipped("a"),), "suite_error", "all 1 tests were skipped"),
        ({"report_problem": "junit.xml was not written"}, (), "suite_error", "was not written"),
        ({"report_problem": "it was interrupted"}, (passed("a"),), "suite_error", "interrupted"),
        ({"timed_out": True, "exit_code": 0}, (passed("a"),), "timed_out", "after 300 s"),
        ({"exit_code": -9}, (), "infra_error", "killed by signal 9"),
        ({"exit_code": -11}, (), "suite_error", "ended by signal 11"),
        ({"timed_out": True, "exit_code": 2}, (passed("a"),), "timed_out", "after 300 s; 1 tests"),
        ({"timed_out": True}, (failed("a"),), "timed_out", "1 of them failed"),
    ],
)
def test_what_is_not_earned_refuses(changes, tests, outcome, says):
    result = verdict(evidence(plan(), *tests, **changes))
    assert result.outcome.value == outcome
    assert says in result.sentence


def test_a_run_without_an_exit_code_refuses():
    left = dataclasses.replace(evidence(plan(), passed("a")), exit_code=None)
    result = verdict(left)
    assert (result.outcome, "had to be killed" in result.sentence) == (Outcome.INFRA_ERROR, True)


def test_too_few_tests_refuse():
    small = plan(suite(min_tests=3))
    result = verdict(evidence(small, passed("a"), passed("b"), skipped("c")), of=small)
    assert result.outcome is Outcome.SUITE_ERROR
    assert "2 tests ran, at least 3 must (1 were skipped)" in result.sentence


def test_a_crash_is_named_with_its_cause():
    crash = Crash(
        run=Run(suite="smoke", shard=1), error="Runtime.ExitError", cause="signal: killed"
    )
    result = verdict(crash)
    assert result.outcome is Outcome.INFRA_ERROR
    assert result.sentence == "suite smoke could not run: Runtime.ExitError: signal: killed"


@pytest.mark.parametrize("error", ["States.Timeout", "Sandbox.Timedout"])
def test_a_function_that_times_out_is_timed_out(error):
    crash = Crash(run=Run(suite="smoke", shard=1), error=error, cause="")
    assert verdict(crash).outcome is Outcome.TIMED_OUT


def test_a_missing_result_refuses():
    two = plan(suite(), suite("pay"))
    result = verdict(evidence(two, passed("a")), of=two)
    assert result.outcome is Outcome.INFRA_ERROR
    assert "suite pay left no result" in result.sentence


def test_no_results_at_all_refuse():
    assert verdict().outcome is Outcome.INFRA_ERROR


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (
            evidence(plan(), passed("a"), suite="foreign"),
            "suite foreign, shard 1, which is not due",
        ),
        (evidence(plan(), passed("a"), run=Run(suite="smoke", shard=2)), "shard 2, which is not"),
        (evidence(plan(), passed("a")), "2 results came for suite smoke, shard 1; one is due"),
    ],
)
def test_an_extra_result_refuses(extra, says):
    result = verdict(evidence(plan(), passed("a")), extra)
    assert result.outcome is Outcome.INFRA_ERROR
    assert says in result.sentence


@pytest.mark.parametrize("key", ["input_digest", "plan_digest"])
def test_a_result_of_another_run_or_plan_refuses(key):
    foreign = dataclasses.replace(evidence(plan(), passed("a")), **{key: "sha256:" + "0" * 64})
    result = verdict(foreign)
    assert result.outcome is Outcome.INFRA_ERROR
    assert "belongs to another gate run or plan" in result.sentence


def test_a_suite_cut_by_the_gates_deadline_is_told_apart():
    result = verdict(evidence(plan(), passed("a"), timed_out=True, allowed_s=12.0))
    assert result.outcome is Outcome.TIMED_OUT
    assert "was cut by the gate's deadline after 12 s of its 300 s; 1 tests" in result.sentence


def test_skipped_tests_are_told_with_a_pass():
    result = verdict(evidence(plan(), passed("a"), skipped("b"), skipped("c")))
    assert result.sentence == "1 of 1 tests passed, 2 skipped (smoke)"


def test_an_advisory_suite_is_told_and_does_not_refuse():
    both = plan(suite(), suite("perf", blocking=False))
    result = verdict(
        evidence(both, passed("a")), evidence(both, failed("slow"), suite="perf"), of=both
    )
    assert result.outcome is Outcome.PASSED
    assert result.sentence == "1 of 1 tests passed (smoke); advisory and not passed: perf"
    assert (result.counts.total, result.counts.failed) == (1, 0)


def test_a_failure_is_the_headline_though_worse_happened():
    both = plan(suite(), suite("pay"))
    crash = Crash(run=Run(suite="pay", shard=1), error="Lambda.Unknown", cause="")
    result = verdict(evidence(both, failed("a")), crash, of=both)
    assert result.outcome is Outcome.FAILED
    assert result.sentence.endswith("; also refused by: pay")


def test_a_plan_without_a_blocking_suite_refuses():
    advisory = plan(suite(blocking=False))
    assert verdict(evidence(advisory, passed("a")), of=advisory).outcome is Outcome.SUITE_ERROR


def test_flaky_passes_and_is_counted():
    flaky = TestResult(name="b", outcome=Outcome.FLAKY)
    result = verdict(evidence(plan(), passed("a"), flaky))
    assert result.outcome is Outcome.PASSED
    assert result.sentence == "2 of 2 tests passed, 1 flaky (smoke)"


def test_worst_and_headline_follow_the_order():
    assert worst([Outcome.FAILED, Outcome.INFRA_ERROR]) is Outcome.INFRA_ERROR
    assert headline([Outcome.FAILED, Outcome.INFRA_ERROR]) is Outcome.FAILED
    with pytest.raises(ValueError):
        worst([])


TESTS = st.lists(
    st.builds(TestResult, name=st.text(max_size=5), outcome=st.sampled_from(Outcome)), max_size=6
)
RUNS = st.builds(
    Run, suite=st.sampled_from(["smoke", "other"]), shard=st.integers(1, 2), retry=st.integers(0, 1)
)
ODD: dict[str, st.SearchStrategy[object]] = {
    "tests": TESTS.map(tuple),
    "run": RUNS,
    "exit_code": st.none() | st.integers(-15, 6),
    "timed_out": st.booleans(),
    "report_problem": st.none() | st.just("broken"),
    "relay": st.none()
    | st.builds(RelayCounts, requests=st.integers(0, 2), unreached=st.integers(0, 1)),
}


@st.composite
def left_behind(draw):
    """A clean run, of which up to three things are something else."""
    odd = draw(st.lists(st.sampled_from(list(ODD)), max_size=3, unique=True))
    clean = evidence(plan(), passed("a"), passed("b"))
    return dataclasses.replace(clean, **{name: draw(ODD[name]) for name in odd})


@given(st.lists(left_behind(), max_size=3))
@example([evidence(plan(), passed("a"))])
@example([evidence(plan(), passed("a"), relay=None)])
def test_only_one_clean_run_of_what_is_due_ever_passes(results):
    result = verdict(*results)
    clean = [
        r
        for r in results
        if (r.run.suite, r.run.shard) == ("smoke", 1)
        and r.exit_code == 0
        and not r.timed_out
        and r.report_problem is None
        and any(t.outcome in PASSING for t in distinct_tests(r.tests))
        and all(t.outcome in PASSING | {Outcome.SKIPPED} for t in r.tests)
        and r.relay is not None
        and r.relay.requests
    ]
    event(result.outcome.value)
    assert (result.outcome is Outcome.PASSED) == (len(results) == 1 and len(clean) == 1)
    assert result.sentence


def test_an_advisory_suite_is_not_counted_and_may_pass():
    advisory = suite(blocking=False)
    met = evidence(plan(), passed("a"), relay=None)
    assert judge_suite(advisory, [met]).outcome is Outcome.PASSED
