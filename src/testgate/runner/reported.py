"""What every report format shares: the shape of a report, its caps, and texts made harmless.

Imported by the readers of `testgate.runner`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult, plausible_s
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.record import MAX_FULL_FAILURES
from testgate.core.redaction import redact
from testgate.core.storing import plain

MAX_REPORT_BYTES = 30_000_000
MAX_TESTS = 50_000
MAX_NAME_CHARS = 300
MAX_MESSAGE_CHARS = 500
MAX_TRACE_CHARS = 8_000
MAX_TOLD_BYTES = 20_000_000  # of all names, messages and traces: what Judge has to hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report says. `interrupted`: pytest, when it is stopped, writes a last case without a
    name or a result; such a run has not ended, whatever its exit code. `metrics`: numbers that
    thresholds may ask for. `uncollected`: how many of pytest's files could not be collected; with
    xdist its exit code is that of a failed test all the same."""

    tests: tuple[TestResult, ...]
    interrupted: bool = False
    uncollected: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)


def capped(file: str, tests: Iterable[TestResult]) -> tuple[TestResult, ...]:
    """The tests, with traces and output of as many failures as a record shows. Raises RunnerError
    when there are more than can be judged, before they are all read."""
    kept: list[TestResult] = []
    told_bytes = 0
    for test in _shortened(tests):
        kept.append(test)
        told_bytes += sum(len(text.encode()) for text in (test.name, test.message, test.trace))
        if len(kept) > MAX_TESTS:
            raise RunnerError(
                f"{file} has more than {MAX_TESTS} tests; split the suite into several"
            )
        if told_bytes > MAX_TOLD_BYTES:
            raise RunnerError(
                f"{file} has names and messages of more than {MAX_TOLD_BYTES} bytes in all; "
                "shorten them, or split the suite into several"
            )
    return tuple(kept)


def clean(text: str, max_chars: int) -> str:
    """What a suite said, fit to be stored and shown: no controls, no credentials, not longer."""
    return redact(plain(text[: 4 * max_chars]))[:max_chars] if text else ""


def first_line(text: str) -> str:
    """The first line that says something, cleaned; `AssertionError: ` says nothing by itself."""
    lines = text[: 4 * MAX_TRACE_CHARS].strip().splitlines()
    return clean(lines[0].removeprefix("AssertionError: "), MAX_MESSAGE_CHARS) if lines else ""


def seconds(value: object) -> float:
    """A duration, also where it is spelled out; 0 for what is none."""
    try:
        return plausible_s(float(value) if isinstance(value, str) else value)
    except ValueError:
        return 0.0


def is_failure(outcome: Outcome) -> bool:
    """Whether a test neither passed nor was skipped."""
    return outcome not in PASSING and outcome is not Outcome.SKIPPED


def _shortened(tests: Iterable[TestResult]) -> Iterator[TestResult]:
    failures = 0
    for test in tests:
        failures += is_failure(test.outcome)
        # Without a cap 10,000 traces would be 80 MB of evidence.
        yield test if failures <= MAX_FULL_FAILURES else replace(test, trace="", output="")
