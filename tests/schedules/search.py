"""Looks for a schedule that breaks an invariant: any number of them, from one seed.

Imported by the soak; the property test does the same in Hypothesis's own form.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.schedules.invariants import broken
from tests.schedules.schedule import Schedule
from tests.schedules.simulate import Happened, simulate
from tests.schedules.strategies import schedules
from tests.schedules.tally import Tally


@dataclass(frozen=True, slots=True)
class Found:
    """A schedule that breaks something: what, and how it came to it."""

    schedule: str
    broken: tuple[str, ...]
    trace: str

    def __str__(self) -> str:
        listed = "\n".join(f"  {sentence}" for sentence in self.broken)
        return f"{self.schedule}\n\n{self.trace}\n\nbroken:\n{listed}"


@dataclass(slots=True)
class Searched:
    """What a search has met, and the shortest schedule that broke something, if one did."""

    tally: Tally = field(default_factory=Tally)
    found: Found | None = None


def examine(schedule: Schedule) -> tuple[Happened, Found | None]:
    """One schedule to its end."""
    happened = simulate(schedule)
    sentences = tuple(broken(happened))
    if not sentences:
        return happened, None
    return happened, Found(repr(schedule), sentences, happened.journal.spell_trace())


def search(
    count: int, from_seed: int, *, shrink: bool = True, told: Callable[[int], None] = lambda n: None
) -> Searched:
    """Up to `count` schedules; stops at the first that breaks something, and shortens it."""
    searched = Searched()

    @seed(from_seed)
    @settings(
        max_examples=count,
        database=None,
        derandomize=False,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
    )
    @given(schedules())
    def look(schedule: Schedule) -> None:
        happened, found = examine(schedule)
        if found is not None:
            searched.found = found
            raise AssertionError(found.broken[0].partition(":")[0])
        if searched.found is None:
            searched.tally.add(happened)
            told(searched.tally.schedules)

    try:
        look()
    except AssertionError:
        if searched.found is None:
            raise
    return searched
