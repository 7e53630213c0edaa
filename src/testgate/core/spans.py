"""Where a gate's time went, and how long two fleets ran for it. Pure; standard library only;
imported by the record."""

from collections.abc import Iterable, Mapping
from datetime import datetime


def time_spans(
    deployment_at: str, started_at: str, ended_at: str, suites: Iterable[tuple[str, str]]
) -> dict[str, float]:
    """Seconds by part, each only where both its ends are known.

    `queue_s`: from the deployment's start to the gate's; `prepare_s`: to the first suite;
    `tests_s`: to the last suite's end; `judge_s`: to the record. `double_fleet_s`: from the
    deployment's start to the record, in which green runs beside blue. What ECS needs to ask for
    the answer comes on top, and is not known when the record is written.
    """
    begun, ended = map(_moment, (started_at, ended_at))
    spans = [(_moment(first), _moment(last)) for first, last in suites]
    first = min((at for at, _ in spans if at), default=None)
    last = max((at for _, at in spans if at), default=None)
    deployed = _moment(deployment_at)
    parts: Mapping[str, tuple[datetime | None, datetime | None]] = {
        "queue_s": (deployed, begun),
        "prepare_s": (begun, first),
        "tests_s": (first, last),
        "judge_s": (last, ended),
        "double_fleet_s": (deployed, ended),
    }
    return {
        name: round((end - start).total_seconds(), 1)
        for name, (start, end) in parts.items()
        if start is not None and end is not None and end >= start
    }


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
