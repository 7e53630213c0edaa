"""Tests counted, each once: a report may name a test twice, and may contradict itself.

Standard library only; imported by the verdict.
"""

from collections import Counter
from collections.abc import Iterable

from testgate.core.binding import Counts
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome


def distinct_tests(tests: Iterable[TestResult]) -> tuple[TestResult, ...]:
    """Each name once, at its first place, with the worst that was said of it: what passed once
    and failed once has failed (pytest reports a failed teardown so), what was also skipped has
    not run for sure."""
    kept: dict[str, TestResult] = {}
    for test in tests:
        known = kept.get(test.name)
        if known is None or test.outcome.severity > known.outcome.severity:
            kept[test.name] = test
    return tuple(kept.values())


def count_tests(tests: Iterable[TestResult], quarantined: frozenset[str] = frozenset()) -> Counts:
    """Counts of tests by outcome; whatever neither passed nor was skipped counts as failed.

    A test named in `quarantined` counts as that alone, whatever its outcome.
    """
    every = tuple(tests)
    tally = Counter(test.outcome for test in every if test.name not in quarantined)
    total = sum(tally.values())
    passed, flaky, skipped = (
        tally[outcome] for outcome in (Outcome.PASSED, Outcome.FLAKY, Outcome.SKIPPED)
    )
    return Counts(
        total=len(every),
        passed=passed,
        flaky=flaky,
        skipped=skipped,
        failed=total - passed - flaky - skipped,
        quarantined=len(every) - total,
    )
