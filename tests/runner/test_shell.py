"""Whether the shell can read a suite's script."""

import os

import pytest

from testgate.runner.shell import unreadable_script

PATH = {"PATH": os.environ.get("PATH", "")}
GOOD, BAD = "echo a\n", "echo a\nif then fi\n"


def asked(directory, command, text):
    (directory / "smoke.sh").write_text(text)
    (directory / "smoke.sh").chmod(0o755)
    return unreadable_script(command, directory, PATH)


@pytest.mark.parametrize(
    "command",
    [("sh", "smoke.sh"), ("sh", "-eu", "smoke.sh"), ("/bin/bash", "smoke.sh", "an", "argument")],
)
def test_a_script_of_a_shell_is_read(tmp_path, command):
    assert asked(tmp_path, command, GOOD) is None
    assert "cannot read smoke.sh: " in asked(tmp_path, command, BAD)


@pytest.mark.parametrize("first", ["#!/bin/sh", "#!/usr/bin/env bash", "#!/bin/bash -e"])
def test_a_script_that_names_its_shell_is_read(tmp_path, first):
    assert asked(tmp_path, ("./smoke.sh",), f"{first}\n{GOOD}") is None
    assert "cannot read ./smoke.sh: " in asked(tmp_path, ("./smoke.sh",), f"{first}\n{BAD}")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ((), BAD),
        (("sh",), BAD),
        (("sh", "-c", "exit 2"), BAD),
        (("python3", "smoke.sh"), BAD),
        (("./smoke.sh",), f"#!/usr/bin/env python3\n{BAD}"),
        (("./smoke.sh",), BAD),
        (("./nowhere",), BAD),
        (("zsh-that-nobody-has", "smoke.sh"), BAD),
    ],
)
def test_of_what_is_no_script_of_a_shell_nothing_is_said(tmp_path, command, text):
    assert asked(tmp_path, command, text) is None


def test_reading_a_script_runs_nothing_of_it(tmp_path):
    assert asked(tmp_path, ("sh", "smoke.sh"), "touch left\n" + BAD)
    assert not (tmp_path / "left").exists()
