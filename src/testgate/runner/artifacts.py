"""What a suite leaves besides its reports: files below its results directory, by pattern.

They are for people; no verdict rests on them. Read as everything that a suite left is: no link is
followed, nothing blocks. Imported by run_suite and the command line.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from testgate.core.errors import RunnerError
from testgate.runner.files import read_plain

MAX_FILES = 200
MAX_FILE_BYTES = 25_000_000
MAX_BYTES = 100_000_000
MAX_LOOKED_AT = 10_000
_MAX_PATH_BYTES = 500  # of a key, which may have 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file: its path below the results directory, with `/`, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that matches and is not kept, and why."""

    path: str
    why: str


def artifacts_in(directory: Path, globs: Sequence[str]) -> Iterator[Artifact | LeftOut]:
    """The files that match a pattern (`*` stands for any characters, `/` among them), in order;
    one in memory at a time."""
    if not globs:
        return
    kept, bytes_left = 0, MAX_BYTES
    for path in sorted(_files(directory)):
        if not any(fnmatchcase(path, glob) for glob in globs):
            continue
        if kept == MAX_FILES:
            yield LeftOut(path=path, why=f"there are more than {MAX_FILES} artifacts")
            return
        try:
            data = read_plain(directory / path, min(MAX_FILE_BYTES, bytes_left))
        except RunnerError as exc:
            yield LeftOut(path=path, why=str(exc))
            continue
        kept, bytes_left = kept + 1, bytes_left - len(data)
        yield Artifact(path=path, data=data)


def _files(directory: Path) -> Iterator[str]:
    looked_at = 0
    for place, _, names in os.walk(directory):  # documented: no links to directories are followed
        for name in names:
            looked_at += 1
            if looked_at > MAX_LOOKED_AT:
                return
            path = (Path(place) / name).relative_to(directory).as_posix()
            if path.isprintable() and len(path.encode()) <= _MAX_PATH_BYTES:
                yield path
