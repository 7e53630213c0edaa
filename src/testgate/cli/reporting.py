"""`testgate open` and `testgate report`: a gate run's report in a browser, or as a file.

A stored page is shown as it is; one that is missing, or older than this version's, is rendered anew
from the record, which never changes.
"""

import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from testgate.aws.s3 import Bucket
from testgate.cli.connection import (
    DEFAULT_STACK,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
)
from testgate.cli.exits import exit_code
from testgate.cli.images import fetch_images
from testgate.cli.inspecting import EXITS, Target, find_or_explain, tell_problems
from testgate.cli.resolving import resolve
from testgate.cli.runs import StoredRun
from testgate.core.errors import GateError, NotFoundError
from testgate.report.html import PAGE, page_number
from testgate.report.rendering import Form, render

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file.", metavar="FILE", dir_okay=False),
]
PrintOnly = Annotated[
    bool, typer.Option("--print", help="Print the page's address, and open no browser.")
]
Format = Annotated[Form, typer.Option("--format", "-f", help="Which form of the report.")]


def open_report(
    target: Target,
    output: Output = None,
    print_only: PrintOnly = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Open a gate run's report page in the browser; it needs no network.

    Images that suites left are fetched and lie beside it, in `evidence`.
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    run = find_or_explain(connection, resolve(connection, target))
    tell_problems(run)
    records = Bucket(connection.client("s3"), run.bucket)
    page = write_report(output or _temporary(run), page_of(records, run))
    for missed in fetch_images(records, run, page.parent):
        typer.echo(f"an image is not shown: {missed}", err=True)
    typer.echo(page.as_uri())
    if not print_only and not webbrowser.open(page.as_uri()):
        typer.echo("no browser could be started: open this address yourself", err=True)
    raise typer.Exit(exit_code(run.outcome))


def report(
    target: Target,
    form: Format = Form.MARKDOWN,
    output: Output = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Print a gate run's report, or write it to a file: for CI, chat and test viewers."""
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    run = find_or_explain(connection, resolve(connection, target))
    tell_problems(run)
    body = render(form, record_of(run))
    if output is None:
        typer.echo(body, nl=False)
    else:
        write_report(output, body)
    raise typer.Exit(exit_code(run.outcome))


open_report.__doc__ = f"""{open_report.__doc__}

Examples:

  testgate open shop/web

  testgate open shop/web --print

  testgate open shop/web --output report.html

{EXITS}
"""
report.__doc__ = f"""{report.__doc__}

Examples:

  testgate report shop/web >> $GITHUB_STEP_SUMMARY

  testgate report shop/web --format junit --output testgate.xml

  testgate report shop/web --format ctrf --output ctrf/testgate.json

{EXITS}
"""


def page_of(bucket: Bucket, run: StoredRun) -> bytes:
    """The page: as stored, if it is of this version's kind or newer, else from the record."""
    try:
        stored = bucket.get(run.place.page)
    except NotFoundError:
        stored = b""
    number = page_number(stored.decode(errors="replace"))
    if number is not None and number >= PAGE:
        return stored
    return render(Form.HTML, record_of(run))


def record_of(run: StoredRun) -> Mapping[str, Any]:
    """What a report is made of: the record, or what the hook's answer says where there is none."""
    if run.record is not None:
        return run.record
    answer = run.answer or {}
    return {
        "outcome": run.outcome.value,
        "sentence": run.sentence,
        "cluster": run.place.cluster,
        "service": run.place.service,
        "deployment": answer.get("deployment") or "",
        "revision": answer.get("revision") or "",
        "stage": answer.get("stage") or "",
        "execution_arn": answer.get("execution_arn") or "",
        "started_at": answer.get("answered_at") or "",
        "ended_at": answer.get("answered_at") or "",
        "suites": [],
    }


def _temporary(run: StoredRun) -> Path:
    """In a directory that outlives this command: the browser reads it when it comes to it."""
    prefix = f"testgate-{run.place.cluster}-{run.place.service}-"
    return Path(tempfile.mkdtemp(prefix=prefix)) / "report.html"


def write_report(path: Path, body: bytes) -> Path:
    """Raises GateError for a place that cannot be written; missing directories are made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as exc:
        raise GateError(f"cannot write {path}: {exc.strerror}") from exc
    return path.resolve()
