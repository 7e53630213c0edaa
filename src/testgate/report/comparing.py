"""Two gate runs, test by test: what fails anew, still fails, is fixed, or is no longer run.

Pure; standard library only. Imported by the command line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from testgate.core.outcomes import PASSING, Outcome
from testgate.report.view import RunView, TestView

Name = tuple[str, str]  # suite and test


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Tests by what became of them from the earlier gate run to the later one, in their order.

    `partial` if either run's record leaves names of tests out: then a test that is in no list may
    have been in the run all the same, and is not called missing.
    """

    newly_failing: tuple[Name, ...] = ()
    still_failing: tuple[Name, ...] = ()
    fixed: tuple[Name, ...] = ()
    newly_skipped: tuple[Name, ...] = ()
    newly_flaky: tuple[Name, ...] = ()
    missing: tuple[Name, ...] = ()
    partial: bool = False

    def spell(self) -> dict[str, object]:
        """For programs."""
        lists = {name: _spelled(names) for name, names in self.lists().items()}
        return lists | {"partial": self.partial}

    def lists(self) -> Mapping[str, tuple[Name, ...]]:
        """Each list by its name, in the order in which people ask."""
        return {
            "newly_failing": self.newly_failing,
            "still_failing": self.still_failing,
            "fixed": self.fixed,
            "newly_skipped": self.newly_skipped,
            "newly_flaky": self.newly_flaky,
            "missing": self.missing,
        }


def compare(before: RunView, after: RunView) -> Comparison:
    """What changed. A test is the same by suite and name."""
    old, new = _tests(before), _tests(after)
    partial = _leaves_out(before) or _leaves_out(after)

    def now(holds: Callable[[TestView], bool], *, held: bool) -> tuple[Name, ...]:
        """Tests of which something holds now, by whether it held before."""
        return tuple(
            name
            for name, test in new.items()
            if holds(test) and (name in old and holds(old[name])) == held
        )

    return Comparison(
        newly_failing=now(_fails, held=False),
        still_failing=now(_fails, held=True),
        fixed=tuple(
            name
            for name, test in old.items()
            if _fails(test) and name in new and new[name].outcome in PASSING
        ),
        newly_skipped=now(_is_skipped, held=False),
        newly_flaky=now(_is_flaky, held=False),
        missing=() if partial else tuple(name for name in old if name not in new),
        partial=partial,
    )


def _tests(run: RunView) -> dict[Name, TestView]:
    return {(suite.name, test.name): test for suite in run.suites for test in suite.tests}


def _leaves_out(run: RunView) -> bool:
    return any(suite.tests_left_out for suite in run.suites)


def _fails(test: TestView) -> bool:
    return test.failed


def _is_skipped(test: TestView) -> bool:
    return test.outcome is Outcome.SKIPPED


def _is_flaky(test: TestView) -> bool:
    return test.outcome is Outcome.FLAKY


def _spelled(names: tuple[Name, ...]) -> list[dict[str, str]]:
    return [{"suite": suite, "test": test} for suite, test in names]
