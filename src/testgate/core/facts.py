"""What AWS says about a deployment and an execution, reduced to what decisions need.

Filled by `testgate.aws`, read by pure code. Standard library only.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFacts:
    """One entry of `lifecycleHookDetails`: the only place where a Lambda hook's expiry shows."""

    target_arn: str
    status: str
    expires_at: datetime | None
    timeout_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentFacts:
    """A service deployment. `has_source` is False for a service's first deployment."""

    status: str
    stage: str
    target_revision: str
    has_source: bool
    running_tasks: int
    hooks: tuple[HookFacts, ...]

    def waiting_hook(self, function_arn: str) -> HookFacts | None:
        """The hook of that function which ECS waits for now; None if it does not say."""
        own = [hook for hook in self.hooks if same_function(hook.target_arn, function_arn)]
        waiting = [hook for hook in own if hook.status == "IN_PROGRESS"]
        return next(iter(waiting), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFacts:
    """An execution as DescribeExecution tells it. `output` is JSON text."""

    status: str
    started_at: datetime
    input: str | None = None
    output: str | None = None
    error: str = ""
    cause: str = ""
    redrives: int = 0


def same_function(one: str, other: str) -> bool:
    """Whether two Lambda ARNs name one function, whatever their qualifiers."""
    return one.split(":")[:7] == other.split(":")[:7]
