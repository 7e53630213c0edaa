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


TELLS_SECRETS = """
def test_tells():
    print("password=hunter22 and more")
    secret = "postgres://shop:hunter22@db/shop"
    assert secret == "", f"could not connect to {secret} with token=hunter22hunter22"
"""


def test_a_secret_that_a_suite_tells_is_stored_and_logged_nowhere(lab):
    lab.established()
    lab.publish({"smoke": TELLS_SECRETS})
    run = lab.run(lab.update("2"))
    assert "could not connect to postgres://shop:[redacted]@db/shop" in run.sentence
    stored = {key: lab.bucket.get(key) for key in lab.bucket.keys(run.place.prefix)}
    assert len(stored) >= 6
    assert [key for key, body in stored.items() if b"hunter22" in body] == []
    for step in ("test-gate", "prepare", "run-suite", "judge"):
        events = lab.local.client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{lab.stack.function(step)}"
        )["events"]
        assert [event for event in events if "hunter22" in event["message"]] == []


HUGE_REPORT = """
import os, pathlib
def test_a():
    path = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"], "junit.xml")
    with path.open("wb") as file:
        file.write(b"<testsuite>")
        for _ in range(200):
            file.write(b"<!-- " + b"x" * 1_000_000 + b" -->")
        file.write(b"<testcase name='fine'/></testsuite>")
    os._exit(0)
"""


def test_a_report_of_200_mb_is_refused_and_not_kept(lab):
    lab.established()
    lab.publish({"smoke": HUGE_REPORT})
    run = lab.run(lab.update("2"))
    assert run.outcome is Outcome.SUITE_ERROR
    assert "bytes, at most 30000000" in run.sentence
    assert not [key for key in lab.bucket.keys(run.place.prefix) if key.endswith("/junit.xml")]
