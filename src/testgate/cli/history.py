"""`testgate list`: gate runs of a service, a cluster or everything, newest first."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
from testgate.cli.listing import Page, Query, find_page, kind_of, read_scope, read_since
from testgate.core.layout import IndexEntry
from testgate.core.outcomes import Outcome
from testgate.report.terminal import COLOURS

Where = Annotated[
    str | None,
    typer.Argument(
        help="A service, or every service of a cluster; by default all there are.",
        metavar="[CLUSTER|CLUSTER/SERVICE]",
    ),
]
Outcomes = Annotated[
    list[Outcome] | None, typer.Option("--outcome", help="Only this outcome; may be repeated.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Only those that ended since: 30m, 36h, 7d or a time."),
]
Limit = Annotated[int, typer.Option("--limit", "-n", help="How many on a page.", min=1)]
Cursor = Annotated[
    str | None, typer.Option("--cursor", help="Go on where the page before has ended.")
]
All = Annotated[bool, typer.Option("--all", help="Everything on one page.")]


def list_command(
    where: Where = None,
    outcomes: Outcomes = None,
    since: Since = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    everything: All = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """List gate runs that have ended, newest first, from the index alone.

    Examples:

      testgate list

      testgate list shop/web --since 7d

      testgate list shop --outcome failed --outcome suite_error --all --json
    """
    query = Query(
        scope=read_scope(where),
        outcomes=frozenset(outcomes or ()),
        since=read_since(since, datetime.now(UTC)) if since else None,
        after=cursor or "",
        limit=None if everything else limit,
    )
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    records = connection.bucket()
    page = find_page(records, query)
    if as_json:
        runs = [spell_entry(entry, records.name) for entry in page.entries]
        print_json({"runs": runs, "cursor": page.cursor or None})
    else:
        _print(Console(), page, records.name, bool(where or outcomes or since or cursor))


def spell_entry(entry: IndexEntry, bucket: str) -> dict[str, str]:
    """For programs."""
    place = entry.place
    return {
        "cluster": place.cluster,
        "service": place.service,
        "deployment_id": place.deployment_id,
        "run": place.run_name,
        "hook": kind_of(place),
        "outcome": entry.outcome.value,
        "ended_at": entry.ended_at.isoformat().replace("+00:00", "Z"),
        "record": f"s3://{bucket}/{place.record}",
    }


def _print(console: Console, page: Page, bucket: str, asked_for_some: bool) -> None:
    if not page.entries:
        such = "such " if asked_for_some else ""
        console.print(
            Text(
                f"No {such}gate run is recorded in bucket {bucket}. A gate run is listed when it "
                "has ended; testgate why CLUSTER/SERVICE tells of one that runs."
            ),
            soft_wrap=True,
        )
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("ended (UTC)", "service", "hook", "outcome", "deployment"):
        table.add_column(name, no_wrap=True)
    for entry in page.entries:
        colour = COLOURS.get(entry.outcome.value, "white")
        table.add_row(
            f"{entry.ended_at:%Y-%m-%d %H:%M:%S}",
            Text(f"{entry.place.cluster}/{entry.place.service}"),
            kind_of(entry.place),
            Text(entry.outcome.value, style=colour),
            entry.place.deployment_id,
        )
    console.print(table)
    if page.cursor:
        console.print(Text(f"More: --cursor {page.cursor}", style="dim"), soft_wrap=True)
