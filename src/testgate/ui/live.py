"""A gate run while it runs, made from what its steps and shards tell: states, shards, tests.

Pure: no clock, no AWS, no web. Imported by the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from testgate.core.layout import IndexEntry
from testgate.core.outcomes import PASSING
from testgate.core.progress import EndedTest, ShardProgress
from testgate.ui.source import RunTold

SILENT_AFTER = timedelta(minutes=5)
LONGEST = timedelta(hours=25)  # the state machine's own timeout is a day
NAMED = 20  # tests that are named as they end, over all shards
OF_ENDED = 3  # that stay named of a shard that has ended
FAILURES = 50
MOST_WAVES = 100


class Step(Enum):
    """How far a state of the state machine is."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    SKIPPED = "not run"
    STOPPED = "cut off"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state by its name in the state machine; of a wave its suites, and tests that failed."""

    name: str
    step: Step
    suites: tuple[str, ...] = ()
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardView:
    """A shard that is due, runs or has ended. `newest`: its tests that ended last, newest first."""

    suite: str
    shard: int
    of: int | None
    step: Step
    told: ShardProgress | None = None
    newest: tuple[EndedTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """`entry` once it has ended; `silent` if it has not, and nothing has been heard of it since its
    deadline. `failures`: suite and test, `failed` of them in all."""

    run: str
    told: RunTold
    states: tuple[State, ...]
    shards: tuple[ShardView, ...]
    failures: tuple[tuple[str, str], ...]
    failed: int
    entry: IndexEntry | None
    silent: bool

    @property
    def over(self) -> bool:
        """Whether nothing more will be heard of it."""
        return self.entry is not None or self.silent

    @property
    def running(self) -> str:
        """The state that it is in, "" if it has ended."""
        return next((each.name for each in self.states if each.step is Step.RUNNING), "")

    @property
    def ended_tests(self) -> int:
        """How many tests have ended."""
        return sum(each.told.progress.ended for each in self.shards if each.told)


def live(
    run: str,
    told: RunTold,
    shards: Sequence[ShardProgress],
    entry: IndexEntry | None,
    now: datetime,
) -> LiveView:
    """Where a gate run is."""
    ordered = tuple(sorted(shards, key=lambda each: (each.wave, each.suite, each.shard)))
    failures = [(each.suite, test) for each in ordered for test in each.progress.first_failed]
    return LiveView(
        run=run,
        told=told,
        states=_states(told, ordered, entry),
        shards=_shards(told, ordered, over=entry is not None),
        failures=tuple(failures[:FAILURES]),
        failed=sum(each.progress.failed for each in ordered),
        entry=entry,
        silent=entry is None and now > heard_until(told, ordered) + SILENT_AFTER,
    )


def heard_until(told: RunTold, shards: Sequence[ShardProgress]) -> datetime:
    """Until when something must be heard of it: its deadline, or the last time that it told."""
    moments = [told.started_at]
    if told.begun is not None:
        moments.append(told.begun.at)
    if told.ready is not None:
        moments.append(told.ready.deadline)
    for each in shards:
        moments += [each.at, each.deadline]
    return max(moments)


def ended_by(told: RunTold) -> datetime:
    """When it has ended at the latest."""
    if told.ready is not None:
        return told.ready.deadline + timedelta(hours=1)
    return told.started_at + LONGEST


def _states(
    told: RunTold, shards: Sequence[ShardProgress], entry: IndexEntry | None
) -> tuple[State, ...]:
    """In the order in which they are entered. The one that was entered last is where it is, or
    where it ended."""
    listed = _entered(told, shards)
    last = max(number for number, (_, entered) in enumerate(listed) if entered)
    if entry is None:
        at, after = Step.RUNNING, Step.DUE
    else:
        at = Step.DONE if entry.outcome in PASSING else Step.REFUSED
        after = Step.SKIPPED
    states = []
    for number, (name, entered) in enumerate(listed):
        step = at if number == last else after if number > last else Step.DONE
        if number < last and not entered:
            step = Step.SKIPPED
        wave = _wave_number(name)
        states.append(
            State(
                name=name,
                step=step,
                suites=_suites(told, shards, wave),
                failed=sum(each.progress.failed for each in shards if each.wave == wave),
            )
        )
    return tuple(states)


def _entered(told: RunTold, shards: Sequence[ShardProgress]) -> list[tuple[str, bool]]:
    """Each state that this plan has, and whether it has been entered. What no step tells of itself
    follows from those beside it."""
    ready = told.ready
    said = max((each.waves for each in shards), default=0)
    waves = len(ready.waves) if ready else min(said, MOST_WAVES)
    asks = ready is not None and ready.asks_identity
    listed = [("Prepare", True)]
    if asks:
        listed.append(("AskBefore", True))
    for wave in range(1, waves + 1):
        heard = any(each.wave == wave for each in shards)
        if wave > 1:
            listed.append((f"CheckWave {wave}", _is_over(wave - 1, shards)))
        listed.append((f"Wave {wave}", heard or (wave == 1 and ready is not None and not asks)))
    if not waves:
        listed.append(("Waves", False))
    over = waves > 0 and _is_over(waves, shards)
    if asks:
        listed.append(("AskAfter", over))
    listed.append(("Judge", told.judging or (over and not asks)))
    return listed


def _is_over(wave: int, shards: Sequence[ShardProgress]) -> bool:
    """Every shard that is due has ended, or a later wave has begun."""
    mine = [each for each in shards if each.wave == wave]
    if any(each.wave > wave for each in shards):
        return True
    return bool(mine) and all(each.ended for each in mine) and len(mine) >= mine[0].due


def _wave_number(name: str) -> int | None:
    return int(name.removeprefix("Wave ")) if name.startswith("Wave ") else None


def _suites(told: RunTold, shards: Sequence[ShardProgress], wave: int | None) -> tuple[str, ...]:
    if wave is None:
        return ()
    if told.ready is not None:
        return tuple(suite for suite, _ in told.ready.waves[wave - 1])
    return tuple(dict.fromkeys(each.suite for each in shards if each.wave == wave))


def _shards(told: RunTold, shards: Sequence[ShardProgress], *, over: bool) -> tuple[ShardView, ...]:
    """Those that the plan has, in its order, and those that tell of themselves."""
    heard = {(each.suite, each.shard): each for each in shards}
    planned = {
        (suite, number): of
        for wave in (told.ready.waves if told.ready else ())
        for suite, of in wave
        for number in range(1, of + 1)
    }
    running = sum(not each.ended for each in shards)
    named = max(1, NAMED // max(1, running))
    views = []
    for suite, shard in [*planned, *(key for key in heard if key not in planned)]:
        progress = heard.get((suite, shard))
        views.append(
            ShardView(
                suite=suite,
                shard=shard,
                of=planned.get((suite, shard)),
                step=_step_of(progress, over=over),
                told=progress,
                newest=_newest(progress, named) if progress else (),
            )
        )
    return tuple(views)


def _newest(told: ShardProgress, named: int) -> tuple[EndedTest, ...]:
    shown = min(named, OF_ENDED) if told.ended else named
    return told.progress.newest[: -shown - 1 : -1]


def _step_of(progress: ShardProgress | None, *, over: bool) -> Step:
    if progress is None:
        return Step.SKIPPED if over else Step.DUE
    if progress.ended:
        return Step.DONE
    return Step.STOPPED if over else Step.RUNNING
