"""How even shards are by recorded durations: the longest shard against the best there could be.

The durations are drawn anew each time, skewed as those of real suites are: most tests short, a few
long, in files of any size. What shares them out is what the pytest plugin calls.
"""

import random
import sys
from collections.abc import Mapping

from benchmarks.figure import Figure
from testgate.core.durations import key_of
from testgate.core.sharding import own_ids

AIM = 1.1
SUITES = 100
NOISE_PERCENT = 10  # by which a test takes more or less than it did last time
UNKNOWN_PERCENT = 5  # of tests are new
_MAX_TESTS, _MAX_SHARDS = 2_000, 16


def measure_sharding(seed: int | None = None) -> list[Figure]:
    """The worst of many suites whose durations hold, and the median of those that change."""
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    sys.stderr.write(f"sharding: durations drawn with seed {seed}\n")
    chance = random.Random(seed)
    exact, changed = [], []
    for _ in range(SUITES):
        took, shards = _suite(chance)
        known = {key_of(name): ms for name, ms in took.items()}
        exact.append(_ratio(took, shards, known))
        now = {name: _noisy(chance, ms) for name, ms in took.items()}
        remembered = {
            key: ms for key, ms in known.items() if chance.randrange(100) >= UNKNOWN_PERCENT
        }
        changed.append(_ratio(now, shards, remembered))
    even = _ratio_of_even(chance)
    against = f"max(total / n, longest), seed {seed}"
    return [
        Figure(
            what=f"sharding, makespan with recorded durations: worst of {SUITES} suites",
            measured=max(exact),
            against=against,
            aim=AIM,
        ),
        Figure(
            what=f"the same when tests take ±{NOISE_PERCENT} % and {UNKNOWN_PERCENT} % are new: "
            f"median (without durations: {even:.2f})",
            measured=sorted(changed)[len(changed) // 2],
            against=against,
            aim=AIM,
        ),
    ]


def _suite(chance: random.Random) -> tuple[dict[str, int], int]:
    """Milliseconds by test id, and a number of shards that leaves each several tests."""
    shards = chance.randint(2, _MAX_SHARDS)
    tests = chance.randint(8 * shards, _MAX_TESTS)
    files = chance.randint(1, max(1, tests // 4))
    return {
        f"test_{chance.randrange(files)}.py::test_{n}": max(1, round(chance.lognormvariate(4, 1.5)))
        for n in range(tests)
    }, shards


def _noisy(chance: random.Random, ms: int) -> int:
    percent = chance.randint(100 - NOISE_PERCENT, 100 + NOISE_PERCENT)
    return max(1, ms * percent // 100)


def _ratio(took: Mapping[str, int], shards: int, known: Mapping[str, int]) -> float:
    ids = list(took)
    loads = [
        sum(took[name] for name in own_ids(ids, shard, shards, known))
        for shard in range(1, shards + 1)
    ]
    if sum(loads) != sum(took.values()):
        raise SystemExit("the shards together do not run each test once")
    return max(loads) / max(sum(loads) / shards, *took.values())


def _ratio_of_even(chance: random.Random) -> float:
    ratios = sorted(
        _ratio(took, shards, {}) for took, shards in (_suite(chance) for _ in range(50))
    )
    return ratios[len(ratios) // 2]
