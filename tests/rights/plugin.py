"""Fails a whole test run in which a right of infra/gate.yaml was used by no call.

Each local AWS with the shipped stack stores what it has counted when it ends (see
tests/deployments/conftest.py), also in pytest-xdist's workers; here it is put together. A run of a
part of tests/deployments cannot tell, and says so.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.rights.collecting import Key, key_of, merged, unused
from tests.rights.page import short
from tests.rights.template import Right, read_rights

DEPLOYMENTS = Path(__file__).resolve().parents[1] / "deployments"
DIRECTORY: pytest.StashKey[Path] = pytest.StashKey()
_FROM_CONTROLLER = "testgate_rights_directory"
# Any of them leaves out tests.
_SELECTING = (
    *("keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob"),
    *("stepwise", "collectonly"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rights", action="store_true", help="show how often each right was used")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "denied(*actions): the test takes these rights away")
    given = getattr(config, "workerinput", {}).get(_FROM_CONTROLLER)
    if given is not None:
        config.stash[DIRECTORY] = Path(given)
        return
    directory = Path(tempfile.mkdtemp(prefix="testgate-rights-"))
    config.stash[DIRECTORY] = directory
    config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    config.pluginmanager.register(RightsAccount(config, directory), "testgate-rights")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist makes a worker."""
    node.workerinput[_FROM_CONTROLLER] = str(node.config.stash[DIRECTORY])


class RightsAccount:
    """Puts together what was counted when the session ends."""

    def __init__(self, config: pytest.Config, directory: Path) -> None:
        self._config = config
        self._directory = directory
        self._lines: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        files = list(self._directory.glob("*.json"))
        counted, rights = merged(files), read_rights()
        if self._config.getoption("rights"):
            self._lines += table(rights, counted)
        partial = why_partial(self._config, exitstatus)
        if partial is None:
            never = unused(rights, counted)
            self._lines += [f"FAILED: no call used {sentence(right)}" for right in never]
            if never:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
            else:
                self._lines.append(f"each of {len(rights)} rights of infra/gate.yaml was used")
        elif files:
            self._lines.append(f"not checked that each right is used: {partial}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._lines:
            terminalreporter.section("rights")
            for line in self._lines:
                terminalreporter.write_line(line)


def why_partial(config: pytest.Config, exitstatus: int) -> str | None:
    """Why this run cannot tell which rights nobody uses; None if it can."""
    if exitstatus != pytest.ExitCode.OK:
        return "not every test passed"
    selecting = next((name for name in _SELECTING if config.getoption(name, None)), None)
    if selecting is not None:
        return f"--{selecting} leaves tests out"
    given = [Path(config.invocation_params.dir, argument).resolve() for argument in config.args]
    if not any(path == DEPLOYMENTS or path in DEPLOYMENTS.parents for path in given):
        return "only a part of tests/deployments ran"
    return None


def sentence(right: Right) -> str:
    return f"{right.action} on {short(right.resource)} by {right.who} ({right.holder} {right.sid})"


def table(rights: tuple[Right, ...], counted: Mapping[Key, int]) -> list[str]:
    """who | action | resource | used."""
    rows = [("who", "action", "resource", "used")]
    rows += [
        (right.who, right.action, short(right.resource), str(counted.get(key_of(right), 0)))
        for right in rights
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        " | ".join([*(row[column].ljust(widths[column]) for column in range(3)), row[3].rjust(6)])
        for row in rows
    ]
