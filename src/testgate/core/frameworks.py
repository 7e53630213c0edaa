"""What the exit code of each test framework means: green failed, or the suite is broken.

Codes are those that the frameworks document. A code that a framework never ends with says that
something else ended it. Pure; standard library only; imported by the plan and the verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

HTTP = "http"  # of a suite of checks, which the runner itself asks
_NOT_RUN = {126: "could not be executed", 127: "was not found"}  # as a shell says it (POSIX)
_SIGNAL = 128  # a shell adds the signal that ended what it ran (POSIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """`failed` holds the codes for "some test failed"; `errors` say what a broken suite's code
    means. `runs_command`: the suite's `command` is what runs it. `shell`: whether codes above 128
    stand for signals. `shards`: whether its suites can be run in several."""

    name: str
    failed: frozenset[int]
    errors: Mapping[int, str] = field(default_factory=dict)
    none_collected: int | None = None
    runs_command: bool = True
    shell: bool = False
    shards: bool = False

    def ended_as(self, code: int | None) -> int | None:
        """The exit code, negative if a signal ended the suite, None if there is none."""
        if self.shell and code is not None and code > _SIGNAL:
            return _SIGNAL - code
        return code


FRAMEWORKS: Mapping[str, Framework] = {
    each.name: each
    for each in (
        Framework(  # https://docs.pytest.org/en/stable/reference/exit-codes.html
            name="pytest",
            failed=frozenset({1}),
            errors={
                2: "was interrupted, or its tests could not be collected",
                3: "had an internal error",
                4: "was called wrongly",
                5: "collected no tests",
            },
            none_collected=5,
            runs_command=False,
            shards=True,
        ),
        Framework(  # any program: POSIX's shell leaves 126 and more to itself
            name="command",
            failed=frozenset(range(1, 126)),
            errors=_NOT_RUN,
            shell=True,
        ),
        Framework(  # testgate.runner.http_suite
            name=HTTP,
            failed=frozenset({1}),
            errors={2: "could not ask its checks"},
            runs_command=False,
        ),
        Framework(  # robot/errors.py of Robot Framework 7.5; the number of failed tests up to 250
            name="robot",
            failed=frozenset(range(1, 251)),
            errors={
                251: "only printed its help or version",
                252: "found invalid data or arguments, or no tests",
                253: "was stopped before its end",
                255: "had an internal error",
            },
        ),
        Framework(  # schemathesis/cli/constants.py of Schemathesis 4.32
            name="schemathesis",
            failed=frozenset({1}),
            errors=_NOT_RUN
            | {
                2: "could not do its job: wrong arguments, no description, or nothing tested",
                130: "was interrupted",
            },
        ),
        # The end of start_locust() in locust/main.py of Locust 2.47: 1 for any failed sample, but
        # also for a locustfile that is missing; its JSON tells which (testgate.runner.locust).
        Framework(
            name="locust",
            failed=frozenset({1}),
            errors=_NOT_RUN
            | {2: "was called wrongly, or had an error of its own", 255: "was called wrongly"},
        ),
        # errext/exitcodes/codes.go of k6, and for 110 what its documentation says of test.fail()
        Framework(
            name="k6",
            failed=frozenset({99, 110}),
            errors=_NOT_RUN
            | {
                97: "had its run in the cloud fail",
                98: "lost its run in the cloud",
                100: "took too long in setup()",
                101: "took too long in teardown()",
                102: "took too long",
                103: "was stopped from outside",
                104: "has an invalid configuration",
                105: "was stopped by a signal",
                106: "could not start its own API",
                107: "had an exception in its script",
                108: "was aborted by its script",
                109: "crashed",
            },
        ),
        Framework(  # bin/newman.js of newman 6.2: 1 for whatever goes wrong; its JUnit tells what
            name="newman",
            failed=frozenset({1}),
            errors=_NOT_RUN,
        ),
        Framework(  # docs/src/test-cli-js.md of Playwright 1.65, for Node; in Python it is pytest
            name="playwright",
            failed=frozenset({1}),
            errors=_NOT_RUN | {130: "was interrupted"},
        ),
    )
}
