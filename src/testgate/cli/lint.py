"""`testgate lint`: everything that is wrong with a gate file, before anybody publishes it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from testgate.cli.connection import AsJson
from testgate.cli.exits import Exit
from testgate.cli.publishing import examine
from testgate.core.budget import budget_of
from testgate.core.plan import Plan

GateFiles = Annotated[
    list[Path] | None, typer.Argument(help="Gate files.", metavar="[TESTGATE_TOML…]")
]


def lint(gate_files: GateFiles = None, as_json: AsJson = False) -> None:
    """Check gate files: keys, values, suites, quarantine, and whether the suites' own limits fit
    into the gate's.

    Examples:

      testgate lint

      testgate lint gates/*/testgate.toml

      testgate lint --json

    Exits 0 if nothing is wrong, 1 if something is, 2 for a file that cannot be read.
    """
    today = datetime.now(UTC).date()
    examined = [(path, *examine(path, today)) for path in gate_files or [Path("testgate.toml")]]
    findings = [finding for _, _, found in examined for finding in found]
    if as_json:
        told = [{"file": str(f.file), "line": f.line, "problem": f.text} for f in findings]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        console = Console(soft_wrap=True, highlight=False)
        for path, publication, found in examined:
            for finding in found:
                console.print(str(finding), markup=False)
            if publication is not None:
                console.print(f"{escape(str(path))}: {_budget(publication.plan)}")
        if findings:
            console.print(f"{len(findings)} problem{'s' if len(findings) != 1 else ''}")
    raise typer.Exit(Exit.FAILED if findings else Exit.PASSED)


def _budget(plan: Plan) -> str:
    """`gate shop is right; it may take 180 s of 1800 s (wave 1: 120 s + 60 s for the verdict)`"""
    budget = budget_of(plan)
    return (
        f"gate {plan.gate} is right; it may take {budget.needed_s} s of {budget.allowed_s} s "
        f"({budget.how})"
    )
