"""The environment a suite sees: an allow-list, the TESTGATE_* contract and its aliases.

Nothing of the runner's own environment gets in, so none of its credentials do. Names: the union of
what pytest-base-url, Playwright, Cypress and Locust document. Imported by `testgate.runner.suite`.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from testgate.core.canonical import canonical_json
from testgate.core.handoff import Task
from testgate.core.provisions import filled

_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
_URL_ALIASES = (
    "BASE_URL",
    "PYTEST_BASE_URL",
    "PLAYWRIGHT_TEST_BASE_URL",
    "CYPRESS_BASE_URL",
    "LOCUST_HOST",
)
# What makes a framework tell of tests as they end; a suite's own value wins.
_LISTENING: Mapping[str, Mapping[str, str]] = {
    "robot": {"ROBOT_OPTIONS": "--listener testgate.runner.robot_listener"}
}


def suite_environment(
    task: Task,
    *,
    results_dir: Path,
    progress: Path,
    durations: Path | None = None,
    home: Path,
    python_path: Sequence[str],
    granted: Mapping[str, str],
) -> dict[str, str]:
    """Everything the suite's process gets to see; `granted` are its secrets and credentials.

    Raises PlanError if the suite's own variables ask for what this run does not have.
    """
    base_url = task.context.base_url
    told = {
        **task.context.variables,
        "TESTGATE_BASE_URL": base_url,
        "TESTGATE_SUITE": task.run.suite,
        "TESTGATE_ATTEMPT": str(task.run.attempt),
        "TESTGATE_SHARD_INDEX": str(task.run.shard),
        "TESTGATE_SHARD_TOTAL": str(task.suite.shards),
        "TESTGATE_TIMEOUT_SECONDS": str(task.suite.timeout_s),
        "TESTGATE_RESULTS_DIR": str(results_dir),
        "TESTGATE_PROGRESS_FILE": str(progress),
    }
    told |= {"TESTGATE_DURATIONS_FILE": str(durations)} if durations else {}
    return {
        **_inherited(os.environ),
        "PATH": _path(os.environ.get("PATH", "")),
        **_LISTENING.get(task.suite.framework, {}),
        **{name: filled(text, told) for name, text in task.suite.environment.items()},
        **granted,
        **dict.fromkeys(_URL_ALIASES, base_url),
        **told,
        "TESTGATE_CONTEXT": canonical_json(told),
        "CI": "true",
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": os.pathsep.join(python_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _inherited(own: Mapping[str, str]) -> dict[str, str]:
    return {name: own[name] for name in _INHERITED if name in own}


def _path(own: str) -> str:
    """`python` and `python3` in a suite's command are the runner's own, as its packages are."""
    return os.pathsep.join([str(Path(sys.executable).parent), *filter(None, [own])])
