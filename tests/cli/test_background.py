"""A local AWS in the background is started whole or not at all, and only it is ended."""

import os

import pytest

from testgate.cli.background import PID_VARIABLE, end, start
from testgate.core.errors import GateError


def test_what_it_printed_is_told_if_it_does_not_start():
    with pytest.raises(
        GateError, match=r"the local AWS did not start: (.|\n)*No such option: --nonsense"
    ):
        start(["--nonsense"])


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, f"no local AWS is known here: {PID_VARIABLE} is ''"),
        ({PID_VARIABLE: "me"}, "no local AWS is known here"),
        ({PID_VARIABLE: str(os.getpid())}, f"process {os.getpid()} is no local AWS"),
    ],
    ids=["none", "no number", "another process"],
)
def test_nothing_else_is_ended(environ, says):
    with pytest.raises(GateError, match=says):
        end(environ)


def test_one_that_is_gone_is_no_error():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    assert end({PID_VARIABLE: str(pid)}) == pid
