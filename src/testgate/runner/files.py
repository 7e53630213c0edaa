"""Files that a suite left, read without trusting it: no link is followed, nothing blocks, no size
is believed before it was read.

Imported by `testgate.runner` and run_suite.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from testgate.core.errors import RunnerError

# O_NONBLOCK: opening a named pipe would wait for somebody to write to it.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """A plain file, open for reading; neither it nor its directory may be a link.

    Raises RunnerError that says what is there instead.
    """
    try:
        directory = os.open(path.parent, _FLAGS | os.O_DIRECTORY)
    except OSError:
        raise RunnerError(f"the directory of {path.name} is gone, or is a link now") from None
    try:
        descriptor = _open(path.name, directory)
    finally:
        os.close(directory)
    with os.fdopen(descriptor, "rb") as file:
        yield file


def read_plain(path: Path, max_bytes: int) -> bytes:
    """The bytes of a plain file. Raises RunnerError for any other, and for one that is larger."""
    with open_plain(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes > max_bytes:
            raise RunnerError(f"{path.name} has {size_bytes} bytes, at most {max_bytes} are read")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise RunnerError(f"{path.name} grew beyond {max_bytes} bytes while it was read")
    return data


def read_tail(path: Path, max_bytes: int) -> bytes:
    """The last bytes of a plain file; none of anything else."""
    try:
        with open_plain(path) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - max_bytes))
            return file.read(max_bytes)
    except RunnerError:
        return b""


def _open(name: str, directory: int) -> int:
    """A descriptor of the plain file of that name. Looked at before it is opened, for opening a
    device may do something, and after, for it may have been exchanged in between."""
    try:
        _check(name, os.lstat(name, dir_fd=directory).st_mode)
        descriptor = os.open(name, _FLAGS, dir_fd=directory)
    except FileNotFoundError:
        raise RunnerError(f"{name} was not written") from None
    except OSError as exc:
        raise RunnerError(f"{name} cannot be read: {exc.strerror}") from None
    try:
        _check(name, os.fstat(descriptor).st_mode)
    except RunnerError:
        os.close(descriptor)
        raise
    return descriptor


def _check(name: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    what = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "a device")
    raise RunnerError(f"{name} is {what}, expected a plain file")
