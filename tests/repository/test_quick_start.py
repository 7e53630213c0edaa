"""The README's quick start is run as written: five commands from nothing to a refused version."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
CLONE = "git clone <this repository> testgate && cd testgate && "
(BLOCK,) = re.findall(r"```console\n(\$ git clone.*?)```", README, re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for line in BLOCK.splitlines()]
# What is changed and not committed yet comes too: the test is of what is there.
CHANGES = (
    f"git -C {shlex.quote(str(ROOT))} diff --binary HEAD > ../changes"
    " && { test ! -s ../changes || git apply ../changes; }"
)
SAYS = (
    "3 of 14 tests in suite smoke failed (allowed 0); first: test_checkout.py::test_checkout: 500, "
    "expected 201"
)


def test_it_takes_at_most_five_commands_and_begins_with_nothing():
    assert len(COMMANDS) <= 5
    assert COMMANDS[0] == f"{CLONE}make bundle"


@pytest.mark.timeout(900)
def test_its_commands_gate_a_service_and_refuse_a_faulty_version(tmp_path):
    """From a fresh clone of this repository, as it is in its directory now."""
    script = "\n".join(
        [
            "trap '.venv/bin/testgate local down' EXIT",
            COMMANDS[0].replace("<this repository>", shlex.quote(str(ROOT))),
            *COMMANDS[1:],
            'echo "refused with $?"',
            ".venv/bin/testgate why shop/shop",
            ".venv/bin/testgate local release 1.2.1",
            'echo "released with $?"',
        ]
    ).replace("cd testgate", f"cd testgate && {CHANGES}", 1)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    told = " ".join(done.stdout.split())
    assert told.count(SAYS) == 2, done.stdout + done.stderr
    assert "refused with 1" in told
    assert "released with 0" in told
    assert "has ended." in told
