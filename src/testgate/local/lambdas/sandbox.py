"""The processes of one execution environment: started, measured, read out and ended as one.

A supervisor holds the runtime process and all its descendants (see `supervisor.py`). Used by the
execution environment of this package.
"""

import contextlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_READ_BYTES = 65_536
_LOOK_S = 0.01
_DYING_S = 5.0  # longer takes only who waits for a device
_DRAIN_READS = 32  # more than any pipe holds; a process that never stops printing must not hold us


class Sandbox:
    """One process tree; its output goes to `on_output`, its end to `on_exit` (return code).

    Both callbacks run on the sandbox's own thread or, for output, inside `drain()`; never two at a
    time. After `on_exit` nothing of the tree is alive and all its output has been handed over.
    """

    def __init__(
        self,
        *,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[int], None],
        end_patience_s: float = 5.0,
    ) -> None:
        self._on_output = on_output
        self._on_exit = on_exit
        self._end_patience_s = end_patience_s  # then the supervisor is not asked any more
        self._lock = threading.Lock()  # guards reading the output
        self._life = threading.Lock()  # guards start against end
        self._ended = False
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self.peak_bytes = 0  # as far as anyone looked

    def start(
        self, python: Path, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> None:
        """Run `python arguments`; does nothing but report an end if `end()` came first."""
        with self._life:
            if self._ended:
                self._on_exit(-9)
                return
            self._supervisor = subprocess.Popen(
                [python, "-I", "-S", _SUPERVISOR, python, *arguments],
                cwd=cwd,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            assert self._supervisor.stdout is not None
            os.set_blocking(self._supervisor.stdout.fileno(), False)
            self._reader = threading.Thread(target=self._read, name="lambda-output", daemon=True)
            self._reader.start()

    def drain(self) -> None:
        """Hand over all output written before this call."""
        with self._lock:
            for _ in range(_DRAIN_READS):
                if not self._read_once():
                    return

    def order_end(self) -> None:
        """Have the whole tree killed, without waiting for it."""
        with self._life:
            self._ended = True
            if self._supervisor is not None and self._supervisor.stdin is not None:
                # The supervisor takes the closed pipe as an order, and finds what only it can find.
                with contextlib.suppress(OSError):
                    self._supervisor.stdin.close()

    def end(self) -> None:
        """Kill the whole tree and wait until it is gone and `on_exit` has run."""
        self.order_end()
        with self._life:
            if self._supervisor is None or self._reader is None:
                return
            self._reader.join(self._end_patience_s)
            if self._reader.is_alive():
                killed = _kill_hard(self._supervisor.pid)
                self._reader.join(self._end_patience_s)
                # What is killed closes its output a moment before it is gone.
                _until_gone(killed)

    def memory_bytes(self) -> int:
        """The greatest resident size of the tree seen so far, this look included.

        Each process counts with its own peak where the system keeps one, so that a short balloon
        between two looks is not missed; pages shared by several processes count once.
        """
        if self._supervisor is not None:
            self.peak_bytes = max(self.peak_bytes, _tree_bytes(self._supervisor.pid))
        return self.peak_bytes

    def _read(self) -> None:
        assert self._supervisor is not None
        assert self._supervisor.stdout is not None
        poll = select.poll()
        poll.register(self._supervisor.stdout, select.POLLIN | select.POLLHUP)
        open_ = True
        while open_:
            poll.poll()
            with self._lock:
                open_ = self._read_once() is not None
        return_code = self._supervisor.wait()
        with self._lock:
            self._supervisor.stdout.close()
            with contextlib.suppress(OSError):
                if self._supervisor.stdin is not None:
                    self._supervisor.stdin.close()
        self._on_exit(return_code)

    def _read_once(self) -> bytes | None:
        """What was there to read, perhaps nothing; None at the end. Call with the lock held."""
        if self._supervisor is None or self._supervisor.stdout is None:
            return None
        if self._supervisor.stdout.closed:
            return None
        try:
            chunk = os.read(self._supervisor.stdout.fileno(), _READ_BYTES)
        except BlockingIOError:
            return b""
        if chunk:
            self._on_output(chunk)
        return chunk or None


def _kill_hard(supervisor: int) -> list[psutil.Process]:
    """Kill a tree from outside; its processes."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(supervisor)
        tree = [*root.children(recursive=True), root]
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return tree
    return []


def _until_gone(processes: list[psutil.Process]) -> None:
    """Wait for processes that are not this one's children: gone, or waiting to be taken note of."""
    deadline = time.monotonic() + _DYING_S
    pause = threading.Event()
    while any(map(_lives, processes)) and time.monotonic() < deadline:
        pause.wait(_LOOK_S)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _tree_bytes(supervisor: int) -> int:
    """Resident bytes of a supervisor's descendants; 0 if they are gone."""
    try:
        processes = psutil.Process(supervisor).children(recursive=True)
    except psutil.NoSuchProcess:
        return 0
    resident = [_resident_bytes(process) for process in processes]
    if len(processes) > 1:
        return max(*resident, sum(_proportional_bytes(process) for process in processes))
    return sum(resident)


def _resident_bytes(process: psutil.Process) -> int:
    """The peak of one process on Linux, elsewhere what it holds now."""
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _proportional_bytes(process: psutil.Process) -> int:
    """Resident bytes with each shared page divided among its holders (Linux), else resident."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(memory, "pss", memory.rss))
