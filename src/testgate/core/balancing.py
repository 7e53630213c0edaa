"""Which shard runs which test: evenly, or by how long each took last time, the longest first.

Every shard works this out for itself from the same ids and the same durations, in whole numbers, so
that all come to the same. Standard library only; imported by the pytest plugin.
"""

import hashlib
import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence

from testgate.core.durations import key_of

Unit = tuple[int, tuple[str, ...]]  # milliseconds, and the tests that stay together

# A file's tests share fixtures, whose cost nobody knows: worth this many percent of imbalance.
TOGETHER_PERCENT = 5


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


def shards_of_ids(
    ids: Iterable[str], shards: int, known: Mapping[str, int]
) -> tuple[tuple[str, ...], ...]:
    """The ids of each shard, each id in one of them. `known` has milliseconds by a test's key."""
    ordered = sorted(set(ids))
    took = {name: known.get(key_of(name)) for name in ordered}
    told = [ms for ms in took.values() if ms is not None]
    if not told:
        return _stretches(ordered, shards)
    mean = max(1, sum(told) // len(told))
    weights = {name: mean if ms is None else ms for name, ms in took.items()}
    plans = [_longest_first(units, shards) for units in _ways(weights, shards)]
    best = min(_makespan(plan) for plan in plans)
    enough = next(p for p in plans if 100 * _makespan(p) <= (100 + TOGETHER_PERCENT) * best)
    return tuple(tuple(sorted(names)) for _, names in enough)


def _ways(weights: Mapping[str, int], shards: int) -> tuple[list[Unit], ...]:
    """What stays together: files; those of them that are no more than a fair share; nothing."""
    files: dict[str, list[str]] = {}
    for name in weights:
        files.setdefault(name.partition("::")[0], []).append(name)
    whole = [_unit(names, weights) for names in files.values()]
    alone = [_unit([name], weights) for name in weights]
    fair = sum(weights.values()) // (2 * shards)
    small = [unit for unit in whole if unit[0] <= fair]
    kept = {name for _, names in small for name in names}
    mixed = small + [unit for unit in alone if unit[1][0] not in kept]
    return whole, mixed, alone


def _unit(names: Sequence[str], weights: Mapping[str, int]) -> Unit:
    return sum(weights[name] for name in names), tuple(names)


def _longest_first(units: Iterable[Unit], shards: int) -> list[tuple[int, list[str]]]:
    """Each in turn to the shard that has least to do (Graham's longest processing time first)."""
    names: list[list[str]] = [[] for _ in range(shards)]
    loads = [(0, shard) for shard in range(shards)]
    for weight, own in sorted(units, key=lambda unit: (-unit[0], unit[1])):
        load, shard = heapq.heappop(loads)
        names[shard].extend(own)
        heapq.heappush(loads, (load + weight, shard))
    return [(load, names[shard]) for load, shard in sorted(loads, key=lambda each: each[1])]


def _makespan(plan: Sequence[tuple[int, list[str]]]) -> int:
    return max(load for load, _ in plan)


def _stretches(ordered: Sequence[str], shards: int) -> tuple[tuple[str, ...], ...]:
    """Stretches of them in sorted order, so that tests of a file mostly stay together."""
    ends = [len(ordered) * shard // shards for shard in range(shards + 1)]
    return tuple(tuple(ordered[first:end]) for first, end in itertools.pairwise(ends))
