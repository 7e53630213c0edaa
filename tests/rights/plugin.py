"""Fails a whole test run in which a right of infra/gate.yaml was used by no call.

Each local AWS with the shipped stack stores what it has counted when it ends (see
tests/deployments/conftest.py), also in pytest-xdist's workers; here it is put together. A run of a
part of tests/deployments cannot tell, and says so. What reads the template is imported when it is
needed: it imports moto, which most test runs do without.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

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
        partial = why_partial(self._config, exitstatus)
        if partial is not None:
            self._lines.append(f"not checked that each right is used: {partial}")
        shown = self._config.getoption("rights")
        if partial is not None and not shown:
            return
        from tests.rights.account import judge, table
        from tests.rights.collecting import merged
        from tests.rights.template import read_rights

        counted, rights = merged(files), read_rights()
        if shown:
            self._lines[:0] = table(rights, counted)
        if partial is None:
            passed, lines = judge(rights, counted)
            self._lines += lines
            if not passed:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

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
