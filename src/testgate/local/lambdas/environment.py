"""One execution environment: a runtime process, its API, its log and its files, reused while warm.

It runs one invocation at a time and knows nothing of callers, faults or retries. Used by the pool
and the invoker of this package.
"""

import queue
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from testgate.local.lambdas.catalog import Settings
from testgate.local.lambdas.code import CodeStore
from testgate.local.lambdas.endings import (
    Ending,
    Exited,
    OutOfMemory,
    Report,
    TimedOut,
    Waiting,
)
from testgate.local.lambdas.logs import LogRights, LogStream, may_always
from testgate.local.lambdas.runtime_api import RuntimeApi, Work
from testgate.local.lambdas.sandbox import Sandbox
from testgate.local.lambdas.variables import Surroundings, environment_variables
from testgate.local.rights.sessions import Session, assume_role

_MEMORY_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where environments live, the same for all of one host."""

    python: Path
    code: CodeStore
    root: Path
    endpoint_url: str
    machine: Mapping[str, str] = field(default_factory=dict)
    log_rights: LogRights = may_always


class Environment:
    """Starts cold with `initialise`, then serves `handle` after `handle` until `end`.

    One thread at a time calls those two; `end` may come from any thread at any moment, and what is
    running then ends as `Exited`.
    """

    def __init__(
        self, settings: Settings, premises: Premises, log: LogStream | None = None
    ) -> None:
        self.settings = settings
        self.log = log or LogStream(settings, premises.log_rights)
        self._premises = premises
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._api = RuntimeApi(self._reports.put)
        self._sandbox = Sandbox(on_output=self.log.write, on_exit=self._on_exit)
        self._directory = Path(tempfile.mkdtemp(prefix="environment-", dir=premises.root))
        self._exited = False
        self._ended = False

    @property
    def alive(self) -> bool:
        """Whether another invocation may be tried here."""
        return not (self._exited or self._ended)

    @property
    def ended_by_host(self) -> bool:
        """Whether `end` was called: a failure of this environment is then not the function's."""
        return self._ended

    @property
    def memory_used_bytes(self) -> int:
        """The greatest memory use seen so far; looked at while and when a handler ends."""
        return self._sandbox.peak_bytes

    def initialise(self, limit_s: float) -> Ending | None:
        """Start the process and import the handler; None once it asks for work.

        Raises `InvalidCodeError` if the code cannot be unpacked.
        """
        started = time.monotonic()
        self._start()
        report = self._await(started + limit_s, limit_s)
        if isinstance(report, Waiting):
            self._sandbox.memory_bytes()  # or a call that ends quickly would report nothing
            return None
        return report

    def handle(self, work: Work, *, deadline_s: float, limit_s: float) -> Ending:
        """Run one event; `deadline_s` on the monotonic clock, `limit_s` as a timeout names it.

        All that the function printed is in the log when this returns.
        """
        self._api.give(work)
        while True:
            report = self._await(deadline_s, limit_s)
            # The runtime's call for this very work reports itself as waiting, too.
            if not isinstance(report, Waiting):
                break
        self._sandbox.drain()
        if isinstance(report, TimedOut | OutOfMemory | Exited):
            return report
        used = self._over_memory()
        return report if used is None else used

    def idle_until(self, deadline_s: float, limit_s: float) -> Ending:
        """Do nothing until the deadline: an invocation that hangs."""
        while True:
            report = self._await(deadline_s, limit_s)
            if not isinstance(report, Waiting):
                return report

    def order_end(self) -> None:
        """Begin to end, without waiting."""
        self._ended = True
        self._sandbox.order_end()

    def end(self) -> None:
        """Kill all processes, stop the API, remove the files; a second call does nothing new."""
        self.order_end()
        self._sandbox.end()
        self._api.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _start(self) -> None:
        code = self._premises.code.directory(self.settings.code)
        given = Surroundings(
            python=self._premises.python,
            code=code,
            layers=tuple(self._premises.code.directory(one) for one in self.settings.layers),
            home=self._directory / "home",
            tmp=self._directory / "tmp",
            runtime_api=self._api.address,
            log_stream=self.log.name,
            endpoint_url=self._premises.endpoint_url,
            machine=self._premises.machine,
            # Lambda names the session after the function (documented).
            credentials=assume_role(
                Session(role_arn=self.settings.role_arn, name=self.settings.name),
                self.settings.region,
            ),
        )
        given.tmp.mkdir(exist_ok=True)
        # -s: no user site; -B: the code directory is shared and read-only, as on AWS.
        arguments = ("-s", "-B", "-m", "awslambdaric", self.settings.handler)
        variables = environment_variables(self.settings, given)
        self._sandbox.start(given.python, arguments, cwd=code, env=variables)

    def _await(self, deadline_s: float, limit_s: float) -> Report | TimedOut | OutOfMemory:
        """The next report, or what the host finds meanwhile."""
        while True:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return TimedOut(limit_s=limit_s)
            try:
                return self._reports.get(timeout=min(left_s, _MEMORY_LOOK_S))
            except queue.Empty:
                over = self._over_memory()
                if over is not None:
                    return over

    def _over_memory(self) -> OutOfMemory | None:
        used_bytes = self._sandbox.memory_bytes()
        limit_bytes = self.settings.memory_mb * 2**20
        return OutOfMemory(used_bytes=used_bytes) if used_bytes > limit_bytes else None

    def _on_exit(self, return_code: int) -> None:
        self._exited = True
        self._reports.put(Exited(return_code=return_code))
