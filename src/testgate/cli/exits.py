"""Exit codes: one for each outcome, so that a script can tell red tests from a broken gate."""

from enum import IntEnum

from testgate.core.outcomes import Outcome


class Exit(IntEnum):
    """What `testgate` exits with; documented in docs/cli.md."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    SUITE_ERROR = 3
    INFRA_ERROR = 4
    TIMED_OUT = 5
    ABORTED = 6
    NOT_FOUND = 7
    ALARM = 10  # from here on of `wait` alone
    STOPPED = 11
    SUPERSEDED = 12
    NEVER_CALLED = 13
    FAILED_OTHERWISE = 14
    IMPATIENT = 15
    DEFECT = 70  # EX_SOFTWARE of sysexits.h: none of the others may be taken for it


_BY_OUTCOME = {
    Outcome.PASSED: Exit.PASSED,
    Outcome.FLAKY: Exit.PASSED,
    Outcome.FAILED: Exit.FAILED,
    Outcome.SKIPPED: Exit.SUITE_ERROR,
    Outcome.SUITE_ERROR: Exit.SUITE_ERROR,
    Outcome.INFRA_ERROR: Exit.INFRA_ERROR,
    Outcome.TIMED_OUT: Exit.TIMED_OUT,
    Outcome.ABORTED: Exit.ABORTED,
}


def exit_code(outcome: Outcome) -> Exit:
    """The exit code of a gate run that ended so."""
    return _BY_OUTCOME[outcome]
