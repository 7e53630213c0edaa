"""`testgate local up`: the local AWS in the foreground, for any AWS client."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from testgate.cli.repository import repository

local_app = typer.Typer(
    no_args_is_help=True, help="A local AWS made of real parts, behind one endpoint URL."
)


@local_app.callback()
def _group() -> None:
    """Keeps `up` a command of its own."""


@local_app.command("up")
def up(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")] = 0,
    region: Annotated[str, typer.Option(help="Region to stand for.")] = "us-east-1",
    images: Annotated[
        Path | None,
        typer.Option(help="File that maps container images to local processes."),
    ] = None,
    time_scale: Annotated[
        float,
        typer.Option(help="Shortens bake times and callback delays: 0.1 makes a minute 6 s."),
    ] = 1.0,
    with_gate: Annotated[
        bool, typer.Option("--with-gate", help="Deploy infra/gate.yaml as stack testgate.")
    ] = False,
    ca_file: Annotated[
        Path | None,
        typer.Option(help="Certificates in PEM that functions trust in place of the system's."),
    ] = None,
    ecs: Annotated[
        list[str] | None,
        typer.Option(
            help="What ECS does where nobody knows it, as details_mode=REPLACE; repeatable "
            "(docs/control-plane.md)."
        ),
    ] = None,
    without_rights: Annotated[
        bool, typer.Option("--without-rights", help="Let roles do anything, whatever they allow.")
    ] = False,
) -> None:
    """Start the local AWS and print how clients reach it; Ctrl-C stops it.

    Examples:

      testgate local up

      testgate local up --port 5000 --with-gate --time-scale 0.1
    """
    # Imported here because the local AWS takes a second to import.
    from testgate.local.ecs import EcsSettings, read_behaviour
    from testgate.local.gate_stack import deploy_gate
    from testgate.local.world import LocalAws, LocalSettings

    console = Console(soft_wrap=True, highlight=False)
    default_images = repository() / "examples" / "images.toml"
    settings = LocalSettings(
        port=port,
        region=region,
        time_scale=time_scale,
        images=images or default_images,
        ecs=EcsSettings(behaviour=read_behaviour(ecs or ())),
        enforce_rights=not without_rights,
        ca_file=ca_file,
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with LocalAws(settings) as local:
        console.print(f"The local AWS answers at [bold]{local.url}[/]. For AWS clients:\n")
        for name, value in _exports(local.url, region).items():
            typer.echo(f"export {name}={value}")
        if with_gate:
            stack = deploy_gate(local.client, repository())
            console.print(f"\nStack {stack.name} is deployed; a service's lifecycle hook names:")
            typer.echo(f"  hookTargetArn {stack.hook_function_arn}")
            for each in ("admission", "approval", "metrics"):
                typer.echo(f"             or {getattr(stack, f'{each}_function_arn')}")
            typer.echo(f"  roleArn       {stack.hook_invoke_role_arn}")
        console.print("\nCtrl-C stops it.")
        stop.wait()
        console.print("Stopping …")


def _exports(url: str, region: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
