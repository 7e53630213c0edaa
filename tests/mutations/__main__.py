"""`make mutate`: takes each guard away in a copy of the code, and runs the test beside it."""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutations.guard import Guard
from tests.mutations.guards import GUARDS

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("src", "hooks", "state_machines", "tests", "infra", "examples", "pyproject.toml")
TESTS_FAILED = 1


def main() -> int:
    """Print a line for each guard; 1 if any test did not notice."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        noticed = list(pool.map(is_noticed, GUARDS))
    for guard, seen in zip(GUARDS, noticed, strict=True):
        sys.stdout.write(f"{'noticed ' if seen else 'SURVIVED'}  {guard.name}\n")
    survived = noticed.count(False)
    sys.stdout.write(f"{len(noticed) - survived} passed, {survived} failed\n")
    return 1 if survived else 0


def is_noticed(guard: Guard) -> bool:
    """Whether the guard's test fails without it (and does not merely break)."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        copy = Path(place)
        for name in COPIED:
            _copy(ROOT / name, copy / name)
        file = copy / guard.file
        file.write_text(file.read_text().replace(guard.old, guard.new))
        environment = os.environ | {
            "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", guard.test],
            cwd=copy,
            env=environment,
            capture_output=True,
            check=False,
        )
    return ended.returncode == TESTS_FAILED


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


if __name__ == "__main__":
    sys.exit(main())
