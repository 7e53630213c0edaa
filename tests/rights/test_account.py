"""The account of rights: what a whole run must show, and what a part of one cannot."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.rights.account import judge, table
from tests.rights.collecting import key_of, merged, store, unused
from tests.rights.plugin import DEPLOYMENTS, RightsAccount, why_partial
from tests.rights.template import read_rights

RIGHTS = read_rights()


class Config:
    """As much of pytest's configuration as the account looks at."""

    def __init__(self, *args, given_in=DEPLOYMENTS.parents[1], **options):
        self.args = [str(argument) for argument in args]
        self.invocation_params = SimpleNamespace(dir=given_in)
        self._options = options

    def getoption(self, name, default=None):
        return self._options.get(name, default)


class Terminal:
    def __init__(self):
        self.lines = []

    def section(self, title):
        self.lines.append(title)

    def write_line(self, line):
        self.lines.append(line)


def finish(config, directory, exitstatus=pytest.ExitCode.OK):
    """The exit status of a session, and what it prints."""
    account, terminal = RightsAccount(config, directory), Terminal()
    session: Any = SimpleNamespace(exitstatus=exitstatus)
    account.pytest_sessionfinish(session, exitstatus)
    account.pytest_terminal_summary(terminal)
    return session.exitstatus, terminal.lines


def counts(*left_out):
    return {key_of(right): 2 for right in RIGHTS if right not in left_out}


def test_a_whole_run_that_used_each_right_passes(tmp_path):
    half = len(RIGHTS) // 2
    store(tmp_path, {key_of(right): 1 for right in RIGHTS[:half]})
    store(tmp_path, {key_of(right): 1 for right in RIGHTS[half - 1 :]})
    status, lines = finish(Config("tests"), tmp_path)
    assert status == pytest.ExitCode.OK
    assert lines == ["rights", f"each of {len(RIGHTS)} rights of infra/gate.yaml was used"]
    assert merged(tmp_path.glob("*.json"))[key_of(RIGHTS[half - 1])] == 2


@pytest.mark.parametrize("path", ["tests", "tests/deployments", "."])
def test_a_whole_run_in_which_a_right_was_not_used_fails_and_names_it(tmp_path, path):
    stop = next(
        right
        for right in RIGHTS
        if (right.holder, right.action) == ("HookRole", "states:StopExecution")
    )
    store(tmp_path, counts(stop))
    status, lines = finish(Config(path), tmp_path)
    assert status == pytest.ExitCode.TESTS_FAILED
    assert lines[1:] == [
        "FAILED: no call used states:StopExecution on execution:${StateMachine.Name}:* by "
        "test-gate (HookRole Watch)"
    ]


def test_a_whole_run_that_counted_nothing_fails(tmp_path):
    status, lines = finish(Config("tests"), tmp_path)
    assert status == pytest.ExitCode.TESTS_FAILED
    assert len(lines) == 1 + len(RIGHTS)


@pytest.mark.parametrize(
    ("config", "exitstatus", "says"),
    [
        (Config("tests/core"), 0, "only a part of tests/deployments ran"),
        (Config("tests/deployments/test_promises.py"), 0, "only a part of tests/deployments ran"),
        (Config("tests/deployments/test_promises.py::test_x"), 0, "only a part"),
        (Config("tests/deployments", keyword="good"), 0, "--keyword leaves tests out"),
        (Config("tests", markexpr="not slow"), 0, "--markexpr leaves tests out"),
        (Config("tests", lf=True), 0, "--lf leaves tests out"),
        (Config("tests", collectonly=True), 0, "--collectonly leaves tests out"),
        (Config("tests"), 1, "not every test passed"),
        (Config("tests"), 5, "not every test passed"),
    ],
)
def test_a_part_of_a_run_says_that_it_cannot_tell(tmp_path, config, exitstatus, says):
    status, lines = finish(config, tmp_path, exitstatus)
    assert status == exitstatus
    assert len(lines) == 2
    assert lines[1].startswith(f"not checked that each right is used: {says}")


def test_a_path_is_meant_from_where_pytest_was_started():
    beside: Any = Config("deployments", given_in=DEPLOYMENTS.parent)
    elsewhere: Any = Config("deployments", given_in=Path("/"))
    assert why_partial(beside, 0) is None
    assert why_partial(elsewhere, 0) is not None


def test_the_table_shows_each_right_and_how_often_it_was_used(tmp_path):
    store(tmp_path, counts(RIGHTS[0]))
    _, lines = finish(Config("tests/core", rights=True), tmp_path)
    head, first, second = lines[1:4]
    assert [cell.strip() for cell in head.split("|")] == ["who", "action", "resource", "used"]
    assert first.split("|")[3].strip() == "0"
    assert second.split("|")[3].strip() == "2"
    assert len(lines) == 3 + len(RIGHTS)
    assert lines[1:-1] == table(RIGHTS, counts(RIGHTS[0]))
    assert judge(RIGHTS, counts()) == (
        True,
        [f"each of {len(RIGHTS)} rights of infra/gate.yaml was used"],
    )
    assert unused(RIGHTS, counts(RIGHTS[3])) == [RIGHTS[3]]
