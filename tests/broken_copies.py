"""Copies of the project in which one place is changed, for those who ask whether a test notices.

Copying and compiling take longer than most of these tests, so both are done once: each copy links
to the files of the first, but for the one that it changes. Imported by tests.mutations and
tests.schedules.mutants.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from compileall import compile_dir
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("src", "hooks", "state_machines", "tests", "infra", "examples", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class BrokenCopy:
    """Where it lies, and with which environment Python finds it."""

    path: Path
    environment: dict[str, str]


class BrokenCopies:
    """Makes them, as links to an original of its own in `place`. A compiled file counts by what
    its source says, so none outlives a change."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._original = place / "original"
        for name in COPIED:
            self._copy(ROOT / name, self._original / name)
        compile_dir(
            self._original, quiet=2, workers=0, invalidation_mode=PycInvalidationMode.CHECKED_HASH
        )

    @contextmanager
    def changed(self, file: str, old: str, new: str) -> Iterator[BrokenCopy]:
        """One in which `file` says `new` where it says `old`; gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self._place, prefix="changed-") as made:
            copy = Path(made)
            shutil.copytree(self._original, copy, copy_function=os.link, dirs_exist_ok=True)
            text = (copy / file).read_text()
            (copy / file).unlink()  # it is the original's, too
            (copy / file).write_text(text.replace(old, new))
            yield BrokenCopy(
                path=copy,
                environment=os.environ | {"PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"},
            )

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


@contextmanager
def broken_copies() -> Iterator[BrokenCopies]:
    """For as long as they are needed."""
    with tempfile.TemporaryDirectory(prefix="broken-") as place:
        yield BrokenCopies(Path(place))
