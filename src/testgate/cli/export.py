"""`testgate export`: a gate run for CI, in every form that CI shows, at once."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from testgate.cli.connection import (
    DEFAULT_STACK,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
)
from testgate.cli.inspecting import Target, find_or_explain, tell_problems
from testgate.cli.reporting import record_of, write_report
from testgate.cli.resolving import resolve
from testgate.core.errors import GateError, InputError
from testgate.report.annotations import render_annotations
from testgate.report.rendering import Form, render

SUMMARY = "GITHUB_STEP_SUMMARY"
_MAX_SUMMARY_BYTES = 1_000_000  # GitHub takes 1 MiB of a step

Junit = Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")]
Ctrf = Annotated[Path | None, typer.Option("--ctrf", help="Write CTRF JSON to this file.")]
Github = Annotated[
    bool,
    typer.Option(
        "--github",
        help="Add Markdown to the job's summary (GITHUB_STEP_SUMMARY), and print annotations for "
        "failing tests.",
    ),
]
Places = Annotated[
    list[str] | None,
    typer.Option(
        "--path",
        help="Where a suite's directory is in the checkout, so that annotations find their files; "
        "repeatable.",
        metavar="SUITE=DIRECTORY",
    ),
]


def export(
    target: Target,
    github: Github = False,
    junit: Junit = None,
    ctrf: Ctrf = None,
    places: Places = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Export a gate run for CI: job summary, annotations, JUnit, CTRF.

    Examples:

      testgate export shop/web --github --path smoke=tests/smoke

      testgate export shop/web --junit testgate.xml --ctrf ctrf/testgate.json

    Exits 0 when all is written, whatever the outcome was; 7 nothing recorded, 2 usage.
    """
    if not (github or junit or ctrf):
        raise InputError("nothing to export: name --github, --junit FILE or --ctrf FILE")
    directories = read_places(places or ())
    summary = _summary_file() if github else None
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    run = find_or_explain(connection, resolve(connection, target))
    tell_problems(run)
    record = record_of(run)
    for form, file in ((Form.JUNIT, junit), (Form.CTRF, ctrf)):
        if file is not None:
            write_report(file, render(form, record))
    if summary is not None:
        _append(summary, cut(render(Form.MARKDOWN, record), _MAX_SUMMARY_BYTES))
        typer.echo(render_annotations(record, directories), nl=False)


def read_places(pairs: Iterable[str]) -> Mapping[str, str]:
    """Directories by suite. Raises InputError."""
    places = {}
    for pair in pairs:
        suite, mark, directory = pair.partition("=")
        if not (suite and mark and directory):
            raise InputError(f"--path: got {pair[:200]!r}, expected SUITE=DIRECTORY")
        places[suite] = directory
    return places


def cut(body: bytes, most: int) -> bytes:
    """The body, at most so long: whole lines, and a sentence where some are left out."""
    if len(body) <= most:
        return body
    note = b"\n\nThe rest is left out: a summary has at most 1 MB. `testgate report` has all.\n"
    return body[: most - len(note)].rpartition(b"\n")[0] + note


def _summary_file() -> Path:
    named = os.environ.get(SUMMARY)
    if not named:
        raise GateError(
            f"{SUMMARY} is not set: --github is for a step of GitHub Actions; testgate report "
            "prints the summary elsewhere"
        )
    return Path(named)


def _append(path: Path, body: bytes) -> None:
    try:
        with path.open("ab") as file:
            file.write(body)
    except OSError as exc:
        raise GateError(f"cannot write {path}: {exc.strerror}") from exc
