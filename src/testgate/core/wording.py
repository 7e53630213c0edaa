"""The parts of a suite's sentence that need words more than judgement.

Standard library only; imported by the verdict.
"""

from collections.abc import Sequence

from testgate.core.binding import Counts
from testgate.core.evidence import TestResult


def timed_out_sentence(where: str, timeout_s: int, allowed_s: float, counts: Counts) -> str:
    """Whose time it was, and how far the suite had come."""
    if allowed_s < timeout_s:
        how = f"was cut by the gate's deadline after {allowed_s:.0f} s of its"
    else:
        how = "timed out after"
    return (
        f"{where} {how} {timeout_s} s; "
        f"{counts.ran} tests had ended by then, {counts.failed} of them failed"
    )


def first_failure(failures: Sequence[TestResult]) -> str:
    """`; first: test_checkout: 500, expected 201`"""
    if not failures:
        return ""
    test = failures[0]
    return f"; first: {test.name}{': ' + test.message if test.message else ''}"


def last_line(output: str) -> str:
    """`; it said: INTERRUPTED`"""
    lines = [line.strip(" =") for line in output.splitlines() if line.strip(" =")]
    return f"; it said: {lines[-1][:200]}" if lines else ""
