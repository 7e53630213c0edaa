"""What passes between the runner and the program that asks an http suite's checks.

Imported by `testgate.runner.suite`, and by that program.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from testgate.core.canonical import canonical_json
from testgate.core.checks import Check, read_check
from testgate.core.handoff import Task
from testgate.core.plan import Suite
from testgate.runner.reports import Reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Green:
    """How somebody else than the suite would reach green: told beside each failure. `headers` are
    names alone, for a value may be a credential."""

    url: str
    host: str = ""
    headers: tuple[str, ...] = ()


def checks_of(task: Task) -> str:
    """The order: the checks, and where green is."""
    context = task.context
    return canonical_json(
        {
            "checks": [check.spell() for check in task.suite.checks],
            "green": {
                "url": context.base_url,
                "host": context.host,
                "headers": sorted(context.headers),
            },
            "own": sorted(task.suite.environment),
            "secrets": sorted(task.suite.secrets),
        }
    )


def read_order(text: str) -> tuple[tuple[Check, ...], Green, frozenset[str], frozenset[str]]:
    """An order as spelled: checks, green, and the names of the suite's own variables and of its
    secrets."""
    raw: Mapping[str, Any] = json.loads(text)
    green = raw["green"]
    return (
        tuple(read_check(each) for each in raw["checks"]),
        Green(url=green["url"], host=green["host"], headers=tuple(green["headers"])),
        frozenset(raw["own"]),
        frozenset(raw["secrets"]),
    )


def every_check(suite: Suite, reported: Reported) -> Reported:
    """The report, if it tells of every check of the suite and of nothing else."""
    if reported.problem is not None:
        return reported
    due = {check.name for check in suite.checks}
    told = [test.name for test in reported.tests]
    if due == set(told) and len(due) == len(told):
        return reported
    return replace(reported, problem=f"it tells of {len(told)} checks, {len(due)} were due")


def address_of(green: Green) -> tuple[str, str]:
    """The URL to name green by, and `host:port` to connect to, "" where the URL's own will do."""
    parts = urlsplit(green.url)
    url = green.url.rstrip("/")
    if not green.host:
        return url, ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{green.host}{parts.path.rstrip('/')}", f"{parts.hostname}:{port}"
