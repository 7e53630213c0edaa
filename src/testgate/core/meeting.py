"""Whether a suite has met green: what the relay between them counted, and what that makes of the
suite's word.

A suite that green never answered earns no pass, and its failures say nothing of green unless green
was asked. Pure; standard library only; imported by the suite's verdict.
"""

from collections.abc import Iterable

from testgate.core.evidence import RelayCounts
from testgate.core.outcomes import Outcome
from testgate.core.plan import Suite
from testgate.core.run_verdict import Problem


def unmet(suite: Suite, relay: RelayCounts | None) -> Problem | None:
    """Why a suite whose tests passed earns no pass: green answered none of its requests. An
    advisory suite may reach green by a way of its own, which nobody counts."""
    where = f"suite {suite.name}"
    if not suite.blocking or (relay is not None and relay.requests):
        return None
    if relay is None:
        return _suite_error(
            f"{where}: its requests to green were not counted, so it cannot earn a pass"
        )
    if relay.unanswered:
        return _suite_error(f"{where} has no answer of green: {relay.problem}")
    return _unreached(where, relay) if relay.unreached else _suite_error(_unasked(where, relay))


def untried(suite: Suite, relay: RelayCounts | None) -> Problem | None:
    """Why tests that failed say nothing of green: no request of theirs was sent to it; None if
    they may be about green. One that green left without an answer is."""
    if relay is None or relay.requests or relay.unanswered:
        return None
    where = f"suite {suite.name}"
    if relay.unreached:
        return _unreached(where, relay)
    return _suite_error(_unasked(where, relay)) if suite.blocking else None


def together(parts: Iterable[RelayCounts | None]) -> RelayCounts | None:
    """The counts of all shards; None if one of them was not counted, or there is none."""
    whole = tuple(parts)
    counted = [part for part in whole if part is not None]
    if not counted or len(counted) < len(whole):
        return None
    statuses: dict[str, int] = {}
    for part in counted:
        for status, times in part.statuses.items():
            statuses[status] = statuses.get(status, 0) + times
    return RelayCounts(
        requests=sum(part.requests for part in counted),
        statuses=statuses,
        problem=next((part.problem for part in counted if part.problem), ""),
        unreached=sum(part.unreached for part in counted),
        unanswered=sum(part.unanswered for part in counted),
    )


def _unasked(where: str, relay: RelayCounts) -> str:
    told = relay.problem
    return f"{where} sent no request to green" + (
        f": {told}" if told else "; does it read its URL from somewhere else than BASE_URL?"
    )


def _unreached(where: str, relay: RelayCounts) -> Problem:
    sentence = f"none of {relay.unreached} requests of {where} reached green: {relay.problem}"
    return Problem(outcome=Outcome.INFRA_ERROR, sentence=sentence)


def _suite_error(sentence: str) -> Problem:
    return Problem(outcome=Outcome.SUITE_ERROR, sentence=sentence)
