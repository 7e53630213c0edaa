"""Removes what a suite left on the disk, however deep, however forbidding.

`shutil.rmtree` gives up at a directory that its owner may not read, and at one nested deeper than
Python recurses: both would stay in a shared function and fill its disk. Imported by
`testgate.runner.remains`.
"""

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def remove_tree(path: Path) -> None:
    """Remove it and all below it; no link is followed. What cannot be removed stays, silently.

    Nothing may go on writing there: its processes have ended.
    """
    with suppress(OSError):
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return
        path.chmod(0o700)
        with _opened(path) as root:
            _empty(root)
        path.rmdir()


def _empty(root: int) -> None:
    """Every directory further down is moved up here before its turn: depth costs no recursion, and
    no path gets too long."""
    fresh = (f"{token_hex(8)}-{number}" for number in itertools.count())
    waiting = list(_take_apart(root, root, fresh))
    while waiting:
        name = waiting.pop()
        with suppress(OSError):
            with _opened(name, root) as directory:
                waiting += _take_apart(directory, root, fresh)
            os.rmdir(name, dir_fd=root)


def _take_apart(directory: int, root: int, fresh: Iterator[str]) -> Iterator[str]:
    """Remove its files; the new names that its directories have in `root`."""
    with os.scandir(directory) as scanned:
        entries = list(scanned)
    for entry in entries:
        with suppress(OSError):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=directory)
                continue
            os.chmod(entry.name, 0o700, dir_fd=directory)
            name = next(fresh)
            os.rename(entry.name, name, src_dir_fd=directory, dst_dir_fd=root)
            yield name


@contextmanager
def _opened(path: Path | str, directory: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, _DIRECTORY, dir_fd=directory)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
