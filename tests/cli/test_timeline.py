"""The timeline of a gate run: states paired as they come, suites and shards beside them."""

from datetime import UTC, datetime, timedelta

from testgate.cli.timeline import Span, in_order, shard_of, states_of, suites_of, with_suites
from tests.report.records import refused

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def entered(name, second):
    at = START + timedelta(seconds=second)
    return {"timestamp": at, "stateEnteredEventDetails": {"name": name}}


def left(name, second):
    at = START + timedelta(seconds=second)
    return {"timestamp": at, "stateExitedEventDetails": {"name": name}}


def test_states_are_paired_and_one_that_was_never_left_stays_open():
    events = [
        {"timestamp": START, "executionStartedEventDetails": {}},
        entered("Prepare", 0),
        left("Prepare", 1),
        entered("Wave", 1),
        entered("RunSuite", 1),
        left("RunSuite", 2),
        left("Wave", 3),
        entered("Wave", 3),
    ]
    spans = [
        (span.name, span.started_at[17:19], span.ended_at[17:19]) for span in states_of(events)
    ]
    assert spans == [("Prepare", "00", "01"), ("Wave", "01", "03"), ("Wave", "03", "")]


def test_waves_are_numbered_and_named_by_the_suites_that_began_in_them():
    events = [
        entered("CheckWave", 0),
        left("CheckWave", 1),
        entered("TakeWave", 1) | {"type": "PassStateEntered"},
        left("TakeWave", 1),
        entered("RunWave", 1),
        left("RunWave", 3),
        entered("MoreWaves", 3) | {"type": "ChoiceStateEntered"},
        left("MoreWaves", 3),
        entered("RunWave", 4),
    ]
    suites = [
        Span(kind="suite", name=name, started_at=f"2026-11-23T08:00:0{second}.000Z")
        for name, second in (("smoke", 2), ("deep", 4), ("wide", 5))
    ]
    spans = in_order(with_suites([*states_of(events), *suites]))
    assert [(span.kind, span.name) for span in spans] == [
        ("state", "CheckWave"),
        ("wave", "1: smoke"),
        ("suite", "smoke"),
        ("wave", "2: deep, wide"),
        ("suite", "deep"),
        ("suite", "wide"),
    ]


def test_a_state_that_is_left_without_having_been_entered_is_passed_by():
    assert states_of([left("Prepare", 1)]) == []


def test_a_records_suites_are_spans_of_their_outcome():
    (suite,) = suites_of(refused())
    assert (suite.kind, suite.name, suite.outcome) == ("suite", "smoke", "failed")
    assert suites_of({"suites": "nonsense"}) == []


def test_what_is_no_evidence_is_no_shard():
    assert shard_of({"started_at": "t", "ended_at": 7}, "smoke/1/1-0") == Span(
        kind="shard", name="smoke/1/1-0", started_at="t"
    )
    assert shard_of(None, "x") is None
    assert shard_of({"started_at": 7}, "x") is None


def test_spans_come_in_the_order_of_their_beginning():
    spans = [
        Span(kind="shard", name="c", started_at="1"),
        Span(kind="state", name="a", started_at="1"),
        Span(kind="suite", name="b", started_at="0"),
    ]
    assert [span.name for span in in_order(spans)] == ["b", "a", "c"]
