"""What a person sees while suites run here: lines, and bars on a terminal.

Imported by the commands `run`, `repeat` and `publish`.
"""

import socket
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from testgate.cli.running import (
    Ended,
    Happening,
    Interrupted,
    Rehearsal,
    Started,
    Working,
)
from testgate.core.evidence import Evidence, Run
from testgate.core.outcomes import Outcome
from testgate.core.plan import Suite

_LISTENS_S = 3.0


def warn_of_nobody(console: Console, url: str) -> None:
    """Says so if nobody listens there: every test is about to fail, and none of them says why."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_LISTENS_S).close()
    except OSError as exc:
        console.print(f"[yellow]nothing listens at {escape(url)}: {exc.strerror or exc}[/]")


class Screen:
    """Lines for what has ended, and on a terminal a bar for each shard that runs."""

    def __init__(
        self, console: Console, suites: Mapping[str, Suite], *, lines: bool = True
    ) -> None:
        self._console = console
        self._lines = lines
        self._suites = suites
        self._bars: dict[Run, TaskID] = {}
        self._began: dict[Run, float] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def tell(self, happening: Happening) -> None:
        """Show it."""
        match happening:
            case Started(run=run):
                self._began[run] = time.monotonic()
                self._bars[run] = self._progress.add_task(self._name(run), total=None, told="")
                if self._lines and not self._console.is_terminal:
                    self._console.print(f"  {self._name(run)}  runs")
            case Working(shards=shards):
                for run, at in shards.items():
                    self._progress.update(
                        self._bars[run], completed=at.ended, total=at.total, told=str(at)
                    )
            case Ended():
                self._ended(happening)
            case Interrupted(grace_s=grace_s):
                said = f"interrupted: what runs gets {grace_s:.0f} s to clean up"
                self._console.print(f"[yellow]{said}[/]")

    def _ended(self, ended: Ended) -> None:
        run = ended.result.run
        self._progress.remove_task(self._bars.pop(run))
        took_s = time.monotonic() - self._began.pop(run)
        if not self._lines:
            return
        again = "; tries again" if ended.again else ""
        self._console.print(
            f"  {escape(self._name(run))}  {_shard_line(ended)} in {took_s:.1f} s{again}"
        )

    def _name(self, run: Run) -> str:
        suite = self._suites[run.suite]
        shard = f" {run.shard}/{suite.shards}" if suite.shards > 1 else ""
        attempt = f", attempt {run.attempt}" if run.attempt > 1 else ""
        return f"suite {run.suite}{shard}{attempt}"


def _shard_line(ended: Ended) -> str:
    """What a shard left, before anybody has judged it."""
    result = ended.result
    if not isinstance(result, Evidence):
        return f"[red]left no result: {escape(result.cause)}[/]"
    bad = [t for t in result.tests if t.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]
    code = "killed" if result.exit_code is None else f"exit code {result.exit_code}"
    told = f"{len(result.tests)} tests, {len(bad)} not passed, {code}"
    return f"[red]{told}[/]" if bad or result.exit_code else told


def print_broken(console: Console, rehearsal: Rehearsal) -> None:
    """The end of what suites printed that broke: their reports do not tell why."""
    broken = {
        verdict.suite.name
        for verdict in rehearsal.verdict.suites
        if verdict.outcome in (Outcome.SUITE_ERROR, Outcome.INFRA_ERROR, Outcome.TIMED_OUT)
    }
    for run, printed in rehearsal.outputs.items():
        lines = printed.decode(errors="replace").splitlines()[-20:]
        if run.suite in broken and lines:
            console.print(f"[bold]Suite {run.suite} printed at its end[/]")
            console.print("\n".join(f"  {line}" for line in lines), style="dim", markup=False)
