"""What the exit code of each test framework means: green failed, or the suite is broken.

Codes are those that the frameworks document. A code that a framework never ends with says that
something else ended it. Pure; standard library only; imported by the plan and the verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

HTTP = "http"  # of a suite of checks, which the runner itself asks
_SIGNAL = 128  # a shell adds the signal that ended what it ran (POSIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """`failed` holds the codes for "some test failed"; `errors` say what a broken suite's code
    means. `shell`: whether codes above 128 stand for signals. `shards`: whether its suites can be
    run in several."""

    name: str
    failed: frozenset[int]
    errors: Mapping[int, str] = field(default_factory=dict)
    none_collected: int | None = None
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
            shards=True,
        ),
        Framework(  # any program: POSIX's shell leaves 126 and more to itself
            name="command",
            failed=frozenset(range(1, 126)),
            errors={126: "could not be executed", 127: "was not found"},
            shell=True,
        ),
        Framework(  # testgate.runner.http_suite
            name=HTTP,
            failed=frozenset({1}),
            errors={2: "could not ask its checks"},
        ),
    )
}
