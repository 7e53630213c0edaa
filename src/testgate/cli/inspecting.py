"""`testgate why`: from a deployment to its gate run's reason, and what other commands share."""

from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

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
from testgate.cli.ecs_word import EcsWord, ask_ecs
from testgate.cli.executions import what_step_functions_says
from testgate.cli.exits import Exit, exit_code
from testgate.cli.resolving import Subject, resolve
from testgate.cli.runs import RunNotFoundError, StoredRun, find_run
from testgate.cli.waiting import WaitingHook, find_waiting
from testgate.core.outcomes import Outcome
from testgate.report.reading import read_record
from testgate.report.repeating import Repetition, repetition
from testgate.report.terminal import (
    print_ecs_word,
    print_others,
    print_waiting,
    print_why,
)

Target = Annotated[
    str,
    typer.Argument(
        help="A service (cluster/service, or its name), the stack that holds it, or the ARN of a "
        "service, a service deployment, an execution or a stack.",
        metavar="TARGET",
    ),
]
EXITS = (
    "Exits 0 passed, 1 failed, 3 suite_error, 4 infra_error, 5 timed_out, 6 aborted, "
    "7 nothing recorded or a hook still waits, 2 usage."
)
_EXAMPLES = (
    "Examples:\n\n"
    "  testgate {name} shop/web\n\n"
    "  testgate {name} my-stack\n\n"
    "  testgate {name} arn:aws:ecs:eu-west-1:123456789012:service-deployment/shop/web/EZe5RN…\n\n"
    "  testgate {name} shop/web --endpoint-url http://127.0.0.1:5000 --region us-east-1\n\n"
) + EXITS


def why(
    target: Target,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Say in one sentence why a deployment was promoted or refused, and where to look next."""
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    subject = resolve(connection, target)
    waits = find_waiting(connection.client, connection.bucket(), subject.target)
    try:
        run = find_or_explain(connection, subject)
    except UnrecordedError as exc:
        if waits:
            _tell_waiting(waits, None, as_json=as_json)
        if as_json:
            print_json(exc.spell())
        raise
    tell_problems(run)
    if waits and not _is_explained(run, waits):
        _tell_waiting(waits, run, as_json=as_json)
    if run.passed and run.record is None:
        _tell_if_it_goes_on(connection, run, as_json=as_json)
    word = None if run.passed else ask_ecs(connection.client("ecs"), subject.target)
    again = _repetition(run, connection, green_lives=word is not None and word.goes_on)
    # Something else ended the deployment: then ECS knows more than the gate.
    ecs = word if run.outcome is Outcome.ABORTED else None
    if as_json:
        more = {"ecs": ecs.spell()} if ecs else {}
        print_json(_told(run) | {"repeat": again and again.spell(), **more})
    else:
        _print(run, again, ecs)
    raise typer.Exit(exit_code(run.outcome))


why.__doc__ = f"{why.__doc__}\n\n{_EXAMPLES.format(name='why')}"


class UnrecordedError(RunNotFoundError):
    """Nothing is recorded, and this is what Step Functions and ECS say instead."""

    def __init__(self, missing: str, execution: str, word: EcsWord | None) -> None:
        self.sentence = "; ".join(
            filter(None, [missing, execution, str(word or "ECS knows no such deployment")])
        )
        self.word = word
        lines = [f"{name}: {text}" for name, text in (word.lines if word else ())]
        super().__init__("\n".join([self.sentence, *lines]))

    def spell(self) -> dict[str, object]:
        """For programs."""
        word = self.word.spell() if self.word else None
        return {"outcome": None, "sentence": self.sentence, "ecs": word}


def find_or_explain(connection: Connection, subject: Subject) -> StoredRun:
    """The gate run of a target. Raises UnrecordedError with all that others say, InputError."""
    try:
        return find_run(connection.bucket(), subject.target, subject.run_name)
    except RunNotFoundError as exc:
        execution = what_step_functions_says(connection, subject.target)
        word = ask_ecs(connection.client("ecs"), subject.target)
        raise UnrecordedError(str(exc), execution, word) from exc


def tell_problems(run: StoredRun) -> None:
    """What could not be read, beside what could: on standard error."""
    console = Console(stderr=True, soft_wrap=True)
    for problem in run.problems:
        console.print(Text.assemble(("note:", "yellow"), f" {problem}"), highlight=False)


def _is_explained(run: StoredRun, waits: Sequence[WaitingHook]) -> bool:
    """Whether a run tells more than those that still wait: it refused the same deployment."""
    same = any(hook.place.deployment_id == run.place.deployment_id for hook in waits)
    return same and run.refused


def _tell_waiting(
    waits: Sequence[WaitingHook], run: StoredRun | None, *, as_json: bool
) -> NoReturn:
    """What a deployment waits for, and what has been answered so far. Raises typer.Exit."""
    ended = [] if run is None else [run, *run.others]
    same = {hook.place.deployment_id for hook in waits}
    ended = [each for each in ended if each.place.deployment_id in same]
    if as_json:
        waiting = [hook.spell() for hook in waits]
        print_json({"outcome": None, "waiting": waiting, "ended": [_told(run) for run in ended]})
    else:
        place = waits[0].place
        lines = [(hook.hook, hook.stage, hook.sentence) for hook in waits]
        print_waiting(Console(), f"{place.cluster}/{place.service}", lines)
        print_others(Console(), lines_of(ended))
    raise typer.Exit(Exit.NOT_FOUND)


def _tell_if_it_goes_on(connection: Connection, run: StoredRun, *, as_json: bool) -> None:
    """Where no test gate has ended yet, a pass of another hook is no news of the deployment.

    Raises typer.Exit if ECS says that it goes on.
    """
    word = ask_ecs(connection.client("ecs"), str((run.answer or {}).get("deployment")))
    if word is None or not word.goes_on:
        return
    sentence = f"no hook has refused; {word}"
    if as_json:
        ended = [_told(each) for each in (run, *run.others)]
        print_json({"outcome": None, "sentence": sentence, "waiting": [], "ended": ended})
    else:
        print_waiting(Console(), run.service, [("so far", "", sentence)])
        print_others(Console(), lines_of([run, *run.others]))
    raise typer.Exit(Exit.NOT_FOUND)


def lines_of(runs: Sequence[StoredRun]) -> list[tuple[str, str, str]]:
    """Hook, outcome and sentence of each."""
    return [(run.hook, run.outcome.value, run.sentence) for run in runs]


def _repetition(run: StoredRun, connection: Connection, *, green_lives: bool) -> Repetition | None:
    if run.record is None or run.passed:
        return None
    record = read_record(run.record)
    return repetition(record, green_lives=green_lives, connection=connection.options)


def _print(run: StoredRun, again: Repetition | None, ecs: EcsWord | None) -> None:
    console = Console()
    print_why(console, run.told or None, run.answer, run.bucket, run.place)
    if again is not None:  # on a line of its own, so that it can be pasted
        console.print()
        needs = f" ({'; '.join(again.needs)}):" if again.needs else ":"
        console.print(Text.assemble(("To repeat it", "bold"), needs), soft_wrap=True)
        console.print(Text(f"  {again.command}"), soft_wrap=True)
    print_others(console, lines_of(run.others))
    if ecs is not None:
        print_ecs_word(console, str(ecs), ecs.lines)


def _told(run: StoredRun) -> dict[str, Any]:
    return {
        "hook": run.hook,
        "outcome": run.outcome.value,
        "sentence": run.sentence,
        "service": run.service,
        "record": f"s3://{run.bucket}/{run.place.record}",
        "problems": list(run.problems),
    }
