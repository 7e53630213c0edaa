"""The sentences of ECS: why a deployment rolled back, and what service events say.

Texts marked documented are those of AWS's troubleshooting page for blue/green deployments; the
rest say "assumed" where they stand. Imported by `testgate.local.ecs` alone.
"""

from testgate.local.ecs.model import HookTarget, Stage

NO_ROLLBACK_CANDIDATE = "No rollback candidate was found to run the rollback."
"""Documented, and seen as the status reason of ROLLBACK_FAILED."""

STOP_REQUESTED = "Service deployment rolled back because of a StopServiceDeployment request."
"""Assumed: no real text was found."""

SUPERSEDED = "Service deployment stopped because a new service deployment was started."
"""Assumed."""

SERVICE_DELETED = "Service deployment stopped because the service was deleted."
"""Assumed."""


ALARM_DETECTED = "alarm detected."
"""What the service event says in the place of the status reason (seen)."""


def rolled_back_by_alarms(names: tuple[str, ...]) -> str:
    """Assumed: no real status reason was found."""
    return f"Service deployment rolled back because of CloudWatch alarm(s): {', '.join(names)}."


def returned_failed(function_arn: str, reason: object = None) -> str:
    """`reason` is the answer's, for the case that ECS shows it (assumed, its form as well)."""
    sentence = f"Lifecycle hook target {function_arn} returned FAILED status."
    return f"{sentence} {reason}" if isinstance(reason, str) and reason else sentence


def unreadable(function_arn: str) -> str:
    return (
        f"ECS was unable to parse the response from {function_arn} due to "
        "HookStatus must not be null"
    )


def role_not_assumed(role_arn: str) -> str:
    return f"ECS was unable to assume role {role_arn}"


def not_invoked(function_arn: str, reason: str) -> str:
    return f"ECS was unable to invoke hook target {function_arn} due to {reason}"


def hook_timed_out(function_arn: str | None) -> str:
    """Documented for a PAUSE hook, which has no function; assumed for a Lambda hook."""
    if function_arn is None:
        return "pause hook timed out."
    return f"Lifecycle hook target {function_arn} timed out."


PAUSE_ROLLED_BACK = "pause hook was continued with action ROLLBACK."
"""Assumed."""


def rolled_back_by_hook(stage: Stage, refusal: str, target: HookTarget) -> str:
    """The whole status reason; that of a PAUSE hook has a form of its own (documented)."""
    if target is HookTarget.PAUSE:
        return f"Service deployment rolled back because {stage} {refusal}"
    return f"Service deployment rolled back because {stage} lifecycle hook(s) failed. {refusal}"


def rolled_back_by_network(problem: str) -> str:
    return f"Service deployment rolled back because of invalid networking configuration{problem}"


def rolled_back_by_tasks(problem: str) -> str:
    """Assumed: ECS would go on trying, or let its circuit breaker end it."""
    return f"Service deployment rolled back because tasks failed to start. {problem}"


def listing(task_arns: list[str]) -> str:
    return " ".join(f"(task {arn.rpartition('/')[2]})" for arn in task_arns)


def started_tasks(service: str, task_arns: list[str]) -> str:
    return f"(service {service}) has started {len(task_arns)} tasks: {listing(task_arns)}."


def stopped_tasks(service: str, task_arns: list[str]) -> str:
    return f"(service {service}) has stopped {len(task_arns)} running tasks: {listing(task_arns)}."


def registered_targets(service: str, count: int, group_arn: str) -> str:
    return f"(service {service}) registered {count} targets in (target-group {group_arn})"


def deregistered_targets(service: str, count: int, group_arn: str) -> str:
    return f"(service {service}) deregistered {count} targets in (target-group {group_arn})"


def deployment_completed(service: str, ecs_deployment_id: str) -> str:
    return f"(service {service}) (deployment {ecs_deployment_id}) deployment completed."


def deployment_failed(service: str, ecs_deployment_id: str, reason: str) -> str:
    return f"(service {service}) (deployment {ecs_deployment_id}) deployment failed: {reason}"


def rolling_back(service: str, ecs_deployment_id: str) -> str:
    return f"(service {service}) rolling back to deployment {ecs_deployment_id}."


def steady_state(service: str) -> str:
    return f"(service {service}) has reached a steady state."


def local_note(service: str, note: str) -> str:
    """What only the local ECS has to say."""
    return f"(service {service}) local ECS: {note}"
