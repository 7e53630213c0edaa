"""`testgate attach` and `testgate detach`: a gate onto a service, and off it again."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from testgate.aws.plans import load_plan
from testgate.cli.attaching import (
    Change,
    Wanted,
    Wire,
    attach,
    configuration_with,
    detach,
    owner_of,
)
from testgate.cli.connection import (
    DEFAULT_STACK,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
    told_as_ours,
)
from testgate.cli.snippets import Tool, snippet
from testgate.core.config import parse_config
from testgate.core.errors import InputError
from testgate.core.events import GATED_STAGES
from testgate.core.layout import gate_key
from testgate.core.plan import Plan
from testgate.core.plan_problems import service_problem

_OWN = {"MODE": "--enforce, or its absence", "GATE": "--gate and --pin"}

_FUNCTIONS = (
    "HookFunctionArn",
    "AdmissionFunctionArn",
    "ApprovalFunctionArn",
    "MetricsFunctionArn",
)

Cluster = Annotated[str, typer.Option("--cluster", help="The service's cluster.")]
Service = Annotated[str, typer.Option("--service", help="The service.")]
Apply = Annotated[bool, typer.Option("--apply", help="Do it; without this it is only shown.")]


def attach_command(
    cluster: Cluster,
    service: Service,
    gate: Annotated[str, typer.Option(help="A published gate, by its name or pinned.")],
    pin: Annotated[
        bool, typer.Option("--pin", help="Name the plan that is the latest now, for good.")
    ] = False,
    enforce: Annotated[
        bool, typer.Option("--enforce", help="Let it refuse; otherwise it only observes.")
    ] = False,
    stage: Annotated[str, typer.Option(help="Where it is asked.")] = GATED_STAGES[0],
    detail: Annotated[
        list[str] | None,
        typer.Option("--detail", help="Another key of hookDetails, as NAME=VALUE; repeatable."),
    ] = None,
    print_for: Annotated[
        Tool | None,
        typer.Option("--print", help="Print the hook for this tool, and look at no service."),
    ] = None,
    apply: Apply = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Add a gate's lifecycle hook to a service, or bring the one it has up to date.

    Shows what would change; --apply does it, and starts no deployment. The gate observes until it
    is attached with --enforce. A service of CloudFormation or Terraform is not touched: --print
    shows what its template needs.

    Examples:

      testgate attach --cluster shop --service web --gate shop

      testgate attach --cluster shop --service web --gate shop --enforce --apply

      testgate attach --cluster shop --service web --gate shop --print terraform
    """
    if stage not in GATED_STAGES:
        raise InputError(f"--stage: got {stage!r}, expected {' or '.join(GATED_STAGES)}")
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    with told_as_ours():
        plan = _published(connection, gate, cluster, service)
        wanted = Wanted(
            function_arn=connection.stack_output("HookFunctionArn"),
            role_arn=connection.stack_output("HookInvokeRoleArn"),
            details=_details(plan, pin or "@" in gate, enforce, detail or []),
            stage=stage,
        )
        if print_for is not None:
            typer.echo(snippet(print_for, wanted, cluster, service), nl=False)
            return
        found = _service(connection, cluster, service)
        change = attach(found, wanted)
        if owner_of(found) is not None:
            hint = "put the hook into its template; --print shows it for each tool"
            raise InputError(*change.problems, hint)
        _carry_out(connection, found, change, apply)
    if not enforce:
        typer.echo("The gate only observes: attach it with --enforce to let it refuse.")


def detach_command(
    cluster: Cluster,
    service: Service,
    every: Annotated[
        bool, typer.Option("--all", help="Admission, approval and metrics hooks too.")
    ] = False,
    function: Annotated[
        list[str] | None,
        typer.Option(help="ARN of a hook's function, once its stack is gone; repeatable."),
    ] = None,
    apply: Apply = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Take the gate's lifecycle hooks off a service; its other hooks stay.

    Examples:

      testgate detach --cluster shop --service web

      testgate detach --cluster shop --service web --all --apply
    """
    connection = Connection(endpoint_url=endpoint_url, region=region, profile=profile, stack=stack)
    with told_as_ours():
        found = _service(connection, cluster, service)
        outputs = _FUNCTIONS if every else _FUNCTIONS[:1]
        functions = function or [connection.stack_output(output) for output in outputs]
        change = detach(found, functions)
        _carry_out(connection, found, change, apply)


def _published(connection: Connection, gate: str, cluster: str, service: str) -> Plan:
    """The gate's latest plan, or the one whose digest is named, if it is for this service."""
    bucket = connection.bucket()
    name, _, digest = gate.partition("@")
    named = {"plan": digest} if digest else bucket.find_json(gate_key(name))
    if named is None:
        raise InputError(f"gate {name!r} is not published in {bucket.name}: `testgate publish` it")
    plan = load_plan(bucket, str(named["plan"]))
    if plan.gate != name:
        raise InputError(f"--gate: the plan {digest} is of gate {plan.gate!r}, not {name!r}")
    problem = service_problem(plan, cluster.rpartition("/")[2], service)
    if problem is not None:
        raise InputError(problem)
    return plan


def _details(plan: Plan, pin: bool, enforce: bool, more: list[str]) -> Mapping[str, Any]:
    """hookDetails, checked by the hook's own rules."""
    details: dict[str, Any] = {"GATE": f"{plan.gate}@{plan.digest}" if pin else plan.gate}
    if plan.timeout_s:
        details["TIMEOUT_SECONDS"] = plan.timeout_s
    if not enforce:
        details["MODE"] = "observe"
    for text in more:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise InputError(f"--detail: got {text!r}, expected NAME=VALUE")
        if name in _OWN:
            raise InputError(f"--detail: {name} is set by {_OWN[name]}")
        details[name] = _value(value)
    parse_config(details)
    return details


def _value(text: str) -> Any:
    """Objects, lists and numbers as JSON has them; anything else is text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict | list | int) else text


def _service(connection: Connection, cluster: str, service: str) -> Wire:
    found = connection.client("ecs").describe_services(
        cluster=cluster, services=[service], include=["TAGS"]
    )["services"]
    if not found:
        raise InputError(f"there is no service {service} in cluster {cluster}")
    wire: Wire = found[0]
    return wire


def _carry_out(connection: Connection, service: Wire, change: Change, apply: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    if change.problems:
        raise InputError(*change.problems)
    if not change.needed:
        console.print("Nothing to change.")
        return
    console.print(f"Lifecycle hooks of [bold]{escape(str(service['serviceName']))}[/]:")
    for sign, colour, hooks in (("-", "red", change.removed), ("+", "green", change.added)):
        for hook in hooks:
            for line in json.dumps(hook, indent=2).splitlines():
                console.print(f"  {sign} {line}", style=colour, markup=False)
    if not apply:
        console.print("Nothing is changed: --apply does it.")
        return
    connection.client("ecs").update_service(
        cluster=service["clusterArn"],
        service=service["serviceName"],
        deploymentConfiguration=configuration_with(service, change.after),
    )
    console.print("Done. The next deployment is asked; this change starts none.")
