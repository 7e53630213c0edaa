"""Runs one shard of a suite and says what it saw; the verdict is somebody else's.

Imported by run_suite and the command line.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from testgate.core.canonical import DIGEST
from testgate.core.deadlines import remaining_s
from testgate.core.errors import RunnerError
from testgate.core.evidence import Collected, Evidence, TestResult
from testgate.core.handoff import RunContext, Task, parse_time, spell_time
from testgate.core.outcomes import Outcome
from testgate.core.plan import EvidenceKind, Runner
from testgate.core.redaction import redact
from testgate.core.run_verdict import deserves_another_try
from testgate.runner.commands import Places, argv_of
from testgate.runner.environment import suite_environment
from testgate.runner.files import read_plain, read_tail
from testgate.runner.http_order import checks_of, every_check
from testgate.runner.layout import COLLECTED, VENDORED
from testgate.runner.process import Command, Ended, run_process
from testgate.runner.relay import Relay, Target
from testgate.runner.reports import JUNIT, Reported, read_reports
from testgate.runner.shell import UNREADABLE, unreadable_script

GRACE_S = 10.0
OUTPUT_TAIL_CHARS = 4_000
_MAX_COLLECTED_BYTES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """One shard to run below a fresh directory; the suite's files are unpacked to `suite_dir`.
    `granted`: the variables that hold what its plan only refers to. `only`: the tests that are
    asked for, where somebody tries some of them again."""

    task: Task
    directory: Path
    granted: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()

    @property
    def suite_dir(self) -> Path:
        """Where the suite's files lie, and its working directory."""
        return self.directory / "suite"

    @property
    def results_dir(self) -> Path:
        """Fresh and empty for each attempt."""
        return self.directory / "results"

    @property
    def report_path(self) -> Path:
        """Where the JUnit report must appear."""
        return self.results_dir / JUNIT

    @property
    def places(self) -> Places:
        """Where what is run finds and leaves things."""
        return Places(
            suite_dir=self.suite_dir, report_path=self.report_path, scratch=self.directory
        )

    @property
    def progress_path(self) -> Path:
        """Where it is told how far it is, by those that tell it (see `testgate.core.progress`)."""
        return self.directory / "progress.txt"

    @property
    def durations_path(self) -> Path:
        """How long its tests took last time; there only where that is known."""
        return self.directory / "durations.json"

    @property
    def output_path(self) -> Path:
        """What the suite printed; outside of what the suite is told of."""
        return self.directory / "output.txt"


def utc_now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def run_suite(run: SuiteRun, now: Callable[[], datetime] = utc_now) -> Evidence:
    """Run it within its timeout and the gate's deadline, whichever is nearer."""
    task = run.task
    started_at = now()
    left_s = min(task.suite.timeout_s, remaining_s(task.context.deadline, started_at))
    home = run.directory / "home"
    for directory in (run.results_dir, home):
        directory.mkdir()
    package_root = str(Path(__file__).parents[2])
    if task.suite.runner is Runner.HTTP:
        run.suite_dir.mkdir(exist_ok=True)
        run.places.checks_path.write_text(checks_of(task), encoding="utf-8")
    with _reached(task) as (relay, base_url):
        told = replace(task, context=replace(task.context, base_url=base_url))
        ended = run_process(
            Command(
                argv=argv_of(task.suite, run.places, base_url, run.only),
                cwd=run.suite_dir,
                environment=suite_environment(
                    told,
                    results_dir=run.results_dir,
                    progress=run.progress_path,
                    durations=run.durations_path if run.durations_path.exists() else None,
                    home=home,
                    python_path=(
                        str(run.suite_dir),
                        str(run.suite_dir / VENDORED),
                        package_root,
                    ),
                    granted=run.granted,
                ),
                output_path=run.output_path,
            ),
            timeout_s=left_s,
            grace_s=GRACE_S,
        )
        relayed = relay.counts
        metrics = relay.metrics
    ended_at = now()
    report = _report(run, ended)
    return Evidence(
        run=task.run,
        input_digest=task.context.input_digest,
        plan_digest=task.context.plan_digest,
        exit_code=ended.exit_code,
        timed_out=ended.timed_out,
        report_problem=report.problem,
        tests=report.tests,
        started_at=spell_time(started_at),
        ended_at=spell_time(ended_at),
        allowed_s=float(left_s),
        output_tail=_tail(run.output_path),
        relay=relayed,
        metrics={
            **report.metrics,
            **metrics,
            "duration_s": (ended_at - started_at).total_seconds(),
        },
        collected=_collected(run.results_dir / COLLECTED),
    )


def may_try_again(task: Task, evidence: Evidence, now: datetime) -> bool:
    """Whether the plan allows another attempt at this shard, its failures deserve one, and the time
    that this one took is left."""
    context, run = task.context, task.run
    took_s = (parse_time(evidence.ended_at) - parse_time(evidence.started_at)).total_seconds()
    return (
        run.attempt < task.suite.attempts
        and remaining_s(context.deadline, now) > took_s
        and deserves_another_try(task.suite, evidence, context.judged_on)
    )


def target_of(context: RunContext) -> Target:
    """Where green is, and what every request to it gets."""
    return Target(
        base_url=context.base_url,
        host=context.host,
        headers=context.headers,
        fence=context.fence,
    )


@contextlib.contextmanager
def _reached(task: Task) -> Iterator[tuple[Relay, str]]:
    """The relay of a suite, which counts its requests, and the URL that the suite gets."""
    with Relay(target_of(task.context)) as relay:
        yield relay, relay.base_url


def _report(run: SuiteRun, ended: Ended) -> Reported:
    """What the suite's pass is to rest on; an exit code counts as one test of the suite's name."""
    suite = run.task.suite
    if suite.runner is Runner.HTTP:
        return every_check(suite, read_reports(run.results_dir, suite.framework))
    if suite.evidence is EvidenceKind.REPORT:
        return read_reports(run.results_dir, suite.framework)
    if ended.exit_code == UNREADABLE:
        path = {"PATH": os.environ.get("PATH", "")}
        problem = unreadable_script(suite.command, run.suite_dir, path)
        if problem is not None:
            return Reported(tests=(), problem=problem)
    passed = ended.exit_code == 0
    test = TestResult(
        name=suite.name,
        outcome=Outcome.PASSED if passed else Outcome.FAILED,
        message="" if passed else f"it ended with exit code {ended.exit_code}",
        trace="" if passed else _tail(run.output_path),
    )
    return Reported(tests=(test,))


def _collected(path: Path) -> Collected | None:
    """What the plugin told of its collection; None unless that can be read."""
    try:
        told = json.loads(read_plain(path, _MAX_COLLECTED_BYTES))
        digest, total, selected = told["digest"], told["total"], told["selected"]
    except (RunnerError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if type(total) is not int or type(selected) is not int or not 0 <= selected <= total:
        return None
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        return None
    return Collected(digest=digest, total=total, selected=selected)


def _tail(path: Path) -> str:
    """The end of the output; more is read than kept: a secret is known by what stands before it."""
    tail = redact(read_tail(path, 8 * OUTPUT_TAIL_CHARS).decode(errors="replace"))
    return tail[-OUTPUT_TAIL_CHARS:]
