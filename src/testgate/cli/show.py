"""`testgate show`: one gate run whole, with its timeline and what changed since the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
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
from testgate.cli.exits import exit_code
from testgate.cli.inspecting import EXITS, Target, find_or_explain, lines_of, tell_problems
from testgate.cli.previous import previous_of
from testgate.cli.resolving import resolve
from testgate.cli.runs import StoredRun
from testgate.cli.timeline import Span, gather
from testgate.report.comparing import Comparison, compare
from testgate.report.console import deployments_url, execution_url
from testgate.report.reading import read_record
from testgate.report.terminal import COLOURS, print_others, print_run
from testgate.report.view import seconds_between

_MAX_NAMES = 20
_TITLES = {
    "newly_failing": ("Newly failing", "red"),
    "still_failing": ("Still failing", "red"),
    "fixed": ("Fixed", "green"),
    "newly_skipped": ("Newly skipped", "yellow"),
    "newly_flaky": ("Newly flaky", "yellow"),
    "missing": ("No longer there", "yellow"),
}


def show(
    target: Target,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Show a gate run whole: verdict, every test, what changed since the gate run before, a
    timeline of states, suites and shards, links to the AWS console, and where its record lies."""
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    run = find_or_explain(connection, resolve(connection, target))
    tell_problems(run)
    shown = _gathered(connection, run)
    if as_json:
        print_json(shown.spell())
    else:
        console = Console()
        print_run(console, run.told or None, run.answer, run.bucket, run.place)
        _print_since(console, shown)
        _print_timeline(console, shown.timeline)
        _print_links(console, shown.links)
        print_others(console, lines_of(run.others))
    raise typer.Exit(exit_code(run.outcome))


show.__doc__ = f"""{show.__doc__}

Examples:

  testgate show shop/web

  testgate show my-stack --json

  testgate show arn:aws:states:eu-west-1:123456789012:execution:testgate-test-gate:web-0f3c…

{EXITS}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that is shown of a gate run."""

    run: StoredRun
    previous: StoredRun | None
    since: Comparison | None
    timeline: Sequence[Span]
    links: dict[str, str]

    def spell(self) -> dict[str, Any]:
        """For programs."""
        previous = self.previous
        return {
            "record": self.run.record,
            "answer": self.run.answer,
            "problems": list(self.run.problems),
            "since": self.since.spell() if self.since else None,
            "previous": f"s3://{previous.bucket}/{previous.place.record}" if previous else None,
            "timeline": [span.spell() for span in self.timeline],
            "links": self.links,
        }


def _gathered(connection: Connection, run: StoredRun) -> Shown:
    bucket = Bucket(connection.client("s3"), run.bucket)
    previous = previous_of(bucket, run)
    since = None
    if run.record is not None and previous is not None and previous.record is not None:
        since = compare(read_record(previous.record), read_record(run.record))
    told = run.record or run.answer or {}
    links = {
        "execution": execution_url(str(told.get("execution_arn") or "")),
        "deployments": deployments_url(str(told.get("deployment") or "")),
    }
    return Shown(
        run=run,
        previous=previous,
        since=since,
        timeline=gather(connection.client, bucket, run),
        links={name: url for name, url in links.items() if url},
    )


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Each list that is not empty."""
    for name, names in comparison.lists().items():
        title, colour = _TITLES[name]
        if not names:
            continue
        console.print(Text(f"{title} ({len(names)})", style=f"bold {colour}"))
        for suite, test in names[:_MAX_NAMES]:
            console.print(Text(f"  {suite}  {test}"), soft_wrap=True)
        if len(names) > _MAX_NAMES:
            console.print(Text(f"  … and {len(names) - _MAX_NAMES} more (--json has all)"))
    if comparison.partial:
        console.print(
            Text("A record leaves names of tests out: what is missing is not known.", style="dim")
        )
    elif not any(comparison.lists().values()):
        console.print(Text("No test differs."))


def _print_since(console: Console, shown: Shown) -> None:
    if shown.since is None or shown.previous is None:
        return
    console.print()
    ended = str((shown.previous.record or {}).get("ended_at") or "")
    console.print(Text(f"Since the gate run of {ended}", style="bold"))
    print_comparison(console, shown.since)


def _print_timeline(console: Console, timeline: Sequence[Span]) -> None:
    if not timeline:
        return
    table = Table(title="Timeline", title_justify="left", box=None, pad_edge=False)
    table.title_style = "bold"
    for name in ("from", "takes", "what", ""):
        table.add_column(name, header_style="dim")
    first = timeline[0].started_at
    for span in timeline:
        since = seconds_between(first, span.started_at)
        takes = seconds_between(span.started_at, span.ended_at)
        colour = COLOURS.get(span.outcome, "white")
        table.add_row(
            f"{since:.1f} s" if since is not None else "",
            f"{takes:.1f} s" if takes is not None else "",
            Text(f"{span.kind} {span.name}"),
            f"[{colour}]{span.outcome}[/]" if span.outcome in COLOURS else "",
        )
    console.print()
    console.print(table)


def _print_links(console: Console, links: dict[str, str]) -> None:
    if links:
        console.print()
    for name, url in links.items():
        console.print(Text.assemble((f"{name}  ", "dim"), url), soft_wrap=True)
