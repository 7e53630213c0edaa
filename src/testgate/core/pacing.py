"""When the hook is to be called again, and whether a call is worth holding until the end.

Only hints go in and only delays come out: no verdict and no deadline depends on any of it. Standard
library only; imported by the hook.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from testgate.core.progress import Remaining

LEAST_DELAY_S = 2
LONGEST_DELAY_S = 30
HOLD_S = 8.0  # at most in one call
HELD_SHARE = 0.1  # of a gate's time; what else a call takes comes on top
HELD_KEY = "held_s"
_SLACK_S = 2.0  # between an estimate and what comes: a call arrives this much earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Hold the call for up to `hold_s` if the gate may end within it, then be called again."""

    hold_s: float
    delay_s: int


def pace(elapsed_s: float, left_s: float, remaining: Remaining | None, held_s: float) -> Pace:
    """By the gate's time spent and left, what is known of its end, and what earlier calls held.

    Nothing known: an eighth of the time spent, 2 to 4 s, more after minutes. A known end: most of
    the way there, then in short steps, the last of them held.
    """
    known = None if remaining is None else max(0.0, remaining.seconds)
    if remaining is None or known is None:
        return Pace(hold_s=0.0, delay_s=_bounded(_blind_s(elapsed_s), left_s))
    if not remaining.whole:  # more is to come than anybody can tell
        return Pace(hold_s=0.0, delay_s=_bounded(max(_blind_s(elapsed_s), known), left_s))
    if known > HOLD_S:
        return Pace(hold_s=0.0, delay_s=_bounded(known * 0.8 - _SLACK_S, left_s))
    allowed_s = max(0.0, min(HOLD_S, HELD_SHARE * elapsed_s - held_s, left_s))
    return Pace(hold_s=allowed_s, delay_s=_bounded(LEAST_DELAY_S, left_s))


def poll_delay_s(elapsed_s: float, left_s: float) -> int:
    """Seconds until the next look at what a person decides: a quarter of the time spent."""
    return _bounded(elapsed_s / 4, left_s)


def held_before(state: object) -> float:
    """What earlier calls held, as far as ECS handed our hint back; nothing that makes no sense."""
    value = state.get(HELD_KEY) if isinstance(state, Mapping) else None
    return float(value) if isinstance(value, int | float) and 0 <= value < 86_400 else 0.0


def _blind_s(elapsed_s: float) -> float:
    return min(elapsed_s / 8, max(4.0, elapsed_s / 100))


def _bounded(wanted_s: float, left_s: float) -> int:
    """Whole seconds within the bounds, and not past the gate's deadline."""
    return max(1, int(min(max(LEAST_DELAY_S, min(LONGEST_DELAY_S, wanted_s)), left_s + 1)))
