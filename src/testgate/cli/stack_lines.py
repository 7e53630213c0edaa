"""How stacks look in a terminal: a change set, events as they come, what a stack brings.

Imported by the commands.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from testgate.stacks.changes import BUSY_SUFFIX, Stack, StackEvent
from testgate.stacks.deploying import ChangeSet

_SIGNS = {
    "Add": "[green]+[/]",
    "Modify": "[yellow]~[/]",
    "Remove": "[red]-[/]",
    "Import": "[green]<[/]",
}
_REPLACED = {"True": "[red]replaced[/]", "Conditional": "[yellow]perhaps replaced[/]"}


def print_changes(console: Console, change_set: ChangeSet) -> None:
    """A line for each resource that would change, and how many there are."""
    table = Table.grid(padding=(0, 2))
    for change in change_set.changes:
        table.add_row(
            f"  {_SIGNS.get(change.action, escape(change.action))}",
            escape(change.logical_id),
            f"[dim]{escape(change.resource_type)}[/]",
            _REPLACED.get(change.replacement, ""),
        )
    console.print(table)
    count = len(change_set.changes)
    resources = f"{count} resource{'s' if count != 1 else ''}"
    console.print(f"  + creates {resources}" if change_set.creates else f"  ~ changes {resources}")


@contextmanager
def progress(console: Console, what: str) -> Iterator[Callable[[StackEvent], None]]:
    """Tells a stack's events: a line for each that is done or failed, and on a terminal what is
    under way."""
    under_way: dict[str, None] = {}
    with console.status(what) as status:

        def tell(event: StackEvent) -> None:
            if event.status.endswith(BUSY_SUFFIX):
                under_way[event.logical_id] = None
                if "ROLLBACK" in event.status:
                    print_event(console, event)
            else:
                under_way.pop(event.logical_id, None)
                print_event(console, event)
            status.update(escape(f"{what}: {', '.join(under_way)}"))

        yield tell


def print_event(console: Console, event: StackEvent) -> None:
    """One line; what failed with its reason below."""
    bad = event.status.endswith("_FAILED") or "ROLLBACK" in event.status
    colour = "red" if bad else "green"
    console.print(
        f"  [dim]{event.at:%H:%M:%S}[/]  [{colour}]{event.status:<18}[/]  "
        f"{escape(event.logical_id):<26}  [dim]{escape(event.resource_type)}[/]"
    )
    if bad and event.reason:
        console.print(f"            [red]{escape(event.reason)}[/]")


def print_outputs(console: Console, stack: Stack) -> None:
    """What the stack brings, each with what it is for."""
    width = max(map(len, stack.outputs), default=0)
    for name, value in stack.outputs.items():
        console.print(f"  {escape(name):<{width}}  [bold]{escape(value)}[/]")
        if stack.descriptions[name]:
            console.print(f"  {'':<{width}}  [dim]{escape(stack.descriptions[name])}[/]")


def print_kept(console: Console, kept: Sequence[StackEvent]) -> None:
    """What outlives its stack."""
    for event in kept:
        if event.resource_type == "AWS::S3::Bucket":
            console.print(
                f"  {escape(event.logical_id)} is kept, with what is in it: "
                f"[bold]{escape(event.physical_id)}[/]"
            )
