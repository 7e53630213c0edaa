"""What is run for a suite: pytest with Testgate's plugin, the command that the suite names, or the
program that asks its checks.

Imported by `testgate.runner.suite`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testgate.core.plan import Runner, Suite
from testgate.runner.configuration import suite_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The suite's directories and files. `scratch` is nobody's but the runner's."""

    suite_dir: Path
    report_path: Path
    scratch: Path

    @property
    def checks_path(self) -> Path:
        """Where an http suite's checks lie."""
        return self.scratch / "checks.json"


def argv_of(suite: Suite, places: Places, base_url: str, only: Sequence[str] = ()) -> Sequence[str]:
    """Program and arguments; a command finds everything in its environment. `only`: the tests that
    pytest is to run, by their names."""
    if suite.runner is Runner.HTTP:
        return [sys.executable, "-m", "testgate.runner.http_suite", str(places.checks_path)]
    return suite.command or [*_pytest(places, base_url), *only]


def _pytest(places: Places, base_url: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "testgate.runner.pytest_plugin",
        "-p",
        "no:cacheprovider",
        "-c",
        str(suite_config(places.suite_dir) or _empty_config(places.scratch)),
        f"--rootdir={places.suite_dir}",
        f"--confcutdir={places.suite_dir}",
        f"--base-url={base_url}",
        f"--junitxml={places.report_path}",
        "-o",
        "junit_family=xunit1",  # with file and line of each case
    ]


def _empty_config(scratch: Path) -> Path:
    """Keeps pytest from searching the directories above, which other suites could have written."""
    path = scratch / "pytest.ini"
    path.write_text("[pytest]\n")
    return path
