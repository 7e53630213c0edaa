"""`testgate abort`: stops a gate run, and its deployment if asked."""

from dataclasses import dataclass
from typing import Annotated

import typer

from testgate.cli.connection import (
    DEFAULT_STACK,
    AsJson,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
    print_json,
    told_as_ours,
)
from testgate.cli.executions import executions_of
from testgate.cli.exits import Exit
from testgate.cli.following import NothingDeployedError, deployment_by_service, describe, has_ended
from testgate.cli.inspecting import Target
from testgate.cli.resolving import resolve
from testgate.core.aws_events import ServiceName
from testgate.core.outcomes import Outcome

WithDeployment = Annotated[
    bool,
    typer.Option("--deployment", help="Stop the ECS deployment too: it rolls back at once."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
_RUNNING = "RUNNING"


def abort(
    target: Target,
    with_deployment: WithDeployment = False,
    reason: Reason = "",
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Stop the gate run of a deployment; of a service, that of its newest.

    Its hook then refuses the deployment, unless it only observes. With --deployment ECS is told to
    stop the deployment (StopServiceDeployment, ROLLBACK), whatever the hook would say.

    Examples:

      testgate abort shop/web --reason "wrong version"

      testgate abort shop/web --deployment

    Exits 0 stopped, 7 there was nothing to stop, 2 usage.
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    try:
        arn = _deployment(connection, resolve(connection, target).target)
        stopped = _stop(connection, arn, with_deployment=with_deployment, reason=reason)
    except NothingDeployedError as exc:
        stopped = Stopped(deployment=None, executions=(), sentence=str(exc))
    if as_json:
        print_json(stopped.spell())
    else:
        typer.echo(stopped.sentence)
    raise typer.Exit(Exit.PASSED if stopped.something else Exit.NOT_FOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What was stopped: the deployment if it was, and executions."""

    deployment: str | None
    executions: tuple[str, ...]
    sentence: str

    @property
    def something(self) -> bool:
        """Whether anything was."""
        return bool(self.deployment or self.executions)

    def spell(self) -> dict[str, object]:
        """For programs."""
        return {
            "deployment": self.deployment,
            "executions": list(self.executions),
            "sentence": self.sentence,
        }


def sentence_of(arn: str, status: str, deployment: str | None, executions: int) -> str:
    """What was done, and what follows from it."""
    if deployment is not None:
        runs = f", and {executions} gate run{'s' * (executions != 1)}" if executions else ""
        return f"stopped deployment {arn}{runs}: ECS rolls it back"
    if executions:
        return (
            f"stopped the gate run of {arn}: its hook refuses the deployment at its next call, "
            "unless it only observes"
        )
    return f"nothing to stop: the deployment {arn} is {status}, and no gate run of it is running"


def _deployment(connection: Connection, target: str) -> str:
    if target.startswith("arn:"):
        return target
    cluster, service = target.split("/")
    name = ServiceName(cluster=cluster, service=service)
    return deployment_by_service(connection.client, name, "")


def _stop(connection: Connection, arn: str, *, with_deployment: bool, reason: str) -> Stopped:
    """The deployment first: its end stops a gate run too, and must be the reason that is told."""
    described = describe(connection.client, arn)
    cause = "stopped by testgate abort" + (f": {reason}" if reason else "")
    stopped = None
    with told_as_ours():
        states = connection.client("stepfunctions")
        machine = connection.stack_output("StateMachineArn")
        running = [
            each["executionArn"]
            for each in executions_of(states, machine, arn)
            if each["status"] == _RUNNING
        ]
        if with_deployment and not has_ended(described):
            connection.client("ecs").stop_service_deployment(
                serviceDeploymentArn=arn, stopType="ROLLBACK"
            )
            stopped = arn
        for execution in running:
            states.stop_execution(
                executionArn=execution, error=Outcome.ABORTED.error_name, cause=cause
            )
    return Stopped(
        deployment=stopped,
        executions=tuple(running),
        sentence=sentence_of(arn, described["status"], stopped, len(running)),
    )
