"""Quarantine, distinct tests, services: what a gate file says and what the verdict makes of it."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.binding import parse_counts
from testgate.core.canonical import canonical_json
from testgate.core.counting import distinct_tests
from testgate.core.errors import EvidenceError, PlanError
from testgate.core.evidence import TestResult
from testgate.core.gatefile import parse_gate_file
from testgate.core.handoff import spell_due
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.plan import Plan
from testgate.core.plan_problems import plan_problems, service_problem
from testgate.core.plan_reading import parse_plan
from testgate.core.quarantine import QuarantineEntry
from testgate.core.verdict import judge
from tests.core.samples import evidence, failed, passed, plan, question, skipped, suite

TODAY = date(2026, 11, 23)
PAY = "test_checkout.py::test_pay"
GOOD = tuple(passed(name) for name in "abcd")


def entry(test=PAY, expires=TODAY):
    return QuarantineEntry(test=test, owner="pay team", reason="slow bank", expires=expires)


def quarantining(*entries, **changes):
    return plan(suite(quarantine=entries or (entry(),), **changes))


def verdict(of, *tests, on=TODAY, **changes):
    return judge(of, [evidence(of, *tests, **changes)], question().digest, on)


def test_a_failure_in_quarantine_does_not_refuse_and_is_told():
    result = verdict(quarantining(), *GOOD, failed(PAY))
    assert result.outcome is Outcome.PASSED
    assert result.sentence == (
        f"4 of 4 tests passed, 1 quarantined (smoke); quarantined and failed: {PAY} (smoke)"
    )
    counts = result.counts
    assert (counts.total, counts.passed, counts.failed, counts.quarantined) == (5, 4, 0, 1)
    assert [test.name for test in result.suites[0].forgiven] == [PAY]
    assert result.suites[0].failures == ()


def test_an_entry_counts_through_its_last_day_and_not_after():
    tests = (*GOOD, failed(PAY))
    assert verdict(quarantining(), *tests, on=TODAY).outcome is Outcome.PASSED
    late = verdict(quarantining(), *tests, on=TODAY + timedelta(days=1))
    assert late.outcome is Outcome.FAILED
    assert late.sentence.startswith("1 of 5 tests in suite smoke failed (allowed 0)")
    assert verdict(quarantining(), *tests, on=None).outcome is Outcome.FAILED


def test_a_failure_beside_the_quarantined_one_refuses():
    result = verdict(quarantining(), *GOOD, failed(PAY), failed("e"))
    assert result.outcome is Outcome.FAILED
    assert result.sentence.startswith("1 of 5 tests in suite smoke failed (allowed 0); first: e")


@pytest.mark.parametrize("name", ["test_pay", PAY + "[eur]", "x/" + PAY, PAY.upper()])
def test_only_the_full_name_is_quarantined(name):
    assert verdict(quarantining(), *GOOD, failed(name)).outcome is Outcome.FAILED


def test_more_than_a_fifth_in_quarantine_refuses():
    result = verdict(quarantining(), *GOOD[:3], failed(PAY))
    assert result.outcome is Outcome.SUITE_ERROR
    assert result.sentence == ("suite smoke: 1 of 4 tests are quarantined, at most 20 % may be")


def test_quarantined_tests_are_none_of_the_least_number():
    result = verdict(quarantining(min_tests=5), *GOOD, passed(PAY))
    assert result.outcome is Outcome.SUITE_ERROR
    assert "4 tests ran, at least 5 must (0 were skipped, 1 are quarantined)" in result.sentence


def test_an_exit_code_of_0_beside_a_quarantined_failure_is_at_odds():
    result = verdict(quarantining(), *GOOD, failed(PAY), exit_code=0)
    assert result.outcome is Outcome.SUITE_ERROR
    assert "they must agree" in result.sentence


def test_an_exit_code_of_1_that_nothing_explains_refuses():
    result = verdict(quarantining(), *GOOD, passed(PAY), exit_code=1)
    assert result.outcome is Outcome.SUITE_ERROR


def test_a_name_reported_twice_is_one_test():
    two = plan(suite(min_tests=2))
    result = verdict(two, passed("a"), passed("a"))
    assert result.outcome is Outcome.SUITE_ERROR
    assert "1 tests ran, at least 2 must" in result.sentence


@pytest.mark.parametrize("order", [(passed, failed), (failed, passed)])
def test_what_passed_and_failed_has_failed(order):
    result = verdict(plan(), *(said("a") for said in order))
    assert result.outcome is Outcome.FAILED
    assert "1 of 1 tests in suite smoke failed" in result.sentence


names = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", PAY])
reported = st.lists(st.builds(TestResult, name=names, outcome=st.sampled_from(Outcome)))
entries = st.builds(entry, names, st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2)))


@given(reported, st.lists(entries, max_size=3), st.none() | st.integers(0, 2), st.integers(1, 4))
def test_a_pass_is_earned_whatever_is_reported_and_quarantined(tests, listed, code, least):
    of = quarantining(*listed, min_tests=least) if listed else plan(suite(min_tests=least))
    result = verdict(of, *tests, exit_code=code)
    merged = {test.name: test for test in distinct_tests(tests)}
    counting = {item.test for item in listed if item.expires >= TODAY} & set(merged)
    ran = [t for t in merged.values() if t.name not in counting and t.outcome != "skipped"]
    assert parse_counts(result.counts.spell()) == result.counts
    assert result.counts.total == len(merged)
    if result.outcome is Outcome.PASSED:
        assert all(test.outcome in PASSING for test in ran)
        assert len(ran) >= least
        assert 5 * len(counting) <= len(merged)
    assert result.sentence


@given(reported)
def test_distinct_tests_hide_no_failure(tests):
    kept = distinct_tests(tests)
    assert {test.name for test in kept} == {test.name for test in tests}
    assert len({test.name for test in kept}) == len(kept)
    for test in kept:
        said = [t.outcome for t in tests if t.name == test.name]
        assert test.outcome.severity == max(outcome.severity for outcome in said)


def test_counts_without_quarantine_added_up_wrongly_are_refused():
    counts = verdict(quarantining(), *GOOD, skipped(PAY)).counts.spell()
    assert counts["quarantined"] == 1
    with pytest.raises(EvidenceError, match="add up"):
        parse_counts(counts | {"quarantined": 0})


def test_a_plan_carries_quarantine_and_services_to_judge_and_not_to_the_runner():
    of = Plan(gate="shop", waves=quarantining().waves, services=("shop/web-*",))
    raw = json.loads(of.json)
    assert parse_plan(raw) == of
    assert canonical_json(raw) == of.json
    assert "quarantine" not in json.dumps(spell_due(of.suites[0], 1))


@pytest.mark.parametrize(
    ("patterns", "refused"),
    [
        ((), False),
        (("shop/web",), False),
        (("*/web",), False),
        (("other/web", "shop/w?b"), False),
        (("shop/WEB",), True),
        (("shop/web-*",), True),
    ],
)
def test_a_gate_judges_only_the_services_it_names(patterns, refused):
    of = Plan(gate="shop", waves=plan().waves, services=patterns)
    problem = service_problem(of, "shop", "web")
    assert (problem is not None) == refused
    if problem:
        assert problem == f"gate 'shop' is for services {', '.join(patterns)}, not shop/web"


def test_a_plan_whose_patterns_or_entries_cannot_be_meant_is_refused():
    of = Plan(gate="shop", waves=quarantining(entry(), entry()).waves, services=("web",))
    problems = plan_problems(of)
    assert "services holds 'web', expected cluster/service, with * for any" in problems
    assert f"suite 'smoke': test {PAY!r} is quarantined twice" in problems


def gate_file(*, gate="", quarantine=""):
    return (
        f'schema = 1\n[gate]\nname = "shop"\n{gate}\n'
        f'[[suites]]\nname = "smoke"\npath = "smoke"\n{quarantine}'
    )


def table(**changes):
    values = {
        "suite": '"smoke"',
        "test": f'"{PAY}"',
        "owner": '"pay team"',
        "reason": '"slow bank"',
        "expires": "2026-12-23",
    } | changes
    return "[[quarantine]]\n" + "".join(f"{k} = {v}\n" for k, v in values.items() if v)


def test_a_gate_file_says_services_and_quarantine():
    parsed = parse_gate_file(gate_file(gate='services = ["shop/*"]', quarantine=table()), TODAY)
    assert parsed.services == ("shop/*",)
    assert parsed.quarantine == {"smoke": (entry(expires=date(2026, 12, 23)),)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (gate_file(quarantine=table(expires="2026-12-24")), "in 31 days; at most 30 are allowed"),
        (gate_file(quarantine=table(expires="2026-11-22")), "expired on 2026-11-22"),
        (gate_file(quarantine=table(expires='"2026-12-01"')), "expected a date such as"),
        (gate_file(quarantine=table(expires="2026-12-01T00:00:00Z")), "expected a date such as"),
        (gate_file(quarantine=table(owner='" "')), "owner is ' ', expected a text"),
        (gate_file(quarantine=table(reason="")), "needs exactly: suite, test, owner, reason"),
        (gate_file(quarantine=table(why='"x"')), "needs exactly: suite, test, owner, reason"),
        (gate_file(quarantine=table(suite='"perf"')), "names suite 'perf', which the file does"),
        (gate_file(quarantine=table(suite="1")), "names suite '1', which the file does"),
        (gate_file(gate='service = ["shop/*"]'), "[gate] unknown key 'service'"),
        (gate_file(gate="services = []"), "services is [], expected a list of texts"),
        (gate_file(gate='services = "shop/web"'), "expected a list of texts such as"),
    ],
)
def test_what_a_gate_file_cannot_mean_is_refused(text, says):
    with pytest.raises(PlanError) as caught:
        parse_gate_file(text, TODAY)
    assert says in str(caught.value)
