"""`make bench`: prints each budget beside what this machine measured.

Absolute times mean little on a shared machine; each ratio compares two things in one run,
alternating, by the median.
"""

import argparse
import json

from rich.console import Console
from rich.table import Table

from benchmarks.cold_start import measure_cold_start
from benchmarks.control_plane import measure_control_plane
from benchmarks.deployment import measure_deployments
from benchmarks.figure import Figure
from benchmarks.runner import measure_runner
from benchmarks.sharding import measure_sharding
from benchmarks.verdict_lag import measure_verdict_lag


def main() -> None:
    """Measure, print a table, or JSON with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--rounds", type=int, default=9, help="repetitions of the cold start")
    arguments = parser.parse_args()
    figures = [
        *measure_cold_start(arguments.rounds),
        *measure_runner(arguments.rounds),
        *measure_sharding(),
        *measure_verdict_lag(),
        *measure_deployments(),
        *measure_control_plane(),
    ]
    if arguments.json:
        print(json.dumps([figure.spell() for figure in figures], indent=2))
        return
    Console().print(_table(figures))


def _table(figures: list[Figure]) -> Table:
    table = Table(title="Budgets (design, section 9)", title_justify="left")
    for name in ("what", "measured", "against", "aim", ""):
        table.add_column(name)
    for figure in figures:
        met = "[green]met[/]" if figure.met else "[red]not met[/]"
        table.add_row(figure.what, figure.measured_text, figure.against, figure.aim_text, met)
    return table


if __name__ == "__main__":
    main()
