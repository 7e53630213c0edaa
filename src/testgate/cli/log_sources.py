"""Where the lines are that explain a gate run: what suites printed, the hook's log, green's tasks.

Imported by `testgate logs`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from testgate.cli.connection import told_as_ours
from testgate.core.errors import InputError
from testgate.report.reading import read_record
from testgate.report.view import parse_time

Client = Callable[[str], Any]
_OUTPUT = re.compile(
    r"(?P<run>[^/]+)/evidence/(?P<suite>[^/]+)/(?P<shard>\d+)/(?P<attempt>[^/]+)/output\.txt"
)
_AROUND = timedelta(seconds=30)  # clocks differ, and what fails began a moment before
_FUNCTION_ARN = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:([\w-]+)")
_OF_LAMBDA = "/aws/lambda/"
_MAX_STREAMS = 100  # what FilterLogEvents takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What one run of a shard printed: its key, and where it is from."""

    key: str
    suite: str
    shard: int
    attempt: str

    @property
    def title(self) -> str:
        """For people."""
        return f"suite {self.suite}, shard {self.shard}, run {self.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a log group; `id` is CloudWatch's, so that none is shown twice."""

    id: str
    group: str
    at: datetime
    stream: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Streams of a log group, all of them if none is named; lines have to have `pattern`."""

    name: str
    streams: tuple[str, ...] = ()
    pattern: str = ""


def outputs_among(keys: Sequence[str], prefix: str, suite: str, shard: int) -> list[Output]:
    """What runs of shards printed, of a suite ("" for all) and a shard (0 for all)."""
    found = []
    for key in keys:
        match = _OUTPUT.fullmatch(key.removeprefix(prefix))
        if match is None or (suite and match["suite"] != suite):
            continue
        if not shard or int(match["shard"]) == shard:
            found.append(
                Output(
                    key=key,
                    suite=match["suite"],
                    shard=int(match["shard"]),
                    attempt=match["attempt"],
                )
            )
    return sorted(found, key=lambda each: (each.suite, each.shard, each.attempt))


def failure_window(record: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """When the first suite with a failure ran, and a moment around it; of a gate run without one
    all of its time. None if the record tells no times."""
    run = read_record(record)
    failing = next((suite for suite, _ in run.failures), None)
    start = parse_time(failing.started_at if failing else run.started_at)
    end = parse_time(failing.ended_at if failing else run.ended_at)
    return (start - _AROUND, end + _AROUND) if start and end else None


def log_groups_of(task_definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Group and stream prefix of each container that logs by awslogs, each once."""
    found = []
    for container in task_definition.get("containerDefinitions") or ():
        configuration = container.get("logConfiguration") or {}
        options = configuration.get("options") or {}
        if configuration.get("logDriver") == "awslogs" and options.get("awslogs-group"):
            prefix = options.get("awslogs-stream-prefix")
            found.append(
                (options["awslogs-group"], f"{prefix}/{container['name']}/" if prefix else "")
            )
    return list(dict.fromkeys(found))


def green_groups(client: Client, revision: str, since: datetime) -> list[Group]:
    """Where green's tasks log: the streams that began with its deployment or later. Raises
    InputError where that is not known, GateError."""
    with told_as_ours():
        answer = client("ecs").describe_service_revisions(serviceRevisionArns=[revision])
        found = answer["serviceRevisions"]
        if not found:
            raise InputError(f"ECS knows no service revision {revision} any more")
        name = found[0]["taskDefinition"]
        task = client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
    groups = log_groups_of(task)
    if not groups:
        raise InputError(
            f"no container of task definition {name} logs by awslogs: look where its "
            "logConfiguration sends them"
        )
    return [
        Group(name=group, streams=tuple(_streams(client, group, prefix, since)))
        for group, prefix in groups
    ]


def _streams(client: Client, group: str, prefix: str, since: datetime) -> list[str]:
    asked = {"logStreamNamePrefix": prefix} if prefix else {}
    since_ms = since.timestamp() * 1000
    with told_as_ours():
        pages = client("logs").get_paginator("describe_log_streams")
        return [
            stream["logStreamName"]
            for page in pages.paginate(logGroupName=group, **asked)
            for stream in page["logStreams"]
            if stream.get("creationTime", 0) >= since_ms
        ][:_MAX_STREAMS]


def hook_groups(described: Mapping[str, Any], stack: str, deployment_id: str) -> list[Group]:
    """Where the functions log that a deployment has as hooks, whatever stage and kind, each once;
    where it names none, the test gate of the stack."""
    hooks = (described.get("deploymentConfiguration") or {}).get("lifecycleHooks") or ()
    targets = (_FUNCTION_ARN.match(str(hook.get("hookTargetArn") or "")) for hook in hooks)
    names = dict.fromkeys(match[1] for match in targets if match) or [f"{stack}-test-gate"]
    return [Group(name=f"{_OF_LAMBDA}{name}", pattern=f'"{deployment_id}"') for name in names]


def function_of(group: str) -> str:
    """The function that logs to that group."""
    return group.removeprefix(_OF_LAMBDA)


def lines_of(client: Client, group: Group, start: datetime, end: datetime) -> Iterator[Line]:
    """The lines of a group in that time, oldest first; a function that was never called has no
    log. Raises GateError."""
    asked: dict[str, Any] = {"filterPattern": group.pattern} if group.pattern else {}
    if group.streams:
        asked["logStreamNames"] = list(group.streams)
    missing = client("logs").exceptions.ResourceNotFoundException
    with told_as_ours(), suppress(missing):
        pages = client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(
            logGroupName=group.name,
            startTime=int(start.timestamp() * 1000),
            endTime=int(end.timestamp() * 1000),
            **asked,
        ):
            for event in page["events"]:
                yield Line(
                    id=event["eventId"],
                    group=group.name,
                    at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                    stream=event["logStreamName"].rpartition("/")[2],
                    text=event["message"].rstrip("\n"),
                )
