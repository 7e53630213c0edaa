"""Virtual time: processes that run one at a time, in one order, and wait without waiting.

A process is ordinary blocking code in a thread of its own. Only one thread ever runs, the others
wait for their turn, so a schedule has exactly one course. Imported by the simulation alone.
"""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MAX_TURNS = 100_000


class KilledError(BaseException):
    """Ends a process from outside; a BaseException, because code under test must not catch it."""


class EndlessError(AssertionError):
    """The processes never come to an end."""


class Process:
    """Something that runs in virtual time. Ended: `value` or `error` holds what came of it."""

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        self.name = name
        self.work = work
        self.value: Any = None
        self.error: BaseException | None = None
        self.ended = False
        self.killed = False
        self.token = 0  # which of the queued wake-ups is still meant
        self.waiting: list[tuple[Process, int]] = []
        self.thread: _Thread | None = None


class Kernel:
    """The clock and the processes of one schedule."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._queue: list[tuple[float, int, Process, int]] = []
        self._order = itertools.count()
        self._turns = 0
        self._until_s = 0.0
        self._current: Process | None = None
        self._alive: set[Process] = set()
        self._main = threading.Lock()
        self._main.acquire()
        self.broken: list[BaseException] = []

    def now(self) -> datetime:
        """The present moment."""
        return START + timedelta(seconds=self.now_s)

    def spawn(self, name: str, work: Callable[[], Any], after_s: float = 0.0) -> Process:
        """A new process, which begins after so many seconds."""
        process = Process(name, work)
        self._alive.add(process)
        self._wake(process, after_s)
        return process

    def sleep(self, seconds: float) -> None:
        """Let so much time pass for the current process."""
        process = self._running()
        until = self.now_s + seconds
        if until <= self._until_s and not self._earlier_than(until):
            self._count(process)
            if process.killed:
                raise KilledError
            self.now_s = until
            return
        self._wake(process, seconds)
        self._yield(process)

    def wait(self, *processes: Process, timeout_s: float | None = None) -> bool:
        """Wait until one of them has ended; False if the time ran out before."""
        process = self._running()
        if any(other.ended for other in processes):
            return True
        for other in processes:
            other.waiting.append((process, process.token))
        if timeout_s is not None:
            self._wake(process, timeout_s)
        self._yield(process)
        return any(other.ended for other in processes)

    def signal(self, name: str) -> Process:
        """Something to wait for that `fire` ends; it has no course of its own."""
        return Process(name, lambda: None)

    def fire(self, signal: Process) -> None:
        """End a signal: those who wait for it go on."""
        signal.ended = True
        self._tell(signal)

    def kill(self, process: Process) -> None:
        """End another process where it waits; it does not run on until the caller waits."""
        if process.ended or process is self._current:
            return
        process.killed = True
        process.token += 1
        self._wake(process, 0.0)

    def run(self, until_s: float) -> None:
        """Let everything happen up to that moment; then end what is left.

        Raises what broke in a process, EndlessError if there is no end to it.
        """
        self._hand_over(until_s)
        for process in tuple(self._alive):
            self.kill(process)
        self._hand_over(until_s)
        if self.broken:
            raise self.broken[0]

    @property
    def current(self) -> Process | None:
        """The process that runs now."""
        return self._current

    # What follows is the passing of the turn from thread to thread.

    def _running(self) -> Process:
        if self._current is None:
            raise RuntimeError("only a process can wait")
        return self._current

    def _wake(self, process: Process, after_s: float) -> None:
        entry = (self.now_s + after_s, next(self._order), process, process.token)
        heapq.heappush(self._queue, entry)

    def _tell(self, ended: Process) -> None:
        for waiter, token in ended.waiting:
            if token == waiter.token:
                self._wake(waiter, 0.0)
        ended.waiting.clear()

    def _earlier_than(self, until_s: float) -> bool:
        """Whether anything else is due up to then."""
        while self._queue:
            moment, _, process, token = self._queue[0]
            if not process.ended and token == process.token:
                return moment <= until_s
            heapq.heappop(self._queue)
        return False

    def _next(self) -> Process | None:
        while self._queue:
            moment, _, process, token = heapq.heappop(self._queue)
            if process.ended or token != process.token:
                continue
            if moment > self._until_s and not process.killed:
                heapq.heappush(self._queue, (moment, next(self._order), process, token))
                return None
            self._count(process)
            self.now_s = max(self.now_s, moment)
            process.token += 1
            return process
        return None

    def _count(self, process: Process) -> None:
        """One turn more; from a certain number on, processes end instead."""
        self._turns += 1
        if self._turns == MAX_TURNS:
            self.broken.append(EndlessError(f"{MAX_TURNS} turns, the last of {process.name}"))
        if self._turns >= MAX_TURNS:
            process.killed = True

    def _hand_over(self, until_s: float) -> None:
        """From the main thread to the first process, and back after the last."""
        self._until_s = until_s
        first = self._next()
        if first is not None:
            self._resume(first)
            self._main.acquire()
        self._current = None

    def _yield(self, process: Process) -> None:
        following = self._next()
        if following is not process:
            thread = process.thread
            self._pass_turn(following)
            assert thread is not None
            thread.turn.acquire()
        self._current = process
        if process.killed:
            raise KilledError

    def _pass_turn(self, following: Process | None) -> None:
        if following is None:
            self._main.release()
        else:
            self._resume(following)

    def _resume(self, process: Process) -> None:
        if process.thread is None:
            process.thread = _Thread.take()
            process.thread.job = lambda: self._live(process)
        process.thread.turn.release()

    def _live(self, process: Process) -> None:
        """A process from its first turn to its end; runs in its thread."""
        self._current = process
        try:
            if not process.killed:
                process.value = process.work()
        except KilledError as exc:
            process.error = exc
        except BaseException as exc:  # noqa: BLE001 - told by `run`, in the main thread
            process.error = exc
            self.broken.append(exc)
        process.ended = True
        self._alive.discard(process)
        self._tell(process)
        if process.thread is not None:
            process.thread.give_back()
        self._pass_turn(self._next())


class _Thread:
    """A thread that lives one process after another, over many schedules."""

    idle: list["_Thread"] = []  # noqa: RUF012 - shared on purpose: threads are dear

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.turn.acquire()
        self.job: Callable[[], None] = lambda: None
        threading.Thread(target=self._run, name="process", daemon=True).start()

    @classmethod
    def take(cls) -> "_Thread":
        return cls.idle.pop() if cls.idle else cls()

    def give_back(self) -> None:
        _Thread.idle.append(self)

    def _run(self) -> None:
        while True:
            self.turn.acquire()
            self.job()
