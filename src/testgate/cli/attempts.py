"""One attempt at a shard, in a process of its own: the runner ends every process that a suite
leaves below it, and a suite may end its runner.

Imported by `testgate.cli.running`.
"""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from testgate.core.errors import GateError
from testgate.core.evidence import Crash, Evidence, Kept, Result, Run
from testgate.core.handoff import Task
from testgate.core.masking import hidden_values, mask, mask_bytes, mask_evidence
from testgate.core.plan import Suite
from testgate.core.progress import Progress
from testgate.core.redaction import redact_bytes
from testgate.runner.artifacts import Artifact, artifacts_in
from testgate.runner.bundle import unpack_bundle
from testgate.runner.files import read_plain
from testgate.runner.process import MAX_OUTPUT_BYTES
from testgate.runner.remains import end_all_below, end_with_parent
from testgate.runner.suite import SuiteRun, may_try_again, run_suite
from testgate.runner.telling import progress_at

ENDING_S = 15.0  # longer than the runner gives a suite to end
_SPAWNING = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt that a process is at. `hidden`: what must not be shown of what it leaves."""

    task: Task
    directory: Path
    hidden: tuple[str, ...]
    process: SpawnProcess
    answer: Connection

    @property
    def suite(self) -> Suite:
        """Whose attempt it is."""
        return self.task.suite

    @property
    def run(self) -> Run:
        """Which one it is."""
        return self.task.run

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.is_alive()

    def result(self, keep: Path | None) -> Result:
        """What it left; a process that was killed leaves nothing. `keep`: where to store what the
        suite left for people, named in the result as the bucket names it; None to drop it."""
        try:
            result: Result = self.answer.recv()
        except (EOFError, OSError):
            self.process.join()
            cause = f"the runner ended with {self.process.exitcode}"
            result = Crash(run=self.run, error="RunnerEnded", cause=cause)
        self.end()
        if keep is None or not isinstance(result, Evidence):
            return result
        return self._with_artifacts(result, keep / self.run.path / "artifacts")

    def progress(self) -> Progress:
        """How far it is."""
        return progress_at(self.directory / "progress.txt")

    def output(self) -> bytes:
        """What it printed; nothing if the suite has put something else in its place."""
        with suppress(GateError, OSError):
            printed = read_plain(self.directory / "output.txt", 2 * MAX_OUTPUT_BYTES)
            return redact_bytes(mask_bytes(printed, self.hidden))
        return b""

    def _with_artifacts(self, result: Evidence, directory: Path) -> Evidence:
        kept = []
        results, globs = self.directory / "results", self.suite.artifacts
        for found in artifacts_in(results, globs, self.hidden):
            if not isinstance(found, Artifact):
                kept.append(Kept(path=found.path, left_out=found.why))
                continue
            path, data = directory / found.path, mask_bytes(found.data, self.hidden)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            except OSError as exc:
                why = f"it could not be stored: {exc.strerror}"
                kept.append(Kept(path=found.path, left_out=why))
                continue
            kept.append(Kept(path=found.path, size_bytes=len(data)))
        return replace(result, artifacts=tuple(kept))

    def may_follow(self, result: Result) -> bool:
        """Whether the plan allows another attempt after this result."""
        return isinstance(result, Evidence) and may_try_again(self.task, result, datetime.now(UTC))

    def interrupt(self) -> None:
        """Have it end its suite, and then itself."""
        if self.process.pid is not None and self.process.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGTERM)

    def end(self) -> None:
        """Wait for its end, and see to it."""
        self.process.join(ENDING_S)
        if self.process.pid is not None and self.process.is_alive():
            end_all_below(self.process.pid)
        self.process.kill()
        self.process.join()
        self.process.close()
        self.answer.close()


def start_attempt(
    task: Task,
    bundle: bytes | None,
    directory: Path,
    *,
    granted: Mapping[str, str],
    only: tuple[str, ...],
) -> Attempt:
    """Begin it in a directory that does not exist yet. `granted`: the variables that hold what the
    plan only refers to; `only`: the tests to run, all if there are none."""
    secrets = {name: text for name, text in granted.items() if name in task.suite.secrets}
    hidden = hidden_values(task.context.headers, secrets)
    answer, given = _SPAWNING.Pipe(duplex=False)
    arguments = (given, task, bundle, directory, granted, hidden, only)
    process = _SPAWNING.Process(target=_run, args=arguments, daemon=True)
    process.start()
    given.close()
    return Attempt(task=task, directory=directory, hidden=hidden, process=process, answer=answer)


def _run(
    given: Connection,
    task: Task,
    bundle: bytes | None,
    directory: Path,
    granted: Mapping[str, str],
    hidden: tuple[str, ...],
    only: tuple[str, ...],
) -> None:
    """One attempt, in a process of its own, which ends with the one that has started it."""
    # A group gets what a terminal sends; only the one that has started this ends it, by SIGTERM. A
    # handler, unlike what is ignored, does not pass to the suite.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGTERM, _InterruptedOnce())
    end_with_parent()
    starter = multiprocessing.parent_process()
    if starter is None or os.getppid() != starter.pid:
        return  # it has ended already
    run = SuiteRun(task=task, directory=directory, granted=granted, only=only)
    with suppress(KeyboardInterrupt):
        try:
            given.send(_result(run, bundle, hidden))
        finally:
            end_all_below(
                os.getpid()
            )  # the runner may have been at ending them when it was interrupted


class _InterruptedOnce:
    """A group, and the one that has started it, may both ask: the first is heard, and no other
    keeps the suite's processes from being ended then."""

    def __init__(self) -> None:
        self._heard = False

    def __call__(self, _number: int, _frame: object) -> None:
        if not self._heard:
            self._heard = True
            raise KeyboardInterrupt


def _result(run: SuiteRun, bundle: bytes | None, hidden: tuple[str, ...]) -> Result:
    run.directory.mkdir()
    try:
        if bundle is not None:
            unpack_bundle(bundle, run.task.suite.bundle, run.suite_dir)
        return mask_evidence(run_suite(run), hidden)
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is why there is no result
        return Crash(run=run.task.run, error=type(exc).__name__, cause=mask(str(exc), hidden))
