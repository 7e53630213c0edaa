"""Numbers of a suite's requests: counted and timed at the relay, for thresholds to ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.runner.request_metrics import request_metrics


def test_statuses_are_counted_by_their_class():
    metrics = request_metrics({200: 6, 302: 1, 404: 2, 500: 1, 599: 2, 600: 1}, [1.0])
    assert (metrics["requests"], metrics["responses_4xx"], metrics["responses_5xx"]) == (13, 2, 3)
    assert metrics["responses_5xx_percent"] == pytest.approx(300 / 13)


def test_nothing_asked_has_no_times_and_no_share():
    assert request_metrics({}, []) == {"requests": 0, "responses_4xx": 0, "responses_5xx": 0}


def test_a_percentile_is_a_time_that_was_measured():
    times = [float(n) for n in range(1, 101)]
    metrics = request_metrics({200: 100}, times)
    assert [metrics[f"response_{name}_ms"] for name in ("p50", "p95", "p99", "max")] == [
        50.0,
        95.0,
        99.0,
        100.0,
    ]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_percentiles_never_fall_and_end_at_the_slowest(times):
    metrics = request_metrics({200: len(times)}, times)
    ordered = [metrics[f"response_{name}_ms"] for name in ("p50", "p95", "p99", "max")]
    assert ordered == sorted(ordered)
    assert ordered[-1] == max(times)
    assert set(ordered) <= set(times)
