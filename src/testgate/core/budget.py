"""The time that a plan's own limits come to, against the time that its gate has.

Pure; standard library only; imported by lint and publishing.
"""

from dataclasses import dataclass

from testgate.core.config import DEFAULT_TIMEOUT_S
from testgate.core.deadlines import ASK_S, JUDGE_RESERVE_S
from testgate.core.plan import (
    PARALLEL,
    Plan,
    Suite,
)


def budget_problem(plan: Plan) -> str | None:
    """Why the suites' own limits do not fit into the gate's; None if they do.

    Asked when a plan is published: waves follow each other, and of a wave `parallel` shards run at
    a time, each for its suite's `timeout_s` at most, as often as it has attempts.
    """
    budget = budget_of(plan)
    if budget.needed_s <= budget.allowed_s:
        return None
    return (
        f"the gate has {budget.allowed_s} s and its suites may take {budget.needed_s} s "
        f"({budget.how}): raise timeout_s of [gate], or lower that of suites"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most seconds that a gate may need, how they come about, and those that it has."""

    needed_s: int
    allowed_s: int
    how: str


def budget_of(plan: Plan) -> Budget:
    """What a plan's own limits come to, with the time for identity and verdict."""
    needs = [wave_limit(wave, plan.parallel) for wave in plan.waves]
    asking_s = 2 * ASK_S if plan.identity else 0
    parts = [f"wave {number}: {how}" for number, (_, how) in enumerate(needs, 1)]
    parts += [f"{asking_s} s for identity"] if asking_s else []
    parts.append(f"{JUDGE_RESERVE_S} s for the verdict")
    return Budget(
        needed_s=sum(need_s for need_s, _ in needs) + asking_s + JUDGE_RESERVE_S,
        allowed_s=plan.timeout_s or DEFAULT_TIMEOUT_S,
        how=" + ".join(parts),
    )


def wave_limit(wave: tuple[Suite, ...], parallel: int = PARALLEL) -> tuple[int, str]:
    """The most seconds that a wave may take, and how they come about."""
    runs = sum(suite.shards for suite in wave)
    rounds = -(-runs // parallel)
    longest_s = max((suite.timeout_s * suite.attempts for suite in wave), default=0)
    how = f"{longest_s} s" if rounds == 1 else f"{runs} shards, {rounds} rounds of {longest_s} s"
    return rounds * longest_s, how
