"""`testgate`: the commands, and the one place where an error becomes a sentence and a code."""

import sys

import typer
from rich.console import Console
from rich.text import Text

from testgate import __version__
from testgate.cli.abort import abort
from testgate.cli.artifacts import artifacts
from testgate.cli.attach import attach_command, detach_command
from testgate.cli.dashboard import ui
from testgate.cli.demo import demo
from testgate.cli.deploy import deploy, destroy
from testgate.cli.diff import diff
from testgate.cli.exits import Exit
from testgate.cli.export import export
from testgate.cli.following import NothingDeployedError
from testgate.cli.history import list_command
from testgate.cli.init import init
from testgate.cli.inspecting import why
from testgate.cli.lint import lint
from testgate.cli.local import local_app
from testgate.cli.logs import logs
from testgate.cli.publish import publish_command
from testgate.cli.render import render_command
from testgate.cli.repeat import repeat_command
from testgate.cli.reporting import open_report, report
from testgate.cli.run import run_command
from testgate.cli.runs import RunNotFoundError
from testgate.cli.show import show
from testgate.cli.wait import wait_command
from testgate.cli.watch import watch
from testgate.core.errors import GateError

app = typer.Typer(
    name="testgate",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="rich",
    help="A test gate for Amazon ECS blue/green deployments: no pass, no production traffic, "
    "and always a reason.",
)
app.add_typer(local_app, name="local")
app.command("demo")(demo)
app.command("deploy")(deploy)
app.command("destroy")(destroy)
app.command("render")(render_command)
app.command("init")(init)
app.command("lint")(lint)
app.command("run")(run_command)
app.command("publish")(publish_command)
app.command("attach")(attach_command)
app.command("detach")(detach_command)
app.command("list")(list_command)
app.command("wait")(wait_command)
app.command("watch")(watch)
app.command("why")(why)
app.command("show")(show)
app.command("repeat")(repeat_command)
app.command("diff")(diff)
app.command("logs")(logs)
app.command("artifacts")(artifacts)
app.command("abort")(abort)
app.command("ui")(ui)
app.command("open")(open_report)
app.command("report")(report)
app.command("export")(export)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"testgate {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True),
) -> None:
    """Options before any command."""


def main() -> None:
    """Run the command line; errors of ours are told in one line, without a traceback."""
    try:
        app()
    except (RunNotFoundError, NothingDeployedError) as exc:
        sys.exit(_tell(exc, Exit.NOT_FOUND))
    except GateError as exc:
        sys.exit(_tell(exc, Exit.USAGE))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:  # noqa: BLE001 - a defect of ours must not look like red tests
        Console(stderr=True).print_exception(show_locals=False)
        sys.exit(_tell(GateError("this is a defect of Testgate; please report it"), Exit.DEFECT))


def _tell(error: GateError, code: Exit) -> Exit:
    said = Text.assemble(("error:", "red"), f" {error}")
    Console(stderr=True, soft_wrap=True).print(said, highlight=False)
    return code
