"""`testgate wait`: until a deployment has ended, for CI; its exit code says how."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
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
from testgate.cli.endings import Deployed, End, Ending, GateWord, ending_of
from testgate.cli.exits import Exit
from testgate.cli.following import (
    CODES,
    ImpatientError,
    NothingDeployedError,
    Patience,
    StackFailedError,
    deployment_by_service,
    deployment_by_stack,
    until_ended,
    what_was_deployed,
)
from testgate.cli.held_stacks import find_stack
from testgate.cli.inspecting import Target
from testgate.cli.resolving import resolve
from testgate.cli.runs import RunNotFoundError, StoredRun, find_run
from testgate.cli.targets import BareName, StackOf, read_target
from testgate.core.aws_events import ServiceName
from testgate.report.terminal import print_why

TaskDefinition = Annotated[
    str,
    typer.Option(
        "--task-definition",
        help="Wait for the newest deployment of this one: its ARN, or family:revision.",
    ),
]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds until 15 is the answer.", min=0)]
Poll = Annotated[float, typer.Option("--poll", help="Seconds between two looks.", min=0.05)]


def wait_command(
    target: Target,
    task_definition: TaskDefinition = "",
    timeout_s: Timeout = 7200.0,
    poll_s: Poll = 5.0,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Wait until a deployment has ended; the exit code says how. For CI.

    Of a service it is the newest deployment, of a stack the one that its last operation has begun,
    as soon as CloudFormation comes to it.

    Examples:

      testgate wait shop/web

      testgate wait shop/web --task-definition shop-web:42 --timeout 3600

      aws cloudformation update-stack --stack-name shop …; testgate wait shop

    Exits 0 in production, 1, 3, 4, 5 or 6 refused (by outcome, as why), 10 rolled back by an
    alarm, 11 stopped by hand, 12 superseded by a newer deployment, 13 no hook was called, 14 not
    deployed for another reason, 15 not ended in time, 7 nothing to wait for, 2 usage.
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    patience = Patience(
        until=time.monotonic() + timeout_s, poll_s=poll_s, clock=time.monotonic, sleep=time.sleep
    )
    console = Console(stderr=True)
    waiting = Waiting(connection=connection, patience=patience, say=_sayer(console))
    try:
        result = waiting.result(target, task_definition)
    except (NothingDeployedError, StackFailedError, ImpatientError) as exc:
        code = CODES[type(exc)]
        if as_json:
            print_json({"end": None, "exit_code": int(code), "sentence": str(exc)})
        else:
            console.print(Text.assemble(("error:", "red"), f" {exc}"), soft_wrap=True)
        raise typer.Exit(code) from exc
    if as_json:
        print_json(result.spell())
    else:
        print_result(Console(), result)
    raise typer.Exit(result.ending.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a deployment ended, and its gate run if it has one."""

    arn: str
    deployed: Deployed
    ending: Ending
    run: StoredRun | None

    def spell(self) -> dict[str, object]:
        """For programs."""
        run = self.run
        return {
            "end": self.ending.end.value,
            "exit_code": int(self.ending.code),
            "sentence": self.ending.sentence,
            "deployment": self.arn,
            "status": self.deployed.status,
            "reason": self.deployed.reason,
            "target_revision": self.deployed.target,
            "current_revisions": list(self.deployed.current),
            "gate": run
            and {
                "hook": run.hook,
                "outcome": run.outcome.value,
                "sentence": run.sentence,
                "record": f"s3://{run.bucket}/{run.place.record}",
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Waits for one deployment. `say` is told what happens, `look` shown each state of it."""

    connection: Connection
    patience: Patience
    say: Callable[[str], None]
    look: Callable[[Mapping[str, Any]], None] = lambda _: None

    def result(self, target: str, task_definition: str) -> Result:
        """How the deployment ended. Raises NothingDeployedError, ImpatientError, GateError."""
        stack = self._stack(target)
        if stack:
            arn = deployment_by_stack(self.connection.client, stack, self.patience)
        else:
            arn = self._by_name(target, task_definition)
        self.say(arn)
        until_ended(self.connection.client, arn, self.patience, self._seen)
        result = self._judged(arn)
        if stack and result.ending.end is End.SUCCESS:
            return self._until_let_go(stack, arn)
        return result

    def _seen(self, described: Mapping[str, Any] | None, said: str) -> None:
        if described is not None:
            self.look(described)
        self.say(said)

    def _stack(self, target: str) -> str:
        """The name of the stack that is meant, "" for another kind of target."""
        read = read_target(target)
        if isinstance(read, BareName):
            return read.name if find_stack(self.connection.client, read.name) else ""
        return read.name if isinstance(read, StackOf) else ""

    def _by_name(self, target: str, task_definition: str) -> str:
        subject = resolve(self.connection, target).target
        if subject.startswith("arn:"):
            return subject
        cluster, service = subject.split("/")
        name = ServiceName(cluster=cluster, service=service)
        return deployment_by_service(self.connection.client, name, task_definition)

    def _judged(self, arn: str) -> Result:
        run: StoredRun | None = None
        with suppress(RunNotFoundError):
            run = find_run(self.connection.bucket(), arn)
        word: GateWord | None = None
        if run is not None:
            word = GateWord(outcome=run.outcome, sentence=run.sentence, refused=run.refused)
        deployed = what_was_deployed(self.connection.client, arn, word)
        return Result(arn=arn, deployed=deployed, ending=ending_of(deployed), run=run)

    def _until_let_go(self, name: str, arn: str) -> Result:
        """A stack that fails on another resource takes the service back with it."""
        self.say(f"in production; waiting for CloudFormation to let go of stack {name}")
        for _ in self.patience.looks(f"stack {name}"):
            stack = find_stack(self.connection.client, name)
            if stack is None or not stack.held:
                break
        result = self._judged(arn)
        if stack is not None and stack.went_back and result.ending.end is End.SUCCESS:
            sentence = f"the deployment went through, but stack {name} is {stack.status}"
            failed = Ending(end=End.FAILED, sentence=sentence, code=Exit.FAILED_OTHERWISE)
            return Result(arn=arn, deployed=result.deployed, ending=failed, run=result.run)
        return result


def _sayer(console: Console) -> Callable[[str], None]:
    """Says each thing once: most looks find nothing new."""
    last = ""

    def say(text: str) -> None:
        nonlocal last
        if text != last:
            console.print(Text(text, style="dim"), soft_wrap=True)
            last = text

    return say


def print_result(console: Console, result: Result) -> None:
    """How it ended; of a refusal all that `why` tells."""
    colour = "green" if result.ending.end is End.SUCCESS else "red"
    word = result.ending.end.value.upper().replace("_", " ")
    line = Text.assemble((f"{word} ", f"bold {colour}"), (result.ending.sentence, colour))
    console.print(line, soft_wrap=True)
    run = result.run
    if run is not None and result.ending.end is End.REFUSED:
        console.print()
        print_why(console, run.record, run.answer, run.bucket, run.place)
