"""`testgate logs`: what suites printed, what the hook wrote, what green's tasks wrote meanwhile."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

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
)
from testgate.cli.following import deployment_by_service, describe, has_ended
from testgate.cli.inspecting import Target
from testgate.cli.log_sources import (
    Group,
    Line,
    failure_window,
    function_of,
    green_groups,
    hook_groups,
    lines_of,
    outputs_among,
)
from testgate.cli.resolving import resolve
from testgate.cli.runs import RunNotFoundError, find_run
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.aws_events import ServiceName
from testgate.core.errors import InputError
from testgate.core.layout import deployment_prefix

_MAX_KEYS = 20_000
_BRIEF_CHARS = 12  # of a stream, whose name is a task's or random
_POLL_S = 2.0
_LATE = timedelta(minutes=2)  # what a log has of it after its end, and before its beginning

SuiteName = Annotated[str, typer.Option("--suite", help="Only what this suite printed.")]
Shard = Annotated[int | None, typer.Option("--shard", help="Only what this shard printed.", min=1)]
OfHook = Annotated[bool, typer.Option("--hook", help="The logs of the deployment's hooks instead.")]
OfGreen = Annotated[
    bool,
    typer.Option("--green", help="The logs of green's tasks while the failing suite ran instead."),
]
Follow = Annotated[
    bool, typer.Option("--follow", help="Go on until the deployment has ended, all of its time.")
]


def logs(
    target: Target,
    suite: SuiteName = "",
    shard: Shard = None,
    of_hook: OfHook = False,
    of_green: OfGreen = False,
    follow: Follow = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Print what suites printed, what the hook wrote, or what green's tasks wrote (awslogs).

    What a suite printed is there when a run of one of its shards has ended. Where the deployment
    has several functions as hooks, each line of --hook names its own. With --json each line is an
    object.

    Examples:

      testgate logs shop/web

      testgate logs shop/web --suite smoke --shard 2

      testgate logs shop/web --hook --follow

      testgate logs shop/web --green

    Exits 0, 7 where there is no such deployment or not a line, 2 usage.
    """
    if (of_hook and of_green) or ((of_hook or of_green) and (suite or shard)):
        raise InputError("--hook, --green and --suite or --shard exclude each other: name one")
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    arn = _deployment(connection, resolve(connection, target).target)
    tail = _Tail(
        connection=connection,
        arn=arn,
        suite=suite,
        shard=shard or 0,
        follow=follow,
        as_json=as_json,
    )
    groups = None
    if of_hook:
        deployment_id = parse_service_deployment_arn(arn).deployment_id
        groups = hook_groups(describe(connection.client, arn), stack, deployment_id)
    elif of_green:
        groups = tail.green()
    shown = tail.show(tail.outputs if groups is None else lambda: tail.lines(groups))
    if not shown:
        raise RunNotFoundError(f"not a line of deployment {arn} was found")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A line of a log, or all that a run of a shard printed, which has no one time."""

    id: str
    source: str
    text: str
    at: str = ""
    brief: str = ""  # the source in a line for people

    def __str__(self) -> str:
        if self.at:
            return f"{self.at} {self.brief} {self.text}"
        return f"==> {self.source} <==\n{self.text}"

    def spell(self) -> dict[str, str]:
        """For programs."""
        return {"source": self.source, "at": self.at, "text": self.text}


@dataclass(slots=True, kw_only=True)
class _Tail:
    """One deployment's lines; each is printed once."""

    connection: Connection
    arn: str
    suite: str
    shard: int
    follow: bool
    as_json: bool
    seen: set[str] = field(default_factory=set)

    def show(self, more: Callable[[], Iterator["_Piece"]]) -> bool:
        """Print what there is, and with `follow` what comes, by id; whether there was anything."""
        while True:
            # Asked first: what is written between the two is still found by the last look.
            last = not self.follow or has_ended(describe(self.connection.client, self.arn))
            for piece in more():
                if piece.id not in self.seen:
                    self.seen.add(piece.id)
                    typer.echo(json.dumps(piece.spell()) if self.as_json else str(piece))
            if last:
                return bool(self.seen)
            time.sleep(_POLL_S)

    def outputs(self) -> Iterator["_Piece"]:
        """What runs of shards printed."""
        records = self._bucket()
        found = parse_service_deployment_arn(self.arn)
        prefix = deployment_prefix(found.cluster, found.service, found.deployment_id)
        keys = list(records.keys(prefix, _MAX_KEYS))
        for output in outputs_among(keys, prefix, self.suite, self.shard):
            if output.key not in self.seen:
                text = records.get(output.key).decode(errors="replace").rstrip("\n")
                yield _Piece(id=output.key, source=output.title, text=text)

    def lines(self, groups: list[Group]) -> Iterator["_Piece"]:
        """Lines of log groups, by time."""
        of_hooks = bool(groups[0].pattern)
        start, end = self._window(failure_only=not of_hooks)
        found: list[Line] = []
        for group in groups:
            found += lines_of(self.connection.client, group, start, end)
        for line in sorted(found, key=lambda each: each.at):
            at = line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            by_function = of_hooks and len(groups) > 1
            source = function_of(line.group) if by_function else line.stream
            brief = source if by_function else source[:_BRIEF_CHARS]
            yield _Piece(id=line.id, source=source, text=line.text, at=at, brief=brief)

    def green(self) -> list[Group]:
        """Where green's tasks log."""
        described = describe(self.connection.client, self.arn)
        revision = described["targetServiceRevision"]["arn"]
        return green_groups(self.connection.client, revision, described["createdAt"])

    def _window(self, *, failure_only: bool) -> tuple[datetime, datetime]:
        if failure_only and not self.follow:
            try:
                run = find_run(self._bucket(), self.arn)
                window = failure_window(run.record or {})
            except RunNotFoundError:
                window = None
            if window is not None:
                return window
        described = describe(self.connection.client, self.arn)
        ended = described.get("finishedAt") or described.get("stoppedAt") or datetime.now(UTC)
        return described["createdAt"] - _LATE, ended + _LATE

    def _bucket(self) -> Bucket:
        return self.connection.bucket()


def _deployment(connection: Connection, target: str) -> str:
    if target.startswith("arn:"):
        return target
    cluster, service = target.split("/")
    name = ServiceName(cluster=cluster, service=service)
    return deployment_by_service(connection.client, name, "")
