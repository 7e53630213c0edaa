"""`testgate repeat`: what failed in a gate run, once more, against green or against its image."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from testgate.aws.plans import load_plan
from testgate.cli.connection import (
    DEFAULT_STACK,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
    is_of_this_machine,
    told_as_ours,
)
from testgate.cli.exits import exit_code
from testgate.cli.granting import own_grants
from testgate.cli.inspecting import Target, find_or_explain
from testgate.cli.publishing import Publication
from testgate.cli.repository import repository
from testgate.cli.resolving import resolve
from testgate.cli.run import end_on_signals, pair
from testgate.cli.running import Against, rehearse, selected, with_only
from testgate.cli.screen import Screen
from testgate.cli.starting import as_process, by_docker, container_of
from testgate.core.errors import GateError, InputError
from testgate.core.layout import suite_bundle_key
from testgate.core.plan import Plan, Suite
from testgate.report.reading import read_record
from testgate.report.terminal import print_rehearsal
from testgate.report.view import RunView


def repeat_command(
    target: Target,
    suite: Annotated[
        str, typer.Option(help="The suite; by default the one of the first failing test.")
    ] = "",
    test: Annotated[
        list[str] | None,
        typer.Option("--test", help="This test; by default the first that failed. Repeatable."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole-suite", help="The whole suite, not one test.")
    ] = False,
    url: Annotated[
        str, typer.Option(help="Where to ask; by default the recorded image is started here.")
    ] = "",
    host: Annotated[str, typer.Option(help="Host that every request names.")] = "",
    header: Annotated[
        list[str] | None,
        typer.Option(help="Header of every request, as NAME=VALUE; repeatable."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="A parameter that the record does not tell, NAME=VALUE; repeatable."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="For the local AWS: file that maps images to processes."),
    ] = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Run what failed in a gate run once more: the very suite that was published, by its digest,
    against --url or against the recorded image, started here by Docker with the environment of its
    task definition (on the local AWS, as the process that stands for it).

    Examples:

      testgate repeat shop/web

      testgate repeat shop/web --url https://green.internal.example.com:8443

      testgate repeat my-stack --suite smoke --whole-suite

    Exits 0 passed, 1 failed, 3 suite_error, 4 infra_error, 5 timed_out, 2 usage.
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    console = Console(highlight=False, soft_wrap=True)
    with told_as_ours():
        run = _recorded(connection, target)
        name, tests = _chosen(run, suite, test or (), whole=whole)
        publication = _published(connection, run, name)
        again = selected(publication.plan, [name])
        with_only(again, tests)
        end_on_signals()
        with _reached(console, connection, run, url, images) as base_url:
            against = Against(
                url=base_url,
                host=host,
                headers=dict(pair("--header", text) for text in header or ()),
                parameters=_parameters(run) | dict(pair("--parameter", t) for t in parameter or ()),
                grants=own_grants(again.suites, os.environ),
                only=tests,
            )
            console.print(f"Suite {name}, {', '.join(tests) or 'all of it'}, against {base_url}")
            with Screen(console, {each.name: each for each in again.suites}) as screen:
                rehearsal = rehearse(publication, [name], against, screen.tell)
    console.print()
    print_rehearsal(console, rehearsal.record)
    raise typer.Exit(exit_code(rehearsal.verdict.outcome))


def _recorded(connection: Connection, target: str) -> RunView:
    run = find_or_explain(connection, resolve(connection, target))
    if run.record is None:
        raise GateError(f"the gate run of {run.service} has no record: there is nothing to repeat")
    return read_record(run.record)


def _chosen(
    run: RunView, suite: str, tests: Sequence[str], *, whole: bool
) -> tuple[str, tuple[str, ...]]:
    """Suite and tests: as asked for, else the first that failed, else the first suite that did not
    pass. Raises InputError if all passed and nothing is asked for."""
    failed = next(
        ((of.name, test.name) for of, test in run.failures if suite in ("", of.name)), None
    )
    if tests or whole:
        name = suite or (failed[0] if failed else "")
        if not name:
            raise InputError("no test failed: name the suite with --suite")
        return name, () if whole else tuple(tests)
    if failed:
        return failed[0], (failed[1],)
    refused = [each.name for each in run.suites if each.outcome.value not in ("passed", "flaky")]
    if not (suite or refused):
        raise InputError("every test passed: name what to run with --suite and --test")
    return suite or refused[0], ()


def _published(connection: Connection, run: RunView, name: str) -> Publication:
    """The plan of the gate run, and its suite's bundle, by their digests."""
    store = connection.bucket()
    plan: Plan = load_plan(store, run.plan_digest)
    suite: Suite = plan.suite(name)
    bundles = {suite.bundle: store.get(suite_bundle_key(suite.bundle))} if suite.bundle else {}
    return Publication(plan=plan, bundles=bundles)


def _reached(
    console: Console, connection: Connection, run: RunView, url: str, images: Path | None
) -> AbstractContextManager[str]:
    if url:
        return nullcontext(url)
    container = container_of(connection.client("ecs"), run.revision, run.image)
    console.print(f"Starting {container.image} …")
    if is_of_this_machine(connection.client):
        return as_process(container, images or repository() / "examples" / "images.toml")
    return by_docker(container)


def _parameters(run: RunView) -> dict[str, str]:
    told: Any = run.config.get("PARAMETERS")
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
