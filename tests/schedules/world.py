"""The parts of AWS that the functions share in one simulation."""

from collections.abc import Callable
from dataclasses import dataclass

from testgate.core.plan import Plan
from tests.schedules.aws.balancer import Balancer
from tests.schedules.aws.caller import Caller
from tests.schedules.aws.deployments import Deployments
from tests.schedules.aws.executions import Executions
from tests.schedules.aws.storage import Storage
from tests.schedules.disturbing import Disturbing
from tests.schedules.journal import Journal
from tests.schedules.kernel import Kernel
from tests.schedules.schedule import Act, Function, Schedule


@dataclass(slots=True, kw_only=True)
class World:
    """One account, one service, one gate."""

    schedule: Schedule
    kernel: Kernel
    disturbing: Disturbing
    journal: Journal
    storage: Storage
    balancer: Balancer
    deployments: Deployments
    executions: Executions
    plan: Plan
    republished_s: float | None = None
    act: Callable[[Act], None] = lambda act: None

    @property
    def suite_names(self) -> list[str]:
        """The suites of the published plan."""
        return [suite.name for suite in self.plan.suites]

    def caller(self, function: Function) -> Caller:
        """The AWS APIs as a new invocation of a function reaches them."""
        return Caller(function, self.kernel, self.disturbing, self.journal, self.act)

    def note(self, text: str) -> None:
        """One line of the trace, now."""
        self.journal.note(self.kernel.now_s, text)
