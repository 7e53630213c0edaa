"""`testgate run`: a gate's suites against any URL, with the runner and the verdict of the gate."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from testgate.cli.connection import AsJson
from testgate.cli.exits import exit_code
from testgate.cli.granting import own_grants
from testgate.cli.publishing import prepare_publication
from testgate.cli.running import (
    Against,
    Rehearsal,
    rehearse,
    selected,
    with_only,
)
from testgate.cli.screen import Screen, print_broken, warn_of_nobody
from testgate.core.config import parse_config
from testgate.core.errors import ConfigError, GateError, InputError
from testgate.core.plan import PARALLEL
from testgate.report.rendering import Form, render
from testgate.report.terminal import print_rehearsal

_FILES = {
    Form.HTML: "report.html",
    Form.JUNIT: "junit.xml",
    Form.CTRF: "ctrf.json",
    Form.MARKDOWN: "report.md",
}


Suites = Annotated[
    list[str] | None,
    typer.Argument(help="Suites to run; all of them by default.", metavar="[SUITE…]"),
]
Pairs = list[str] | None


def run_command(
    suites: Suites = None,
    test: Annotated[
        list[str] | None,
        typer.Option("--test", help="Of one suite, this test alone, by its name; repeatable."),
    ] = None,
    url: Annotated[
        str,
        typer.Option(envvar="TESTGATE_URL", help="Where the service under test answers."),
    ] = "",
    gate_file: Annotated[
        Path, typer.Option("--file", "-f", help="The gate file.", metavar="TESTGATE_TOML")
    ] = Path("testgate.toml"),
    host: Annotated[str, typer.Option(help="Host that every request names, as TEST_HOST.")] = "",
    header: Annotated[
        Pairs, typer.Option(help="Header of every request, as NAME=VALUE; repeatable.")
    ] = None,
    parameter: Annotated[
        Pairs,
        typer.Option(help="What suites see as TESTGATE_PARAMETER_NAME, as NAME=VALUE; repeatable."),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=64, help="Shards that run side by side.")
    ] = min(PARALLEL, os.cpu_count() or 1),
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Directory for reports and what each suite printed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a gate's suites against a URL, and say what the gate would: same bundles, same contract,
    same verdict, no AWS.

    Suites see the same variables as in a deployment, and reach the URL through the same relay: one
    that sends no request there does not pass. A wave is not run if the one before it has not
    passed. Nothing is asked of identity, for a URL has no revision. Secrets of suites are taken
    from variables of the same names.

    Examples:

      testgate run --url http://127.0.0.1:8080

      testgate run smoke --url https://staging.example.com --output results

      testgate run smoke --test test_checkout.py::test_pay --url http://127.0.0.1:8080

      testgate run -f test_suites/testgate.toml --url http://127.0.0.1:8080 --header X-Test=1

    Exits 0 passed, 1 failed, 3 suite_error, 4 infra_error, 5 timed_out, 2 usage.
    """
    against = _against(url, host, header or (), parameter or (), jobs)
    if output is not None:
        _make(output)
    publication = prepare_publication(gate_file)
    plan = with_only(selected(publication.plan, suites or ()), test or ())
    console = Console(stderr=as_json, soft_wrap=True, highlight=False)
    warn_of_nobody(console, against.url)
    end_on_signals()
    against = replace(
        against,
        grants=own_grants(plan.suites, os.environ),
        evidence=None if output is None else output / "evidence",
        only=tuple(test or ()),
    )
    with Screen(console, {suite.name: suite for suite in plan.suites}) as screen:
        rehearsal = rehearse(publication, suites or (), against, screen.tell)
    if as_json:
        typer.echo(json.dumps(rehearsal.record, indent=2, ensure_ascii=False))
    else:
        console.print()
        print_rehearsal(Console(highlight=False), rehearsal.record)
        print_broken(console, rehearsal)
    if output is not None:
        _write(output, rehearsal)
        console.print(f"Reports and outputs are in {output}", markup=False)
    raise typer.Exit(exit_code(rehearsal.verdict.outcome))


def end_on_signals() -> None:
    """As CI cancels a job, and as a terminal closes: what runs is ended, nothing is left behind. Of
    the latter nohup wants nothing heard."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def _make(directory: Path) -> None:
    """Before anything runs: a verdict that took minutes is not to be lost to a wrong name."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as exc:
        raise InputError(f"--output: cannot write to {directory}: {exc.strerror}") from exc


def _write(directory: Path, rehearsal: Rehearsal) -> None:
    try:
        for form, name in _FILES.items():
            (directory / name).write_bytes(render(form, rehearsal.record))
        record = json.dumps(rehearsal.record, indent=2, ensure_ascii=False) + "\n"
        (directory / "record.json").write_text(record)
        for run, printed in rehearsal.outputs.items():
            path = directory / "outputs" / f"{run.path.replace('/', '-')}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(printed)
    except OSError as exc:
        raise GateError(f"cannot write to {directory}: {exc.strerror}") from exc


def _against(
    url: str,
    host: str,
    headers: list[str] | tuple[()],
    parameters: list[str] | tuple[()],
    jobs: int,
) -> Against:
    """Checked by the rules of `hookDetails`. Raises InputError."""
    if not url:
        raise InputError("no URL: give --url, or set TESTGATE_URL")
    try:
        parts = urlsplit(url)
        known = parts.hostname, parts.port
    except ValueError as exc:
        raise InputError(f"--url: {exc}") from exc
    if parts.username is not None:
        raise InputError("--url: it holds a user's name: send credentials by --header")
    if not known[0]:
        raise InputError(f"--url: got {url!r}, expected something like http://127.0.0.1:8080")
    details: dict[str, object] = {"GATE": "run", "TEST_ENDPOINT": url}
    pairs = {
        "TEST_HEADERS": dict(pair("--header", text) for text in headers),
        "PARAMETERS": dict(pair("--parameter", text) for text in parameters),
    }
    details |= {key: value for key, value in pairs.items() if value}
    details |= {"TEST_HOST": host} if host else {}
    with _as_options():
        config = parse_config(details)
    return Against(
        url=config.test_endpoint or "",
        host=config.test_host or "",
        headers=config.test_headers,
        parameters=config.parameters,
        jobs=jobs,
    )


def pair(option: str, text: str) -> tuple[str, str]:
    """`NAME=VALUE`. Raises InputError, which tells no value: it may be a credential."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InputError(f"{option}: got {text.partition('=')[0]!r}, expected NAME=VALUE")
    return name, value


@contextmanager
def _as_options() -> Iterator[None]:
    """The hook's keys, as this command's options."""
    try:
        yield
    except ConfigError as exc:
        names = {
            "TEST_ENDPOINT": "--url",
            "TEST_HEADERS": "--header",
            "PARAMETERS": "--parameter",
            "TEST_HOST": "--host",
        }
        problems = list(exc.problems)
        for key, option in names.items():
            problems = [problem.replace(key, option) for problem in problems]
        raise InputError(*problems) from exc
