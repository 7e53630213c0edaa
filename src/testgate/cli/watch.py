"""`testgate watch`: a deployment while it runs, to its end: stage, suites and tests, deadline left,
and the verdict when it falls. Bars on a terminal, plain lines elsewhere.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
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
from testgate.cli.executions import executions_of
from testgate.cli.following import (
    CODES,
    ImpatientError,
    NothingDeployedError,
    Patience,
    StackFailedError,
    stands_at,
)
from testgate.cli.inspecting import Target
from testgate.cli.scene import Scene, left, news
from testgate.cli.wait import Poll, Timeout, Waiting, print_result
from testgate.cli.waiting import WaitingHook, find_waiting
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import GateError
from testgate.core.handoff import spell_time
from testgate.core.layout import deployment_prefix, progress_prefix
from testgate.core.progress import Progress, parse_shard_progress

_T = TypeVar("_T")
_MAX_KEYS = 20_000
_EVIDENCE = "/evidence.json"
PlainLines = Annotated[bool, typer.Option("--plain", help="Lines instead of bars.")]


def watch(
    target: Target,
    timeout_s: Timeout = 7200.0,
    poll_s: Poll = 2.0,
    plain: PlainLines = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Watch a deployment until it has ended: its stage, its gate run's suites and tests, the
    deadline that is left, and how it ended. With --json only the end is on standard output.

    Examples:

      testgate watch shop/web

      testgate watch my-stack --plain

    Exits as wait does.
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    patience = Patience(
        until=time.monotonic() + timeout_s, poll_s=poll_s, clock=time.monotonic, sleep=time.sleep
    )
    console = Console(stderr=as_json)
    live = None if plain or not console.is_terminal else Live(console=console, transient=True)
    screen = _Screen(connection=connection, bucket=connection.bucket(), console=console, live=live)
    waiting = Waiting(
        connection=connection, patience=patience, say=lambda _: None, look=screen.look
    )
    try:
        with live or nullcontext():
            result = waiting.result(target, "")
    except (NothingDeployedError, StackFailedError, ImpatientError) as exc:
        said = Text.assemble(("error:", "red"), f" {exc}")
        Console(stderr=True).print(said, soft_wrap=True)
        raise typer.Exit(CODES[type(exc)]) from exc
    if as_json:
        print_json(result.spell())
    else:
        print_result(console, result)
    raise typer.Exit(result.ending.code)


@dataclass(slots=True, kw_only=True)
class _Screen:
    """Shows each moment; what cannot be read of it is not shown."""

    connection: Connection
    bucket: Bucket
    console: Console
    live: Live | None
    last: Scene | None = None
    executions: dict[str, str] = field(default_factory=dict)

    def look(self, described: Mapping[str, Any]) -> None:
        """The deployment as ECS has just described it."""
        scene = self._scene(described)
        if self.live is not None:
            self.live.update(picture(scene, datetime.now(UTC)))
        else:
            for line in news(self.last, scene):
                self.console.print(Text(line), soft_wrap=True)
        self.last = scene

    def _scene(self, described: Mapping[str, Any]) -> Scene:
        arn = described["serviceDeploymentArn"]
        found = parse_service_deployment_arn(arn)
        prefix = deployment_prefix(found.cluster, found.service, found.deployment_id)
        execution = self._execution(arn)
        shards, deadline = self._progress(execution)
        nobody: list[WaitingHook] = []
        waits = _quietly(lambda: find_waiting(self.connection.client, self.bucket, arn), nobody)
        return Scene(
            stands_at=stands_at(described),
            execution=execution,
            shards=shards,
            ended=ended_among(list(self.bucket.keys(prefix, _MAX_KEYS)), prefix),
            waiting=tuple(f"{hook.hook} at {hook.stage} {hook.sentence}" for hook in waits),
            deadline=deadline,
        )

    def _execution(self, arn: str) -> str:
        """The name of the deployment's newest gate run, asked for until there is one."""
        if not self.executions.get(arn):
            self.executions[arn] = _quietly(lambda: self._newest(arn), "")
        return self.executions[arn]

    def _newest(self, arn: str) -> str:
        client = self.connection.client("stepfunctions")
        machine = self.connection.stack_output("StateMachineArn")
        found = next(executions_of(client, machine, arn), None)
        return str(found["name"]) if found else ""

    def _progress(self, execution: str) -> tuple[dict[str, Progress], str]:
        shards, deadline = {}, ""
        for key in self.bucket.keys(progress_prefix(execution)) if execution else ():
            told = parse_shard_progress(self._find(key))
            if told is not None:
                shards[f"{told.suite}/{told.shard}"] = told.progress
                deadline = spell_time(told.deadline)
        return shards, deadline

    def _find(self, key: str) -> object:
        return _quietly(lambda: self.bucket.find_json(key), None)


def ended_among(keys: list[str], prefix: str) -> frozenset[str]:
    """Shards that have left evidence, as `suite/shard`."""
    parts = [key.removeprefix(prefix).split("/") for key in keys if key.endswith(_EVIDENCE)]
    return frozenset(f"{p[2]}/{p[3]}" for p in parts if len(p) == 6 and p[1] == "evidence")


def picture(scene: Scene, now: datetime) -> RenderableType:
    """A moment for a terminal: a bar for each shard."""
    table = Table.grid(padding=(0, 2))
    for name in sorted({*scene.shards, *scene.ended}):
        progress = scene.shards.get(name)
        done = name in scene.ended
        total = progress.total if progress else None
        bar = ProgressBar(
            total=1 if done else total,
            completed=1 if done else (progress.ended if progress else 0),
            width=30,
            pulse=not done and total is None,
        )
        table.add_row(Text(name), bar, Text(str(progress or ("ended" if done else ""))))
    remaining = left(scene.deadline, now)
    head = Text.assemble((scene.stands_at, "bold"), f"  {remaining} left" if remaining else "")
    return Group(head, *(Text(said) for said in scene.waiting), table)


def _quietly(act: Callable[[], _T], default: _T) -> _T:
    try:
        return act()
    except (ClientError, BotoCoreError, GateError, ValueError):
        return default
