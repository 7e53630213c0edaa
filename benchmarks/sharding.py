"""How even shards are by recorded durations: the longest shard against the best there could be.

The durations are drawn anew each time, skewed as those of real suites are: most tests short, a few
long, in files of any size. What shares them out is what the pytest plugin calls.
"""

import random
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figure import Figure
from testgate.core.balancing import own_ids
from testgate.core.durations import key_of, spell_durations
from testgate.core.evidence import Evidence, Run
from testgate.core.handoff import RunContext, Task
from testgate.core.plan import Suite
from testgate.runner.suite import SuiteRun, run_suite

AIM = 1.1
SUITES = 100
NOISE_PERCENT = 10  # by which a test takes more or less than it did last time
UNKNOWN_PERCENT = 5  # of tests are new
REAL_TESTS, REAL_SHARDS = 60, 3
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
    real = _ratio_of_real_shards(chance)
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
        Figure(
            what=f"sharding, {REAL_TESTS} tests really run in {REAL_SHARDS} shards, by a first run",
            measured=real,
            against="max(total / n, longest) of the second run",
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


def _ratio_of_real_shards(chance: random.Random) -> float:
    """The runner runs a suite whole, then its shards by what was recorded of it."""
    sleeps = {f"test_{n % 5}.py": [*range(n, REAL_TESTS, 5)] for n in range(5)}
    took_s = [min(1.0, 0.02 + chance.lognormvariate(-2.5, 1)) for _ in range(REAL_TESTS)]
    files = {
        name: "import time\n"
        + "".join(f"def test_{n}(): time.sleep({took_s[n]:.3f})\n" for n in numbers)
        for name, numbers in sleeps.items()
    }
    with tempfile.TemporaryDirectory() as place:
        (first,) = _run_shards(Path(place, "whole"), files, 1, None)
        known = spell_durations(first.tests)
        shards = _run_shards(Path(place, "shards"), files, REAL_SHARDS, known)
    loads = [sum(test.duration_s for test in shard.tests) for shard in shards]
    names = sorted(test.name for shard in shards for test in shard.tests)
    if len(names) != REAL_TESTS or len(set(names)) != REAL_TESTS:
        raise SystemExit("the shards together did not run each test once")
    longest = max(test.duration_s for shard in shards for test in shard.tests)
    return max(loads) / max(sum(loads) / REAL_SHARDS, longest)


def _run_shards(
    place: Path, files: Mapping[str, str], shards: int, known: str | None
) -> list[Evidence]:
    """What the shards of a suite left, one after another, so that none slows another down."""
    place.mkdir()
    now = datetime.now(UTC)
    context = RunContext(
        input_digest="",
        plan_digest="",
        prefix="",
        base_url="http://127.0.0.1:9",
        deadline=now + timedelta(seconds=300),
        judged_on=now.date(),
        variables={},
    )
    suite = Suite(name="bench", bundle="sha256:" + "0" * 64, shards=shards)
    left = []
    for shard in range(1, shards + 1):
        task = Task(suite=suite, run=Run(suite="bench", shard=shard), context=context)
        run = SuiteRun(task=task, directory=place / str(shard))
        run.suite_dir.mkdir(parents=True)
        for name, text in files.items():
            (run.suite_dir / name).write_text(text)
        if known is not None:
            run.durations_path.write_text(known)
        left.append(run_suite(run))
    return left


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
