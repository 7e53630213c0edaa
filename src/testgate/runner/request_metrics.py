"""Numbers of what passed the relay, for thresholds: counts, shares and times of answers.

Standard library only; imported by `testgate.runner.relay`.
"""

from collections.abc import Mapping, Sequence
from math import ceil

_CLIENT_ERROR, _SERVER_ERROR, _END = 400, 500, 600


def request_metrics(statuses: Mapping[int, int], took_ms: Sequence[float]) -> dict[str, float]:
    """`requests`, `responses_4xx`, `responses_5xx`; and, if green was asked at all,
    `responses_5xx_percent` and `response_p50_ms`, `_p95_ms`, `_p99_ms`, `_max_ms`.

    Times run from a request's head to that of its answer, connecting included. A percentile is the
    smallest measured time that so many percent do not exceed.
    """
    requests = sum(statuses.values())
    server_errors = _between(statuses, _SERVER_ERROR, _END)
    metrics = {
        "requests": requests,
        "responses_4xx": _between(statuses, _CLIENT_ERROR, _SERVER_ERROR),
        "responses_5xx": server_errors,
    }
    if not requests or not took_ms:
        return {name: float(value) for name, value in metrics.items()}
    ordered = sorted(took_ms)
    percentiles = {
        f"response_p{percent}_ms": ordered[ceil(len(ordered) * percent / 100) - 1]
        for percent in (50, 95, 99)
    }
    return {
        **metrics,
        "responses_5xx_percent": 100 * server_errors / requests,
        **percentiles,
        "response_max_ms": ordered[-1],
    }


def _between(statuses: Mapping[int, int], first: int, end: int) -> int:
    return sum(times for status, times in statuses.items() if first <= status < end)
