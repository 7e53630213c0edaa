"""`make mutate`: takes each guard away in a copy of the code, and runs the test beside it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.broken_copies import BrokenCopies, broken_copies
from tests.mutations.guard import Guard
from tests.mutations.guards import GUARDS

TESTS_FAILED = 1


def main() -> int:
    """Print a line for each guard; 1 if any test did not notice."""
    survived = 0
    with broken_copies() as copies, ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        told = pool.map(lambda guard: is_noticed(guard, copies), GUARDS)
        for guard, seen in zip(GUARDS, told, strict=True):
            survived += not seen
            sys.stdout.write(f"{'noticed ' if seen else 'SURVIVED'}  {guard.name}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(GUARDS) - survived} passed, {survived} failed\n")
    return 1 if survived else 0


def is_noticed(guard: Guard, copies: BrokenCopies) -> bool:
    """Whether the guard's test fails without it (and does not merely break)."""
    with copies.changed(guard.file, guard.old, guard.new) as copy:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", guard.test],
            cwd=copy.path,
            env=copy.environment,
            capture_output=True,
            check=False,
        )
    return ended.returncode == TESTS_FAILED


if __name__ == "__main__":
    sys.exit(main())
