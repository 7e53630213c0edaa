"""`testgate local release`: another version of the example shop onto the local AWS, followed to its
end with the gate's word.

A service of one's own is deployed with one's own tools; this is for trying. Imported by
`testgate local`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from testgate.aws.s3 import Bucket
from testgate.cli.connection import (
    DEFAULT_STACK,
    Connection,
    EndpointUrl,
    Region,
    StackName,
    is_of_this_machine,
    told_as_ours,
)
from testgate.cli.runs import RunNotFoundError, find_run
from testgate.core.errors import GateError, InputError
from testgate.report.terminal import print_why

PATIENCE_S = 600.0
_LOOK_S = 0.3
_PENDING = (
    "PENDING",
    "IN_PROGRESS",
    "STOP_REQUESTED",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
)
_PASSED = "SUCCESSFUL"


def release(
    version: Annotated[str, typer.Argument(help="The version, such as 1.2.0.")],
    service: Annotated[
        str, typer.Option(help="cluster/service of the example shop.")
    ] = "shop/shop",
    fault: Annotated[
        list[str] | None,
        typer.Option(help="What this version does wrong: checkout, slow, wrong-price, …"),
    ] = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Deploy a version of the example shop onto the local AWS, and say how it ended and why.

    Exits 0 if the version is in production, 1 if it was rolled back.

    Examples:

      testgate local release 1.2.0

      testgate local release 1.2.0 --fault checkout
    """
    cluster, _, name = service.partition("/")
    if not (cluster and name):
        raise InputError(f"--service: got {service!r}, expected cluster/service")
    connection = Connection(endpoint_url=endpoint_url, region=region, stack=stack)
    if not is_of_this_machine(connection.client):
        raise GateError(
            "this is for the local AWS, and AWS_ENDPOINT_URL leads elsewhere: `testgate local up "
            "--detach` starts one"
        )
    console = Console(highlight=False, soft_wrap=True)
    with told_as_ours():
        ecs = connection.client("ecs")
        arn = _update(ecs, cluster, name, version, fault or ())
        console.print(f"Version {version} is being deployed: {arn}")
        ended = _follow(console, ecs, arn)
        _explain(console, connection.bucket(), arn)
    raise typer.Exit(0 if ended == _PASSED else 1)


def _update(ecs: Any, cluster: str, name: str, version: str, faults: Sequence[str]) -> str:
    """Update the service to a task definition like its own, of that version."""
    found = ecs.describe_services(cluster=cluster, services=[name])["services"]
    if not found:
        raise GateError(
            f"there is no service {cluster}/{name}: `testgate local up --with-shop` makes it"
        )
    task = ecs.describe_task_definition(taskDefinition=found[0]["taskDefinition"])
    task = task["taskDefinition"]
    container = dict(task["containerDefinitions"][0])
    repository = str(container["image"]).partition("@")[0].rpartition(":")[0]
    environment = {"SHOP_VERSION": version} | ({"SHOP_FAULT": ",".join(faults)} if faults else {})
    container["image"] = f"{repository}:{version}"
    container["environment"] = [{"name": k, "value": v} for k, v in environment.items()]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory")
    registered = ecs.register_task_definition(
        **{key: task[key] for key in kept if key in task}, containerDefinitions=[container]
    )
    ecs.update_service(
        cluster=cluster,
        service=name,
        taskDefinition=registered["taskDefinition"]["taskDefinitionArn"],
        forceNewDeployment=True,
    )
    deployments = ecs.list_service_deployments(cluster=cluster, service=name)
    newest = max(deployments["serviceDeployments"], key=lambda each: each["createdAt"])
    return str(newest["serviceDeploymentArn"])


def _follow(
    console: Console, ecs: Any, arn: str, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Print each stage and status until the deployment has ended; its last status."""
    began = time.monotonic()
    told: tuple[str, str] = ("", "")
    while True:
        seen = ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        now = _state(seen["serviceDeployments"][0])
        if now != told:
            told = now
            console.print(f"  [dim]{time.monotonic() - began:5.1f} s[/]  {escape(' '.join(now))}")
        if now[0] not in _PENDING:
            return now[0]
        if time.monotonic() - began > PATIENCE_S:
            raise GateError(f"{arn} has not ended after {PATIENCE_S:.0f} s")
        sleep(_LOOK_S)


def _state(deployment: Mapping[str, Any]) -> tuple[str, str]:
    return str(deployment["status"]), str(deployment.get("lifecycleStage", ""))


def _explain(console: Console, bucket: Bucket, arn: str) -> None:
    try:
        run = find_run(bucket, arn)
    except RunNotFoundError:
        console.print("No gate was asked: `testgate attach` adds one to the service.")
        return
    console.print()
    print_why(console, run.record, run.answer, run.bucket, run.place)
