"""What a JUnit report counts of itself, held against the tests it shows.

Imported by `testgate.runner.junit`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from testgate.core.errors import RunnerError
from testgate.core.outcomes import PASSING, Outcome
from testgate.runner.reported import is_failure

_TESTCAFE = "TestCafe"  # its reporter counts each failure among the errors once more


@dataclass(slots=True, kw_only=True)
class _Level:
    """A testsuite that is open, or all of them. `shown`: results of tests that say of a failure,
    several of one test and of earlier tries among them, for some dialects count those."""

    failures: int
    errors: int
    shown: int = 0
    failed_tests: int = 0
    passed_tests: int = 0

    @property
    def is_explained(self) -> bool:
        """Whether the tests show what is counted. newman counts the error of a request beside the
        failures of its tests, which all show none: then a test may stand for one of each."""
        if self.failures + self.errors <= self.shown:
            return True
        return not self.passed_tests and max(self.failures, self.errors) <= self.failed_tests


class Counted:
    """Follows the elements that count: each covers the tests of those in it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[_Level] = []

    def begin(self, attributes: Mapping[str, str]) -> None:
        """A testsuite, or the root, begins."""
        failures, errors = _count(attributes, "failures"), _count(attributes, "errors")
        if attributes.get("name", "").startswith(_TESTCAFE):
            errors = max(errors - failures, 0)
        self._open.append(_Level(failures=failures, errors=errors))

    def test(self, outcome: Outcome, failing_results: int) -> None:
        """A test has ended, with as many elements that say of a failure."""
        level, failed = self._open[-1], is_failure(outcome)
        level.shown += max(failing_results, failed)
        level.failed_tests += failed
        level.passed_tests += outcome in PASSING

    def end(self) -> None:
        """What began last ends. Raises RunnerError if it counts more than its tests show."""
        level = self._open.pop()
        if not level.is_explained:
            raise RunnerError(
                f"{self._file} counts {level.failures + level.errors} failures and errors and "
                f"shows {level.shown or 'no test that failed'}; they must agree"
            )
        if self._open:
            outer = self._open[-1]
            outer.shown += level.shown
            outer.failed_tests += level.failed_tests
            outer.passed_tests += level.passed_tests


def _count(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
