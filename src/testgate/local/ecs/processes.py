"""Containers as local processes: start, output, exit, stop; and none of them outlives its parent.

Each process leads a group of its own, so that what it starts ends with it. Imported by
`testgate.local.ecs` alone.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_log = logging.getLogger(__name__)
_WARDEN_SCRIPT = Path(__file__).with_name("warden.py")
_CHUNK_BYTES = 64 * 1024
_LAST_OUTPUT_WAIT_S = 1.0
_KILL_WAIT_S = 5.0


class Warden:
    """Tells the warden process which groups to kill should this process die."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def watch(self, group: int) -> None:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_WARDEN_SCRIPT)],
                    stdin=subprocess.PIPE,
                    text=True,
                    bufsize=1,
                    start_new_session=True,
                    env={},
                )
            self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        with self._lock:
            if self._process is not None:
                self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the warden; groups still watched are killed by it."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.wait(timeout=_KILL_WAIT_S)

    def _tell(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
        except OSError:
            _log.exception("the warden of local tasks is gone; tasks may outlive this process")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """What to run; `environment` is all that the process sees of the world."""

    arguments: list[str]
    cwd: Path
    environment: Mapping[str, str] = field(repr=False)


class ContainerProcess:
    """A running process; `on_exit` is called once, from a thread, with the exit code.

    Raises:
        OSError: the command or its directory does not exist.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        *,
        warden: Warden,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self._warden = warden
        self._on_output = on_output
        self._on_exit = on_exit
        self._process = subprocess.Popen(
            spec.arguments,
            cwd=spec.cwd,
            env=dict(spec.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self._process.pid
        warden.watch(self.pid)
        self._reader = threading.Thread(target=self._read, name="task-output", daemon=True)
        self._waiter = threading.Thread(target=self._wait, name="task-exit", daemon=True)

    def follow(self) -> None:
        """Start to read output and to wait for the exit."""
        self._reader.start()
        self._waiter.start()

    def terminate(self) -> None:
        """Ask the group to end (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def wait_or_kill(self, grace_s: float) -> None:
        """Wait for the end, kill the group after `grace_s`; returns when `on_exit` has run."""
        try:
            self._process.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait(timeout=_KILL_WAIT_S)
        if threading.current_thread() is not self._waiter:
            self._waiter.join(timeout=_KILL_WAIT_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while chunk := os.read(stream.fileno(), _CHUNK_BYTES):
                self._on_output(chunk)

    def _wait(self) -> None:
        code = self._process.wait()
        # What the process left behind in its group would keep ports and the output open.
        self._signal(signal.SIGKILL)
        self._warden.forget(self.pid)
        self._reader.join(timeout=_LAST_OUTPUT_WAIT_S)
        self._on_exit(128 - code if code < 0 else code)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
