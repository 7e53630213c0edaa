"""The command that runs what failed in a gate run again, from what its record says.

Pure; standard library only. Imported by the command line.
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from testgate.report.view import RunView, SuiteView

_MASK = "[redacted]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A command, and what must be so that it does the same."""

    command: str
    needs: tuple[str, ...]

    def spell(self) -> dict[str, object]:
        """For programs."""
        return {"command": self.command, "needs": list(self.needs)}


def repetition(
    run: RunView, *, green_lives: bool, connection: Sequence[str] = ()
) -> Repetition | None:
    """How to run what failed again: against green while it lives, else against its image, which the
    command starts. None if no suite is to blame. `connection`: the options that led to the record.
    """
    suite = _to_blame(run)
    if suite is None:
        return None
    command = ["testgate", "repeat", run.execution_arn or run.deployment]
    needs = []
    if green_lives:
        command += ["--url", run.base_url]
        host = _text(run, "TEST_HOST")
        command += ["--host", host] if host else []
        headers = run.config.get("TEST_HEADERS")
        if isinstance(headers, list | tuple):
            needs += [f"with --header {name}=…, which the record does not tell" for name in headers]
    else:
        needs.append(f"green is gone: it starts {run.image or 'the image of the revision'} here")
    for name, value in _parameters(run):
        if value is None:
            needs.append(f"with --parameter {name}=…, which the record does not tell")
    return Repetition(command=shlex.join([*command, *connection]), needs=tuple(needs))


def _to_blame(run: RunView) -> SuiteView | None:
    """The suite of the first failing test, or the first that did not pass."""
    for suite, _ in run.failures:
        return suite
    return next((suite for suite in run.suites if suite.blocking and _refused(suite)), None)


def _refused(suite: SuiteView) -> bool:
    return suite.outcome.value in ("failed", "suite_error", "timed_out")


def _parameters(run: RunView) -> Iterator[tuple[str, str | None]]:
    """Each parameter; None for a value that is masked or is no text."""
    parameters = run.config.get("PARAMETERS")
    for name, value in parameters.items() if isinstance(parameters, dict) else ():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            yield str(name), None
        else:
            yield str(name), None if _MASK in str(value) else str(value)


def _text(run: RunView, key: str) -> str:
    value = run.config.get(key)
    return value if isinstance(value, str) else ""
