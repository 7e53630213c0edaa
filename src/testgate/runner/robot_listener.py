"""Tells Robot Framework's tests as they end; taken into use by ROBOT_OPTIONS, without a change to
the suite. Whatever goes wrong with a listener, Robot says so and goes on.

https://robotframework.org/robotframework/latest/RobotFrameworkUserGuide.html#listener-version-2
"""

from collections.abc import Mapping
from typing import Any

from testgate.runner.progress_file import ended_line, tell_progress

ROBOT_LISTENER_API_VERSION = 2
_ROOT = "s1"  # the suite that holds all others
_OUTCOMES = {"PASS": "passed", "SKIP": "skipped"}


def start_suite(_name: str, attributes: Mapping[str, Any]) -> None:
    """How many tests there are, once."""
    if attributes["id"] == _ROOT:
        tell_progress(f"of {attributes['totaltests']}")


def end_test(_name: str, attributes: Mapping[str, Any]) -> None:
    """One more has ended."""
    outcome = _OUTCOMES.get(attributes["status"], "failed")
    tell_progress(ended_line(outcome, attributes["longname"]))
