"""The one ordered set of outcomes that tests, suites and gate runs share.

"Bad" (`failed`) and "could not tell" (`suite_error`, `infra_error`, `timed_out`) are different
words, because different people get up for them. Standard library only; everything may import this.
"""

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a test, a suite or a gate run, from best to worst."""

    PASSED = "passed"
    FLAKY = "flaky"  # passed in the end, after a failed try
    SKIPPED = "skipped"
    FAILED = "failed"  # green misbehaved
    SUITE_ERROR = "suite_error"  # the tests are broken
    INFRA_ERROR = "infra_error"  # could not run
    TIMED_OUT = "timed_out"
    ABORTED = "aborted"

    @property
    def severity(self) -> int:
        """0 for the best; larger is worse."""
        return list(Outcome).index(self)

    @property
    def error_name(self) -> str:
        """The `Error` of an execution that ends so: `Testgate.SuiteError`."""
        return "Testgate." + "".join(part.capitalize() for part in self.value.split("_"))


PASSING = frozenset({Outcome.PASSED, Outcome.FLAKY})
INCONCLUSIVE = frozenset({Outcome.SUITE_ERROR, Outcome.INFRA_ERROR, Outcome.TIMED_OUT})


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several; raises ValueError when there is none, for nothing is never a pass."""
    return max(outcomes, key=lambda outcome: outcome.severity)


def headline(outcomes: Iterable[Outcome]) -> Outcome:
    """What a gate run is called: `failed` whenever one failed, for that is news of green."""
    seen = tuple(outcomes)
    return Outcome.FAILED if Outcome.FAILED in seen else worst(seen)
