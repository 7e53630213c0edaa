"""All deadlines of a gate run, from two facts: the execution's start and the hook's own expiry.

The hook and Prepare compute them alike, each from what AWS says. Pure; standard library only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

EXPIRY_RESERVE_S = 120
JUDGE_RESERVE_S = 60
RESERVE_SHARE = 4  # a short gate keeps a quarter of its time for Judge instead
ASK_S = 20  # the longest that asking green who it is may take, each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """`gate`: the hook answers by then. `judge`: Judge must have its time from then on. `suites`:
    tests end by then, which is earlier only if something comes between tests and Judge."""

    gate: datetime
    judge: datetime
    suites: datetime


def deadlines(
    started_at: datetime, timeout_s: int, expires_at: datetime | None, after_tests_s: int = 0
) -> Deadlines:
    """The deadlines of a run that started then. `expires_at` is ECS's own, if it told one;
    `after_tests_s` is what is needed between the last test and Judge."""
    gate = started_at + timedelta(seconds=timeout_s)
    if expires_at is not None:
        gate = min(gate, expires_at - timedelta(seconds=EXPIRY_RESERVE_S))
    left_s = max(0.0, (gate - started_at).total_seconds())
    reserve_s = min(JUDGE_RESERVE_S, left_s / RESERVE_SHARE)
    judge = gate - timedelta(seconds=reserve_s)
    asking_s = min(after_tests_s, (left_s - reserve_s) / RESERVE_SHARE)
    return Deadlines(gate=gate, judge=judge, suites=judge - timedelta(seconds=asking_s))


def remaining_s(deadline: datetime, now: datetime) -> float:
    """Seconds left, never negative."""
    return max(0.0, (deadline - now).total_seconds())
