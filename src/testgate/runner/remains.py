"""Nothing of a suite outlives its run: processes that left its group, files in shared places.

The function that runs suites is shared by all gates and kept warm between runs. Imported by
`testgate.runner` and run_suite.
"""

import contextlib
import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from testgate.core.errors import RunnerError
from testgate.runner.removal import remove_tree

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_SWEEPS = 200  # each first stops what it finds: what is stopped forks no more
_LAYERS = "/opt/"  # where Lambda runs extensions from; suites cannot write there


def hide_from_children() -> None:
    """Keep this process's environment, and with it its credentials, from processes it starts.

    On Linux a process of the same user may read another's environment, memory and open files, or
    trace it, unless that one is not dumpable (proc(5), ptrace(2)); root may all the same. Elsewhere
    this does nothing.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def end_with_parent() -> None:
    """Get SIGTERM when the process that started this one ends, however it does. Linux only."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end_all_below(pid: int) -> None:
    """Kill every process below that one. Linux only."""
    _end_below(pid, set())


@contextmanager
def no_process_left() -> Iterator[None]:
    """Kill every process that began below this one in the meantime, even in its own session.

    On Linux orphans are handed to this process (prctl(2), child subreaper), so that all of them
    are found. Elsewhere only what the caller kills by process group ends. Raises RunnerError if
    any cannot be ended.
    """
    before = set(_children_of(os.getpid()))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        left = _end_below(os.getpid(), before)
        _prctl(_PR_SET_CHILD_SUBREAPER, 0)
        if left:
            raise RunnerError(f"{left} processes of the suite could not be ended")


def end_leftovers(environment: Mapping[str, str]) -> None:
    """In a Lambda function, kill what a suite left that had killed the runner before this one.

    Lambda starts a new runtime in the same sandbox then, and does not say that it ends the old
    one's orphans. They have its parent, began before it, and are no extension.
    """
    if "AWS_LAMBDA_RUNTIME_API" not in environment:
        return
    own, began = os.getpid(), _began(os.getpid())
    siblings = [pid for pid in _children_of(os.getppid()) if pid != own]
    for pid in siblings:
        if _owner(pid) == os.getuid() and _began(pid) <= began and not _is_extension(pid):
            _end_below(pid, set())
            _end([pid])


def empty_temporary_files(environment: Mapping[str, str]) -> None:
    """Empty the temporary directory of a Lambda function; anywhere else this does nothing, for
    there it is not the function's own."""
    if "AWS_LAMBDA_RUNTIME_API" not in environment:
        return
    for path in Path(tempfile.gettempdir()).iterdir():
        remove_tree(path)


@contextmanager
def fresh_directory() -> Iterator[Path]:
    """A directory of its own for one run, removed afterwards whatever was put there."""
    path = Path(tempfile.mkdtemp(prefix="testgate-"))
    try:
        yield path
    finally:
        remove_tree(path)


def _end_below(root: int, kept: set[int]) -> int:
    """End all descendants of `root` but those below its children in `kept`; how many stay.

    First all are stopped, again and again until no new one is found: what forks faster than it is
    killed would otherwise never end.
    """
    for _ in range(_SWEEPS):
        found = _descendants(root, kept)
        if not found:
            return 0
        _signal(found, signal.SIGSTOP)
        if set(found) == set(_descendants(root, kept)):
            _end(found)
    return len(_descendants(root, kept))


def _descendants(root: int, kept: set[int]) -> list[int]:
    found: list[int] = []
    waiting = [pid for pid in _children_of(root) if pid not in kept]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += _children_of(pid)
    return found


def _children_of(pid: int) -> list[int]:
    """Direct children, from the kernel's own list; none where there is no such list."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def _end(pids: Iterable[int]) -> None:
    """Kill them all, and take leave of those that are this process's own."""
    _signal(pids, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _began(pid: int) -> int:
    """When it began, in clock ticks since the machine did; 0 if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[19])  # the name may hold anything


def _owner(pid: int) -> int | None:
    """The user that runs it, from a file that stays its own when it is not dumpable."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return None
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Uid:"))


def _is_extension(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().is_relative_to(_LAYERS)
    except OSError:  # it hides: no extension does
        return False


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
