"""The record for a terminal: the sentence first, then what a person asks next.

Needs Rich; imported by the command line alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import indent
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from testgate.core.handoff import spell_time
from testgate.core.layout import RunPlace
from testgate.report.policy_evidence import policy_evidence
from testgate.report.view import parse_time
from testgate.report.wording import first_failure, what_happens_next

Record = Mapping[str, Any]

COLOURS = {
    "passed": "green",
    "flaky": "yellow",
    "skipped": "yellow",
    "failed": "red",
    "suite_error": "magenta",
    "infra_error": "magenta",
    "timed_out": "magenta",
    "aborted": "yellow",
}
MAX_TRACE_LINES = 25
MAX_OUTPUT_LINES = 10
COUNTED = ("passed", "failed", "flaky", "skipped", "quarantined", "total")


def print_why(
    console: Console, record: Record | None, answer: Record | None, bucket: str, place: RunPlace
) -> None:
    """The reason of one gate run, on one screen."""
    console.print(_headline(record, answer, place))
    console.print()
    if record:
        _print_tests(console, record)
    _print_rows(console, _facts(record, answer, bucket, place))
    console.print()
    if record:
        console.print(Text(what_happens_next(record)))


def print_run(
    console: Console, record: Record | None, answer: Record | None, bucket: str, place: RunPlace
) -> None:
    """Everything that is stored of one gate run."""
    print_why(console, record, answer, bucket, place)
    if record is None:
        for seen in policy_evidence((answer or {}).get("evidence")):
            console.print(seen)
        return
    console.print()
    _print_rows(console, _times(record))
    for suite in record["suites"]:
        console.print()
        console.print(_suite(suite))


def print_waiting(console: Console, service: str, hooks: Sequence[tuple[str, str, str]]) -> None:
    """Hooks that a deployment waits for: kind, stage, and what they wait for."""
    console.print(Text.assemble(("WAITING ", "bold yellow"), (f" {service}", "bold")))
    for kind, stage, sentence in hooks:
        where = f"{kind} at {stage}" if stage else kind
        said = Text.assemble((f"{where} ", "bold"), sentence)
        console.print(said, soft_wrap=True)


def print_others(console: Console, runs: Sequence[tuple[str, str, str]]) -> None:
    """What else the deployment's hooks have answered: kind, outcome and sentence."""
    if not runs:
        return
    console.print()
    table = Table(title="Of the same deployment", title_justify="left", box=None, pad_edge=False)
    table.show_header = False
    for kind, outcome, sentence in runs:
        colour = COLOURS.get(outcome, "white")
        table.add_row(Text(kind), f"[{colour}]{outcome}[/]", Text(sentence, overflow="fold"))
    console.print(table)


def print_ecs_word(console: Console, said: str, lines: Iterable[tuple[str, str]]) -> None:
    """What ECS says of a deployment, and what that means."""
    console.print()
    console.print(Text(said))
    grid = Table.grid(padding=(0, 2))
    for name, text in lines:
        grid.add_row(Text(name, style="dim"), Text(text, overflow="fold"))
    console.print(grid)


def _headline(record: Record | None, answer: Record | None, place: RunPlace) -> RenderableType:
    told = answer or record or {}
    outcome = str(told["outcome"])
    colour = COLOURS.get(outcome, "white")
    word = outcome.upper().replace("_", " ")
    line = Text.assemble(
        (f"{word} ", f"bold {colour}"), (f" {place.cluster}/{place.service}", "bold")
    )
    return Group(line, Text(str(told["sentence"]), style=colour))


def _print_tests(console: Console, record: Record) -> None:
    """The first that failed, and how many did what."""
    for part in _first_failure(record):
        console.print(part, soft_wrap=True)  # a trace's lines are a terminal's to fold
    console.print(Group(*_counts(record)))


def _first_failure(record: Record) -> Iterator[Text]:
    found = first_failure(record)
    if found is None:
        return
    suite, test = found
    yield Text.assemble(
        ("First failing test  ", "bold"), (str(test["name"]), "red"), f"  (suite {suite['name']})"
    )
    if test.get("message"):
        yield _indented(str(test["message"]), 2)
    if test.get("file"):
        line = f":{test['line']}" if test.get("line") is not None else ""
        yield _indented(f"at {test['file']}{line}", 2, "dim")
    if test.get("trace"):
        lines = str(test["trace"]).splitlines()[-MAX_TRACE_LINES:]
        yield Text()
        yield _indented("\n".join(lines), 4, "dim")
    if test.get("output"):
        lines = str(test["output"]).splitlines()[-MAX_OUTPUT_LINES:]
        yield Text()
        yield _indented("captured output", 2, "bold dim")
        yield _indented("\n".join(lines), 4, "dim")
    yield Text()


def _indented(text: str, by: int, style: str = "") -> Text:
    return Text(indent(text, " " * by), style=style)


def _counts(record: Record) -> Iterator[RenderableType]:
    if not record["suites"]:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("suite", "outcome"):
        table.add_column(name)
    for name in ("passed", "failed", "flaky", "skipped", "quarantined", "of", "at least"):
        table.add_column(name, justify="right")
    for suite in record["suites"]:
        counts = suite["counts"]
        advisory = "" if suite["blocking"] else " (advisory)"
        outcome = suite["outcome"]
        table.add_row(
            escape(suite["name"]) + advisory,
            f"[{COLOURS.get(outcome, 'white')}]{outcome}[/]",
            *(str(counts.get(name, 0)) for name in COUNTED),
            str(suite["min_tests"]),
        )
    yield table
    yield Text()


def _facts(
    record: Record | None, answer: Record | None, bucket: str, place: RunPlace
) -> Mapping[str, object]:
    told = record or answer or {}
    return {
        "service": f"{place.cluster}/{place.service}",
        "deployment": place.deployment_id,
        "hook": _hook(answer),
        "revision": str(told.get("revision", "")).rsplit("/", 1)[-1],
        "image": told.get("image"),
        "test URL": told.get("base_url"),
        "plan": told.get("plan_digest"),
        "ECS was told": _told(answer),
        "record": f"s3://{bucket}/{place.prefix}",
    }


def _hook(answer: Record | None) -> str:
    if answer is None or not answer.get("hook"):
        return ""
    return f"{answer['hook']} at {answer.get('stage') or 'no stage'}"


def _told(answer: Record | None) -> str:
    if answer is None:
        return "nothing yet"
    mode = " (observe mode)" if answer["mode"] == "observe" else ""
    at = parse_time(str(answer["answered_at"]))
    moment = spell_time(at) if at else answer["answered_at"]
    return f"{answer['hook_status']}{mode} at {moment}"


def _times(record: Record) -> Mapping[str, object]:
    return {
        "stage": record["stage"],
        "gate": record["gate"],
        "identity": record["identity"]["says"],
        "started": record["started_at"],
        "ended": record["ended_at"],
        "deadline": record["deadline"],
        "execution": record["execution_arn"],
    }


def _suite(suite: Record) -> RenderableType:
    table = Table(
        title=f"suite {suite['name']}: {suite['sentence']}",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        show_header=False,
    )
    for test in suite["tests"]:
        colour = COLOURS.get(test["outcome"], "white")
        table.add_row(
            f"[{colour}]{test['outcome']}[/]",
            Text(test["name"], overflow="fold"),
            Text(f"{test['duration_s']:.2f} s", style="dim"),
        )
    for entry in suite.get("quarantine", ()):
        counted = "until" if entry["counted"] else "expired on"
        table.add_row(
            "[yellow]quarantine[/]",
            Text(f"{entry['test']} ({entry['outcome']}): {entry['reason']}"),
            Text(f"{counted} {entry['expires']}, {entry['owner']}", style="dim"),
        )
    return table


def _print_rows(console: Console, rows: Mapping[str, object]) -> None:
    """A line each, whatever the width: addresses and digests are there to be copied whole."""
    width = max(map(len, rows)) + 2
    for name, value in rows.items():
        if value:
            line = Text.assemble((name.ljust(width), "dim"), str(value))
            console.print(line, soft_wrap=True)


def print_rehearsal(console: Console, record: Record) -> None:
    """What a gate would have said of that URL."""
    outcome = str(record["outcome"])
    colour = COLOURS.get(outcome, "white")
    line = Text.assemble(
        (f"{outcome.upper().replace('_', ' ')} ", f"bold {colour}"),
        (f" gate {record['gate']} against {record['base_url']}", "bold"),
    )
    console.print(Group(line, Text(str(record["sentence"]), style=colour)))
    console.print()
    _print_tests(console, record)
