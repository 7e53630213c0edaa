"""What a suite's process leaves to its runner, by behaviour. Imported by the model of run_suite."""

from collections.abc import Mapping
from dataclasses import dataclass

from testgate.core.outcomes import Outcome
from tests.schedules.schedule import Behaviour

MIN_TESTS = 3


@dataclass(frozen=True, slots=True)
class Left:
    """What the runner found after the suite's process had ended; None for a field: as it passes."""

    exit_code: int | None = 0
    outcomes: tuple[Outcome, ...] = (Outcome.PASSED,) * MIN_TESTS
    problem: str | None = None
    timed_out: bool = False
    requests: int | None = 3
    output: str = ""
    one_name: bool = False


_P, _F, _S = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
LEFT: Mapping[Behaviour, Left] = {
    Behaviour.FLAKY: Left(outcomes=(_P, _P, Outcome.FLAKY)),
    Behaviour.FAILS: Left(1, (_P, _F, _P)),
    Behaviour.SKIPS_ALL: Left(outcomes=(_S, _S, _S)),
    Behaviour.SKIPS_MOST: Left(outcomes=(_P, _S, _S)),
    Behaviour.COLLECTS_NONE: Left(5, ()),
    Behaviour.FAILS_TO_COLLECT: Left(2, (_F,)),
    Behaviour.EXITS_ODDLY: Left(77),
    Behaviour.EXIT_HIDES_FAILURES: Left(0, (_P, _F, _P)),
    Behaviour.EXIT_WITHOUT_FAILURE: Left(1),
    Behaviour.SEGFAULTS: Left(-11, (), "there is none"),
    Behaviour.KILLED: Left(-9, (), "there is none"),
    Behaviour.NO_REPORT: Left(0, (), "there is none"),
    Behaviour.FLOODS: Left(output="x" * 4_000),
    Behaviour.ASKS_NOBODY: Left(requests=0),
    Behaviour.UNCOUNTED: Left(requests=None),
    Behaviour.ONE_TEST_MANY_TIMES: Left(one_name=True),
    Behaviour.FORGED_FIRST: Left(1, (_F, _F, _F)),
}
