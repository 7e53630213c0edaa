"""A child process with a deadline: asked to stop in time to report, killed with all it started.

Imported by `testgate.runner.suite`.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

from testgate.core.errors import RunnerError
from testgate.runner.remains import no_process_left

MAX_OUTPUT_BYTES = 5_000_000
_CHUNK_BYTES = 65_536
_STEP_S = 0.2
_NOT_RUN, _NOT_FOUND = 126, 127  # as a shell says it (POSIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, where, with which environment (nothing is inherited)."""

    argv: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    output_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended. `exit_code` is None if it had to be killed, negative if a signal ended it."""

    exit_code: int | None
    timed_out: bool


def run_process(command: Command, *, timeout_s: float, grace_s: float) -> Ended:
    """Run to its end, or interrupt it after `timeout_s`, or when this process is interrupted, and
    kill it `grace_s` later.

    Its output goes to a file that grows to MAX_OUTPUT_BYTES at most. Whatever it has started is
    killed afterwards, whatever the end.
    """
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        raise RunnerError(
            "exit codes cannot be known: Testgate was started with the signal CHLD ignored; start "
            "it without (in a shell: trap - CHLD)"
        )
    # Made before the child is: it could put a link there, or a pipe that nobody reads.
    command.output_path.unlink(missing_ok=True)
    with command.output_path.open("xb", buffering=0) as output:
        with no_process_left():
            try:
                process = _start(command)
            except OSError as exc:
                output.write(f"{command.argv[0]}: {exc.strerror}\n".encode())
                missing = isinstance(exc, FileNotFoundError)
                return Ended(exit_code=_NOT_FOUND if missing else _NOT_RUN, timed_out=False)
            reader = threading.Thread(target=_copy, args=(process, output), daemon=True)
            reader.start()
            try:
                ended = _wait(process, timeout_s, grace_s)
            finally:
                _kill_group(process)
        reader.join(timeout=5.0)  # where all are found, nobody is left to write
        process.wait()
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()
    return ended


def _start(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(command.argv),
        cwd=command.cwd,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], timeout_s: float, grace_s: float) -> Ended:
    # A thread waits without a timeout: with one, the standard library looks up to 50 ms too late.
    over = threading.Event()  # an interrupted Thread.join takes the thread for ended
    threading.Thread(target=_tell_end, args=(process, over), daemon=True).start()
    timed_out = True
    try:
        until_s = time.monotonic() + timeout_s
        # In steps: a signal that another thread has taken is heard between them.
        while not over.is_set() and (left_s := until_s - time.monotonic()) > 0:
            over.wait(min(left_s, _STEP_S))
        timed_out = not over.is_set()
    finally:  # also where this process is interrupted: a suite may have test data to take away
        if not over.is_set():
            # As a terminal would: a shell waits for its child.
            _signal_group(process, signal.SIGINT)
            over.wait(grace_s)
    return Ended(exit_code=process.poll(), timed_out=timed_out)


def _tell_end(process: subprocess.Popen[bytes], over: threading.Event) -> None:
    process.wait()
    over.set()


def _copy(process: subprocess.Popen[bytes], output: RawIOBase) -> None:
    """Keep the first MAX_OUTPUT_BYTES, or what the disk has room for; read on past them, so that
    the child never blocks."""
    if process.stdout is None:
        raise RunnerError("the child's output is not piped")
    left = MAX_OUTPUT_BYTES
    while chunk := os.read(process.stdout.fileno(), _CHUNK_BYTES):
        try:
            left -= output.write(chunk[:left]) or 0
        except OSError:  # no room
            left = 0


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill everything in the child's process group."""
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
