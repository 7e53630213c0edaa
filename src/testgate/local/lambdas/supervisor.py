"""Stands between the local AWS and one Lambda runtime process, and leaves nothing of it alive.

A program of its own, run by the runtime's interpreter with the standard library alone:
`supervisor.py COMMAND...`. When its standard input closes (the host ends the sandbox, or the host
died), or the runtime exits, every descendant is killed, whatever session it moved to. It then
leaves the way the runtime left. Run by `sandbox.py`; imported by nobody.

It delays every cold start, so it imports nothing that is slow to import (pathlib, contextlib).
"""

import ctypes
import os
import resource
import select
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PARENT_CHECK_S = 1.0


def main(command: list[str]) -> None:
    host = os.getppid()
    # A core file per injected crash would fill the developer's disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Its environment holds the function's credentials, which the function may hide from its own
    # children: on AWS the runtime's parent is another user's. (Linux: no other process may look.)
    _prctl(_PR_SET_DUMPABLE, 0)
    # Orphans come to this process instead of init, so that it can find them.
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child_ended = _signal_pipe(signal.SIGCHLD)
    runtime = os.fork()
    if runtime == 0:
        _become(command)
    status = _watch(runtime, host, child_ended)
    _end_descendants(runtime)
    _leave_like(status)


def _become(command: list[str]) -> None:
    supervisor = os.getppid()
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if supervisor != os.getppid():
        os._exit(1)
    os.execv(command[0], command)


def _watch(runtime: int, host: int, child_ended: int) -> int | None:
    """The runtime's wait status; None if it has to be killed because its host ended it."""
    while True:
        ready, _, _ = select.select([0, child_ended], [], [], _PARENT_CHECK_S)
        if child_ended in ready:
            os.read(child_ended, 512)
        status = _reap(runtime)
        if status is not None:
            return status
        # The second test covers a fork of the host that still holds the pipe's other end.
        if 0 in ready or os.getppid() != host:
            return None


def _reap(runtime: int) -> int | None:
    """Collect all that ended; the runtime's wait status if it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == runtime:
            found = status


def _end_descendants(runtime: int) -> None:
    """Kill children until there are none: those of a killed one become ours in turn."""
    while True:
        for pid in _children(runtime):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(0.002)


def _children(runtime: int) -> list[int]:
    try:
        names = [entry.name for entry in os.scandir("/proc")]
    except OSError:  # not Linux: no subreaper either
        return [runtime, -runtime]
    return [int(name) for name in names if name.isdigit() and _parent(name) == os.getpid()]


def _parent(pid: str) -> int | None:
    try:
        stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return None
    try:
        # The command name, in parentheses, may hold anything: the fields count from behind it.
        return int(os.read(stat, 4096).rpartition(b")")[2].split()[1])
    except (OSError, IndexError):  # it ended while being read
        return None
    finally:
        os.close(stat)


def _signal_pipe(number: signal.Signals) -> int:
    """A descriptor that becomes readable at each such signal."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _leave_like(status: int | None) -> None:
    if status is None or os.WIFSIGNALED(status):
        number = signal.SIGKILL if status is None else os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.pause()
    os._exit(os.waitstatus_to_exitcode(status or 0))


if __name__ == "__main__":
    main(sys.argv[1:])
