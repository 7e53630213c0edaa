"""What a suite leaves besides its reports: files below its results directory, by pattern.

They are for people; no verdict rests on them. Read as everything that a suite left is: no link is
followed, nothing blocks. Imported by run_suite and the command line.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, count
from pathlib import Path

from testgate.core.errors import RunnerError
from testgate.core.masking import mask
from testgate.core.redaction import MARK
from testgate.runner.files import read_plain

MAX_FILES = 200
MAX_FILE_BYTES = 25_000_000
MAX_BYTES = 100_000_000
MAX_LOOKED_AT = 10_000
_MAX_PATH_BYTES = 500  # of a key, which may have 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file: the path that it is kept by, with `/`, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that matches and is not kept, and why."""

    path: str
    why: str


def artifacts_in(
    directory: Path, globs: Sequence[str], hidden: Sequence[str] = ()
) -> Iterator[Artifact | LeftOut]:
    """The files that match a pattern (`*` stands for any characters, `/` among them), in order;
    one in memory at a time. The bytes are those of the file; of its path, what is `hidden` is
    masked."""
    if not globs:
        return
    kept, bytes_left = 0, MAX_BYTES
    found = [path for path in sorted(_files(directory)) if _matches(path, globs)]
    for real, path in _named(found, hidden):
        if kept == MAX_FILES:
            yield LeftOut(path=path, why=f"there are more than {MAX_FILES} artifacts")
            return
        try:
            data = read_plain(directory / real, min(MAX_FILE_BYTES, bytes_left))
        except RunnerError as exc:
            yield LeftOut(path=path, why=mask(str(exc), hidden))
            continue
        kept, bytes_left = kept + 1, bytes_left - len(data)
        yield Artifact(path=path, data=data)


def _matches(path: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(path, glob) for glob in globs)


def _named(paths: Sequence[str], hidden: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each path, and it without what is hidden, numbered where another file or directory is named
    so."""
    masked = {path: mask(path, hidden) for path in paths}
    files = {path for path in paths if masked[path] == path}
    taken = {part for path in files for part in _parts(path)}
    for path in paths:
        name = masked[path]
        if name != path:
            numbered = (name.replace(MARK, f"{MARK[:-1]} {n}]", 1) for n in count(2))
            name = next(
                each
                for each in chain([name], numbered)
                if each not in taken and files.isdisjoint(_parts(each))
            )
            files.add(name)
            taken.update(_parts(name))
        yield path, name


def _parts(path: str) -> list[str]:
    """A path, and the directories on its way."""
    pieces = path.split("/")
    return ["/".join(pieces[:n]) for n in range(1, len(pieces) + 1)]


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
