"""`testgate local`: the local AWS for any AWS client, in the foreground or detached."""

import os
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from testgate.cli import background
from testgate.cli.release import release
from testgate.cli.repository import repository

if TYPE_CHECKING:
    from testgate.local.world import LocalAws

local_app = typer.Typer(
    no_args_is_help=True, help="A local AWS made of real parts, behind one endpoint URL."
)


local_app.command("release")(release)
SHOP, SHOP_VERSION = "shop", "1.1.0"
_SHOP_S = 60.0


@local_app.command("down")
def down() -> None:
    """End the local AWS that `up --detach` has started from this shell.

    Examples:

      testgate local down
    """
    typer.echo(f"The local AWS of process {background.end(os.environ)} has ended.")


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
    with_shop: Annotated[
        bool,
        typer.Option("--with-shop", help="Deploy version 1.1.0 of the example shop, as shop/shop."),
    ] = False,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach", help="Go on in the background, and print the variables for `eval`."
        ),
    ] = False,
    ready: Annotated[Path | None, typer.Option(hidden=True)] = None,
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

      eval "$(testgate local up --detach --with-gate --with-shop)"
    """
    if detach:
        _detach()
        return
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
        if with_shop:
            site = _deploy_shop(local)
            console.print(f"\nService {SHOP}/{SHOP} runs version {SHOP_VERSION}: {site}")
        if ready is not None:
            background.tell_ready(ready, _exports(local.url, region))
        console.print("\nCtrl-C stops it.")
        stop.wait()
        console.print("Stopping …")


def _detach() -> None:
    """Start the same in the background. What is for people goes to stderr: stdout is for `eval`."""
    arguments = [text for text in sys.argv[sys.argv.index("up") + 1 :] if text != "--detach"]
    people = Console(stderr=True, soft_wrap=True, highlight=False)
    with people.status("starting the local AWS …"):
        told = background.start(arguments)
    for name, value in told.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    people.print(
        f"The local AWS answers at {told['AWS_ENDPOINT_URL']}, and this shell's AWS clients ask it "
        "alone. `testgate local down` ends it."
    )


def _deploy_shop(local: "LocalAws") -> str:
    """The example shop as a blue/green service that nothing gates yet; where it answers."""
    from testgate.local.site import build_site

    site = build_site(local.client, SHOP)
    task = site.register(f"example.com/{SHOP}:{SHOP_VERSION}", {"SHOP_VERSION": SHOP_VERSION})
    local.ecs.wait_until_ended(site.create(task), _SHOP_S)
    return f"production {site.production_url}, test {site.test_url}"


def _exports(url: str, region: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
