"""The shards of one suite: which tests are whose, and whether together they ran each test once.

Standard library only; imported by the verdict and, beside the suite, by the pytest plugin.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from testgate.core.balancing import shards_of_ids
from testgate.core.evidence import Evidence
from testgate.core.quarantine import MAX_TEXT_CHARS

COLLECTED = "collected.json"  # where a shard tells what it collected, among its reports
RERUN = "rerun.json"  # and which tests it ran again, with what had failed
PRINTED = "printed.json"  # and what its failing tests printed, which its JUnit leaves out


def digest_of_ids(ids: Iterable[str]) -> str:
    """One digest for a set of test ids, whatever their order."""
    text = "\n".join(sorted(ids))
    return f"sha256:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def own_ids(
    ids: Sequence[str], shard: int, shards: int, known: Mapping[str, int] | None = None
) -> frozenset[str]:
    """The ids that shard `shard` (1-based) of `shards` runs. `known`: how long tests took, as
    `read_durations` has it."""
    return frozenset(shards_of_ids(ids, shards, known or {})[shard - 1])


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
    return _missing(where, left) or _twice(where, left)


def _missing(where: str, left: Sequence[Evidence]) -> str | None:
    for evidence in left:
        due = evidence.collected.selected if evidence.collected else 0
        if len(evidence.tests) < due:
            return (
                f"{where}: shard {evidence.run.shard} reported {len(evidence.tests)} tests, "
                f"{due} were its own"
            )
    return None


def _twice(where: str, left: Sequence[Evidence]) -> str | None:
    seen: dict[str, int] = {}
    for evidence in left:
        for name in sorted({test.name for test in evidence.tests}):
            if name in seen and len(name) <= MAX_TEXT_CHARS:
                return f"{where}: {name} ran in shards {seen[name]} and {evidence.run.shard}"
            seen[name] = evidence.run.shard
    return None
