"""`testgate diff`: what changed from one gate run to another, test by test."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from testgate.aws.s3 import Bucket
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
)
from testgate.cli.inspecting import Target, find_or_explain, tell_problems
from testgate.cli.previous import previous_of
from testgate.cli.resolving import resolve
from testgate.cli.runs import RunNotFoundError, StoredRun
from testgate.cli.show import print_comparison
from testgate.core.errors import InputError
from testgate.report.comparing import compare
from testgate.report.reading import read_record

Earlier = Annotated[
    str | None,
    typer.Argument(
        help="What to compare with, named alike; by default the service's gate run before.",
        metavar="[EARLIER]",
    ),
]


def diff(
    target: Target,
    earlier: Earlier = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Compare two gate runs: newly failing, still failing and fixed tests, newly skipped and flaky
    ones, and those that are no longer there.

    Examples:

      testgate diff shop/web

      testgate diff arn:aws:ecs:eu-west-1:123456789012:service-deployment/shop/web/EZe5RN… shop/web

      testgate diff production/web staging/web --json

    Exits 0 if no test fails that did not before, 1 if one does, 7 nothing recorded, 2 usage.
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    after = find_or_explain(connection, resolve(connection, target))
    before = _before(connection, after, earlier)
    comparison = compare(read_record(_record(before)), read_record(_record(after)))
    if as_json:
        runs = {"before": _told(before), "after": _told(after)}
        print_json(runs | {"tests": comparison.spell()})
    else:
        console = Console()
        for name, run in (("from", before), ("to", after)):
            line = f"{run.service}  {_told(run)['ended_at']}  {run.outcome.value}"
            console.print(Text.assemble((f"{name:<6}", "dim"), line), soft_wrap=True)
        print_comparison(console, comparison)
    raise typer.Exit(1 if comparison.newly_failing else 0)


def _before(connection: Connection, after: StoredRun, earlier: str | None) -> StoredRun:
    tell_problems(after)
    if earlier is not None:
        found = find_or_explain(connection, resolve(connection, earlier))
        tell_problems(found)
        return found
    previous = previous_of(Bucket(connection.client("s3"), after.bucket), after)
    if previous is None:
        raise RunNotFoundError(
            f"no gate run of {after.service} is recorded before this one: name another to compare "
            "with"
        )
    return previous


def _record(run: StoredRun) -> Any:
    """Raises InputError for a run without one: it has no tests to compare."""
    if run.record is None:
        raise InputError(
            f"the {run.hook} of {run.service} that ended as {run.outcome.value} has no record with "
            "tests to compare; testgate list names others"
        )
    return run.record


def _told(run: StoredRun) -> dict[str, str]:
    return {
        "run": run.place.run_name,
        "outcome": run.outcome.value,
        "ended_at": str(_record(run).get("ended_at") or ""),
        "record": f"s3://{run.bucket}/{run.place.record}",
    }
