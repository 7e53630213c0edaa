"""Suites that crash, flood or misbehave, on whole deployments: data for Judge, never a pass."""

import pytest

from testgate.core.outcomes import Outcome
from tests.deployments.conftest import SUITE

KILLED = "import os, signal\ndef test_a(): os.kill(os.getpid(), signal.SIGKILL)\n"
SEGFAULT = "import ctypes\ndef test_a(): ctypes.string_at(0)\n"
MEMORY = "def test_a():\n    kept = [bytearray(10_000_000) for _ in range(200)]\n"
SILENT_EXIT = "import os\ndef test_a(): os._exit(0)\n"
NOTHING = "def helper(): pass\n"
SKIPPED = "import pytest\n@pytest.mark.skip\ndef test_a(): pass\n"
BROKEN = "import nothing_like_it\n"
LIAR = """
import os, pathlib
def test_a():
    report = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"], "junit.xml")
    report.write_text("<testsuites><testsuite><testcase name='fine'/></testsuite></testsuites>")
    os._exit(1)
"""


@pytest.mark.parametrize(
    ("suite", "outcome", "says"),
    [
        (KILLED, Outcome.INFRA_ERROR, "killed by signal 9"),
        (SEGFAULT, Outcome.SUITE_ERROR, "ended by signal 11"),
        (MEMORY, Outcome.INFRA_ERROR, "suite smoke could not run: Runtime.ExitError"),
        (SILENT_EXIT, Outcome.SUITE_ERROR, "junit.xml was not written"),
        (NOTHING, Outcome.SUITE_ERROR, "collected no tests"),
        (SKIPPED, Outcome.SUITE_ERROR, "all 1 tests were skipped"),
        (BROKEN, Outcome.SUITE_ERROR, "No module named 'nothing_like_it'"),
        (LIAR, Outcome.SUITE_ERROR, "they must agree"),
    ],
    ids=["killed", "segfault", "memory", "exit", "nothing", "skipped", "broken", "liar"],
)
def test_a_suite_that_breaks_refuses_with_its_own_sentence(lab, suite, outcome, says):
    lab.established()
    lab.publish({"smoke": suite})
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    run = lab.run(deployment)
    assert (run.outcome, says in run.sentence) == (outcome, True), run.sentence


FLOOD = (
    SUITE
    + """
def test_floods(capfd):
    import os
    with capfd.disabled():
        for _ in range(300):
            os.write(1, b"x" * 1_000_000)
"""
)


def test_a_flood_of_output_is_cut_and_harms_nobody(lab):
    lab.established()
    lab.publish({"smoke": FLOOD})
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL"
    run = lab.run(deployment)
    (key,) = [k for k in lab.bucket.keys(run.place.prefix) if k.endswith("output.txt")]
    assert len(lab.bucket.get(key)) == 5_000_000


LEAVES_CHILD = (
    SUITE
    + """
def test_leaves_a_child():
    import os, pathlib, subprocess, sys
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    pathlib.Path(os.environ["TESTGATE_PARAMETER_FLAG"]).write_text(str(child.pid))
"""
)


def test_children_of_a_suite_do_not_outlive_it(lab):
    import psutil

    lab.established()
    lab.publish({"smoke": LEAVES_CHILD})
    flag = lab.directory / "pid"
    deployment = lab.update("2", lab.hook(PARAMETERS={"FLAG": str(flag)}))
    assert deployment["status"] == "SUCCESSFUL"
    assert not psutil.pid_exists(int(flag.read_text()))
