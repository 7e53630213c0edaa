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
    created_at: datetime | None = None

    def waiting_hooks(self, function_arn: str) -> tuple[HookFacts, ...]:
        """The hooks of that function which ECS waits for now. Several may name one function, and
        nothing tells which of them a call is for."""
        return tuple(
            hook
            for hook in self.hooks
            if hook.status == "IN_PROGRESS" and same_function(hook.target_arn, function_arn)
        )

    def expiry(self, function_arn: str) -> datetime | None:
        """When the first of them expires; None if ECS does not say."""
        told = [hook.expires_at for hook in self.waiting_hooks(function_arn) if hook.expires_at]
        return min(told, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFacts:
    """An execution as DescribeExecution tells it. `output` is JSON text."""

    status: str
    started_at: datetime
    stopped_at: datetime | None = None
    input: str | None = None
    output: str | None = None
    error: str = ""
    cause: str = ""
    redrives: int = 0


def same_function(one: str, other: str) -> bool:
    """Whether two Lambda ARNs name one function, whatever their qualifiers."""
    return one.split(":")[:7] == other.split(":")[:7]
