"""The shards of one suite: whether together they ran each test once. Which are whose: `balancing`.

Standard library only; imported by the verdict.
"""

from collections import Counter
from collections.abc import Sequence

from testgate.core.evidence import Evidence
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.quarantine import MAX_TEXT_CHARS

_FINE = PASSING | {Outcome.SKIPPED}


def shards_problem(where: str, left: Sequence[Evidence]) -> str | None:
    """Why the shards did not run each collected test once; None if they did.

    `left` holds the evidence of each shard, none of which has a problem of its own.
    """
    told = [evidence.collected for evidence in left]
    collected = [each for each in told if each is not None]
    if len(collected) < len(told):
        silent = next(run.run.shard for run in left if run.collected is None)
        return f"{where}: shard {silent} did not tell what it collected"
    totals = sorted({each.total for each in collected})
    if len({each.digest for each in collected}) > 1:
        counts = " or ".join(map(str, totals))
        return (
            f"{where}: its shards collected different tests ({counts} of them); names of tests "
            "must not depend on time, chance or order"
        )
    selected = sum(each.selected for each in collected)
    if totals and selected != totals[0]:
        return f"{where}: its shards were to run {selected} tests of {totals[0]} collected"
    return _twice(where, left)


def unreported_problem(where: str, left: Sequence[Evidence]) -> str | None:
    """Why not every test that was to run is told of, as far as shards told what they collected: a
    run that ends at its first failure leaves tests out, and quarantine may explain that failure."""
    for evidence in left:
        due = evidence.collected.selected if evidence.collected else 0
        told = _told(evidence)
        if told < due:
            shard = f"shard {evidence.run.shard} of it " if len(left) > 1 else ""
            return (
                f"{where}: {shard}reported {told} tests, {due} were to run; does it end at its "
                "first failure?"
            )
    return None


def _told(evidence: Evidence) -> int:
    """How many tests a report tells of. pytest tells of one twice whose teardown failed; and of two
    that have one name, no failure may stand for both."""
    fine = Counter(test.name for test in evidence.tests if test.outcome in _FINE)
    return sum(max(1, fine[name]) for name in {test.name for test in evidence.tests})


def _twice(where: str, left: Sequence[Evidence]) -> str | None:
    seen: dict[str, int] = {}
    for evidence in left:
        for name in sorted({test.name for test in evidence.tests}):
            if name in seen and len(name) <= MAX_TEXT_CHARS:
                return f"{where}: {name} ran in shards {seen[name]} and {evidence.run.shard}"
            seen[name] = evidence.run.shard
    return None
