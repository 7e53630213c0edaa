"""Tells at the end of a test run how many schedules were tried, and how they ended.

Loaded by tests/conftest.py; with pytest-xdist, reports bring the line from their process.
"""

from typing import Any

PROPERTY = "schedules"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A section of its own, if there is anything to tell."""
    lines = [
        line
        for report in terminalreporter.stats.get("passed", ())
        for name, line in getattr(report, "user_properties", ())
        if name == PROPERTY
    ]
    if lines:
        terminalreporter.section("schedules")
        for line in lines:
            terminalreporter.write_line(line)
