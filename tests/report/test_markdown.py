"""The report: in the order of a person's questions, and deaf to what tests say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.outcomes import Outcome
from testgate.core.record import MAX_FULL_FAILURES, RunFacts, build_record, refused_before_tests
from testgate.core.verdict import judge
from testgate.report.markdown import escape, render_markdown
from tests.core.samples import evidence, failed, passed, plan, question, snapshot, suite
from tests.report import records
from tests.report.damage import damaged
from tests.report.records import SMOKE_TIME

FACTS = RunFacts(
    execution_arn="arn:aws:states:…:execution:m:n",
    started_at="2026-11-23T08:00:00.000Z",
    ended_at="2026-11-23T08:00:09.500Z",
    deadline="2026-11-23T08:30:00.000Z",
    gate="shop",
    plan_digest=plan().digest,
    image="shop:2",
    base_url="http://127.1.2.3:9001",
    identity={"says": "routing only", "before": snapshot().spell(), "after": None},
    suite_times={"smoke": (SMOKE_TIME,)},
)


def record(*tests, **changes):
    verdict = judge(plan(), [evidence(plan(), *tests)], question().digest)
    return build_record(question(), verdict, FACTS) | changes


def test_a_refusal_reads_in_the_order_of_questions():
    text = render_markdown(record(passed("a"), failed("test_pay"), failed("test_checkout")))
    wanted = [
        "# FAILED — 2 of 3 tests in suite smoke failed (allowed 0); first: test\\_pay: 500",
        "**Class:** product: green misbehaved; suites: smoke (failed)",
        "## First failing test",
        "**test\\_pay** in suite smoke",
        "> 500, expected 201",
        "## Counts",
        "| smoke | failed | 1 | 2 | 0 | 0 | 0 | 3 | 1 |  |",
        "## All failures",
        "## What was tested",
        "| image | shop:2 |",
        "## Time",
        "| took | 9.5 s |",
        "| suite smoke | 7.0 s of 300 s |",
        "## Links",
        "## What happens next",
        "ECS rolls the deployment back; production stays with the previous revision.",
    ]
    places = [text.find(part) for part in wanted]
    assert -1 not in places, wanted[places.index(-1)]
    assert places == sorted(places)


def test_a_pass_has_no_failures_to_show():
    text = render_markdown(record(passed("a")))
    assert text.startswith("# PASSED — 1 of 1 tests passed")
    assert "First failing" not in text
    assert "production traffic may shift" in text


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome.INFRA_ERROR, "the gate could not tell"),
        (Outcome.ABORTED, "the deployment had ended before the verdict"),
    ],
)
def test_a_run_that_never_began_is_told(outcome, says):
    verdict = refused_before_tests(outcome, "gate 'x' is not published")
    text = render_markdown(build_record(question(), verdict, FACTS))
    assert "gate 'x' is not published" in text
    assert says in text
    assert "## Counts" not in text


def test_a_refused_create_has_nothing_to_go_back_to():
    first = {"says": "routing only", "before": snapshot(has_source=False).spell(), "after": None}
    text = render_markdown(record(failed("a"), identity=first))
    assert "no previous revision to roll back to" in text


def test_ten_thousand_failures_keep_the_record_small():
    tests = [failed(f"test_{n}", "x" * 500) for n in range(10_000)]
    made = record(*tests)
    suites = made["suites"]
    assert isinstance(suites, list)
    full = [t for t in suites[0]["failures"] if "message" in t]
    assert (len(full), len(suites[0]["failures"])) == (MAX_FULL_FAILURES, 10_000)
    text = render_markdown(made)
    assert "and 9950 more; record.json names all" in text
    assert len(text) < 100_000


@given(st.text())
def test_nothing_that_a_test_says_becomes_markup(text):
    escaped = escape(text)
    assert "\n" not in escaped
    for mark in "`*_[]<>#|~!{}":
        assert escaped.count(mark) == escaped.count("\\" + mark)


@given(st.text(alphabet="`a\n", max_size=30))
def test_a_trace_cannot_close_its_block(trace):
    broken = failed("t")
    from dataclasses import replace

    text = render_markdown(record(replace(broken, trace=trace)))
    if not trace:
        return
    fence = next(line for line in text.splitlines() if line.endswith("text") and "`" in line)[:-4]
    inside = text.split(fence + "text\n")[1].split("\n" + fence + "\n")[0]
    assert inside.splitlines() == trace.splitlines() or fence not in trace


def test_an_advisory_suite_is_marked():
    both = plan(suite(), suite("perf", blocking=False))
    results = [evidence(both, passed("a")), evidence(both, failed("slow"), suite="perf")]
    verdict = judge(both, results, question().digest)
    text = render_markdown(build_record(question(), verdict, FACTS))
    assert "| perf | failed | 0 | 1 | 0 | 0 | 0 | 1 | 1 | advisory |" in text


def test_what_newer_versions_record_is_shown():
    text = render_markdown(records.rich())
    for line in (
        "| smoke | failed | 1 | 0 | 1 | 0 | 0 | 2 | 1 | 2 attempts, 4 shards |",
        "| smoke | response\\_p95\\_ms \\<= 300 | 212.5 | holds |",
        "| smoke | errors \\< 1 | nothing | **broken** |",
        "- smoke: test\\_search.py::test\\_search, first: 503, expected 200",
    ):
        assert line in text.splitlines(), line


def test_the_console_is_linked_where_the_arns_are_those_of_aws():
    link = "[Open the execution in Step Functions](https://us-east-1.console.aws.amazon.com/states/"
    assert link in render_markdown(records.refused())
    assert "Open the execution" not in render_markdown(record(failed("a")))


@given(damaged(records.rich()))
def test_any_record_has_a_report(made):
    assert render_markdown(made).startswith("# ")
