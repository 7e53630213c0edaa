"""The README's quick start is run as written: five commands from nothing to a refused version."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
CLONE = "git clone <this repository> testgate && cd testgate && "
(BLOCK,) = re.findall(r"```console\n(\$ git clone.*?)```", README, re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for line in BLOCK.splitlines()]
SAYS = (
    "3 of 14 tests in suite smoke failed (allowed 0); first: test_checkout.py::test_checkout: 500, "
    "expected 201"
)


def test_it_takes_at_most_five_commands_and_begins_with_nothing():
    assert len(COMMANDS) <= 5
    assert COMMANDS[0] == f"{CLONE}make bundle"


@pytest.mark.timeout(170)
def test_its_commands_gate_a_service_and_refuse_a_faulty_version():
    """In this checkout, which is the clone; a fresh one differs by its `.venv` alone."""
    script = "\n".join(
        [
            "trap '.venv/bin/testgate local down' EXIT",
            COMMANDS[0].removeprefix(CLONE),
            *COMMANDS[1:],
            'echo "refused with $?"',
            ".venv/bin/testgate why shop/shop",
            ".venv/bin/testgate local release 1.2.1",
            'echo "released with $?"',
        ]
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    told = " ".join(done.stdout.split())
    assert told.count(SAYS) == 2, done.stdout + done.stderr
    assert "refused with 1" in told
    assert "released with 0" in told
    assert "has ended." in told
