"""How long after the last test the hook answers, in virtual time, by the pacing that is deployed.

A gate run is drawn anew each time: tests of skewed lengths, progress that is stored every two
seconds, a verdict that takes a moment, calls that take their time. What is drawn is not known to
the pacing.
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.figure import Figure
from testgate.core.pacing import pace
from testgate.core.progress import Progress, ShardProgress, remaining
from testgate.hook.watching import LOOK_S
from testgate.runner.telling import EVERY_S

RUNS = 1_000
FIXED_S = 30.0
_START = datetime(2026, 1, 1, tzinfo=UTC)
_TIMEOUT_S = 1_800.0
_CALL_S = (0.1, 0.4)  # what a call of the hook takes besides holding
_PREPARE_S, _JUDGE_S = (1.0, 4.0), (0.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One gate run: seconds at which each test ends, when the first starts, when the execution
    ends."""

    begins_s: float
    tests_end_s: tuple[float, ...]
    ends_s: float
    tells: bool

    def told(self, now_s: float) -> ShardProgress | None:
        """What is stored at that time."""
        if now_s < self.begins_s:
            return None
        at_s = self.begins_s + (now_s - self.begins_s) // EVERY_S * EVERY_S
        done = sum(end_s <= at_s for end_s in self.tests_end_s)
        return ShardProgress(
            suite="suite",
            shard=1,
            attempt=1,
            progress=Progress(ended=done, total=len(self.tests_end_s))
            if self.tells
            else Progress(),
            started_at=_at(self.begins_s),
            at=_at(at_s),
            deadline=_at(_TIMEOUT_S),
            wave=1,
            waves=1,
            due=1,
            ended=self.tests_end_s[-1] <= at_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Seconds from the last test's end, Judge's time taken off, to the answer; and the share of the
    gate's time that calls took."""

    lag_s: float
    billed: float


def measure_verdict_lag(seed: int | None = None) -> list[Figure]:
    """With progress and without, beside polling every half minute."""
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    sys.stderr.write(f"verdict lag: gate runs drawn with seed {seed}\n")
    chance = random.Random(seed)
    figures: list[Figure] = []
    for tells, median_s, p95_s in ((True, 1.0, 3.0), (False, 2.0, 10.0)):
        runs = [_drawn(chance, tells=tells) for _ in range(RUNS)]
        paced = [_answered(chance, run) for run in runs]
        fixed = [_fixed_lag_s(run) for run in runs]
        kind = "with progress" if tells else "without"
        lags = sorted(each.lag_s for each in paced)
        for name, share, aim in (("median", 0.5, median_s), ("p95", 0.95, p95_s)):
            figures.append(
                Figure(
                    what=f"verdict lag {kind}, {name} of {RUNS} gate runs, virtual seconds",
                    measured=_quantile(lags, share),
                    against=f"{_quantile(sorted(fixed), share):.1f} s by polling every 30 s",
                    aim=aim,
                )
            )
        figures.append(
            Figure(
                what=f"share of the gate's time that calls of the hook take, {kind}: p95",
                measured=_quantile(sorted(each.billed for each in paced), 0.95),
                against="the whole gate",
                aim=0.2,
            )
        )
    return figures


def _drawn(chance: random.Random, *, tells: bool) -> Run:
    tests = chance.randint(1, 400)
    scale_s = min(chance.lognormvariate(-0.5, 1.2), 700 / tests)
    begins_s = now_s = chance.uniform(*_PREPARE_S)
    ends = []
    for _ in range(tests):
        now_s += scale_s * chance.lognormvariate(0, 0.8)
        ends.append(now_s)
    return Run(
        begins_s=begins_s,
        tests_end_s=tuple(ends),
        ends_s=now_s + chance.uniform(*_JUDGE_S),
        tells=tells,
    )


def _answered(chance: random.Random, run: Run) -> Answered:
    now_s, billed_s, held_s = 2.0, 0.2, 0.0  # the first call has started it
    while True:
        call_s = chance.uniform(*_CALL_S)
        now_s += call_s
        billed_s += call_s
        if now_s >= run.ends_s:
            break
        told = run.told(now_s)
        known = remaining([told] if told else [], _at(now_s))
        paced = pace(now_s, _TIMEOUT_S - now_s, known, held_s)
        for look_s in _looks(paced.hold_s):
            now_s += look_s
            billed_s += look_s
            if now_s >= run.ends_s:
                return _at_the_end(run, now_s, billed_s)
        held_s += paced.hold_s
        now_s += paced.delay_s
    return _at_the_end(run, now_s, billed_s)


def _at_the_end(run: Run, now_s: float, billed_s: float) -> Answered:
    return Answered(lag_s=now_s - run.ends_s, billed=billed_s / now_s)


def _looks(hold_s: float) -> Iterator[float]:
    while hold_s > 0:
        yield min(LOOK_S, hold_s)
        hold_s -= LOOK_S


def _fixed_lag_s(run: Run) -> float:
    return FIXED_S - run.ends_s % FIXED_S


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)
