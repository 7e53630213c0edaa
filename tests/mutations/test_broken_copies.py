"""A copy has its own change, runs it, and leaves the project and the other copies alone."""

import subprocess
import sys

import pytest

from tests.broken_copies import ROOT, broken_copies

FILE = "src/testgate/core/evidence.py"
OLD = 'EVIDENCE_SCHEMA = "testgate.evidence/1"'
SAYS = "from testgate.core.evidence import EVIDENCE_SCHEMA; print(EVIDENCE_SCHEMA)"


@pytest.fixture(scope="module")
def copies():
    with broken_copies() as made:
        yield made


def told(copy):
    ran = subprocess.run(
        [sys.executable, "-c", SAYS],
        cwd=copy.path,
        env=copy.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


def test_each_copy_runs_its_own_change(copies):
    with (
        copies.changed(FILE, OLD, OLD.replace("/1", "/2")) as two,
        copies.changed(FILE, OLD, OLD.replace("/1", "/3")) as three,
        copies.changed(FILE, OLD, OLD) as none,
    ):
        assert [told(copy) for copy in (two, three, none)] == [
            "testgate.evidence/2",
            "testgate.evidence/3",
            "testgate.evidence/1",
        ]
    assert not two.path.exists()
    assert OLD in (ROOT / FILE).read_text()
