"""Nothing of a suite outlives its run: processes that left its group, files in shared places.

The function that runs suites is shared by all gates and kept warm between runs. Imported by
`testgate.runner` and run_suite.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_SWEEPS = 50  # a process that forks faster than it is killed gets this many chances


def hide_from_children() -> None:
    """Keep this process's environment, and with it its credentials, from processes it starts.

    On Linux a process of the same user may read another's environment unless that one is not
    dumpable (proc(5)); root may read all the same. Elsewhere this does nothing.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


@contextmanager
def no_process_left() -> Iterator[None]:
    """Kill every process that began below this one in the meantime, even in its own session.

    On Linux orphans are handed to this process (prctl(2), child subreaper), so that all of them
    are found. Elsewhere only what the caller kills by process group ends.
    """
    before = set(_children())
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        for _ in range(_SWEEPS):
            left = set(_children()) - before
            if not left:
                break
            for pid in left:
                _end(pid)
        _prctl(_PR_SET_CHILD_SUBREAPER, 0)


def empty_temporary_files(environment: Mapping[str, str]) -> None:
    """Empty the temporary directory of a Lambda function; anywhere else this does nothing, for
    there it is not the function's own."""
    if "AWS_LAMBDA_RUNTIME_API" not in environment:
        return
    for path in Path(tempfile.gettempdir()).iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _children() -> list[int]:
    """Direct children, from the kernel's own list; none where there is no such list."""
    found: list[int] = []
    for thread in Path("/proc/self/task").glob("*"):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in (thread / "children").read_text().split()]
    return found


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
