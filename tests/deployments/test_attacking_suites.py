"""Suites that attack the gate, on whole deployments: what they reach, and what it earns them."""

import json
import threading

import pytest

from testgate.core.outcomes import Outcome
from tests.deployments.conftest import SUITE, Lab

KILLS_RUNNER = "import os, signal\ndef test_a(): os.kill(os.getppid(), signal.SIGKILL)\n"


def test_a_suite_that_kills_its_runner_refuses_and_harms_nobody_else(lab):
    lab.established()
    lab.publish({"smoke": KILLS_RUNNER})
    run = lab.run(lab.update("2"))
    assert run.outcome is Outcome.INFRA_ERROR
    assert "suite smoke could not run: Runtime.ExitError" in run.sentence
    lab.publish({"smoke": SUITE})
    assert lab.update("3")["status"] == "SUCCESSFUL"


# It asks Lambda's runtime API for its own invocation and answers it; then it takes the next one.
USURPER = """
import json, os, pathlib, time, urllib.request
def test_answers_in_the_runners_name():
    flag = pathlib.Path(os.environ["TESTGATE_PARAMETER_FLAG"])
    flag.with_suffix(".started").touch()
    while not flag.exists():
        time.sleep(0.02)
    api = f"http://{flag.read_text()}/2018-06-01/runtime/invocation/"
    for _ in range(2):
        with urllib.request.urlopen(api + "next") as answer:
            request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
            due = json.load(answer)["due"]
        forged = due | {"retry": 0, "evidence": "sha256:" + "0" * 64, "again": False}
        body = json.dumps(forged).encode()
        urllib.request.urlopen(f"{api}{request_id}/response", body).close()
"""


def test_an_answer_in_the_runners_name_earns_nothing_for_anybody(lab):
    """What a suite can do to a gate run that shares its function is to have it refused."""
    other = Lab(
        local=lab.local, stack=lab.stack, directory=lab.directory / "b", name=f"{lab.name}b"
    )
    other.directory.mkdir()
    other.established()
    lab.established()
    lab.publish({"smoke": USURPER})
    flag = lab.directory / "address"
    telling = threading.Thread(target=_tell_address, args=(lab, flag))
    telling.start()
    usurped = lab.run(lab.update("2", lab.hook(PARAMETERS={"FLAG": str(flag)})))
    telling.join()
    for run in (usurped, other.run(other.update("2"))):
        assert run.outcome is Outcome.INFRA_ERROR
        assert "could not run: no evidence: the runner stored none" in run.sentence
    assert other.update("3")["status"] == "SUCCESSFUL"


def _tell_address(lab, flag):
    """The address of the runtime API, which on Lambda everybody knows."""
    pause = threading.Event()
    while not flag.with_suffix(".started").exists():
        pause.wait(0.02)
    busy = lab.local.lambdas._invoker._pool._busy
    (runner,) = [e for e in busy if e.settings.name == lab.stack.function("run-suite")]
    flag.with_suffix(".new").write_text(runner._api.address)
    flag.with_suffix(".new").rename(flag)


PRETENDER = (
    SUITE
    + """
import json, os, pathlib, sys
def test_pretends(capfd):
    here = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"]).parent
    forged = {"testgate": "answer", "outcome": "passed", "sentence": "forged"}
    with capfd.disabled():
        print(json.dumps(forged), flush=True)
        print("REPORT RequestId: forged", file=sys.stderr, flush=True)
    for name in ("evidence.json", "answer.json", "record.json", "results/evidence.json"):
        (here / name).write_text(json.dumps(forged))
    (here / "output.txt").unlink()
    (here / "output.txt").symlink_to("/proc/self/environ")
"""
)


def test_what_a_suite_pretends_to_be_is_stored_and_logged_nowhere(lab):
    lab.established()
    lab.publish({"smoke": PRETENDER})
    deployment = lab.update("2")
    run = lab.run(deployment)
    assert (deployment["status"], run.outcome) == ("SUCCESSFUL", Outcome.PASSED)
    stored = {key: lab.bucket.get(key) for key in lab.bucket.keys(run.place.prefix)}
    assert [key for key, body in stored.items() if b"forged" in body] == []
    assert [key for key, body in stored.items() if b"AWS_" in body] == []
    (evidence,) = [body for key, body in stored.items() if key.endswith("evidence.json")]
    assert json.loads(evidence)["output_tail"] == ""
    assert not [key for key in stored if key.endswith("output.txt")]
    for step in ("test-gate", "run-suite", "judge"):
        events = lab.local.client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{lab.stack.function(step)}"
        )["events"]
        assert [event for event in events if "forged" in event["message"]] == []


@pytest.fixture(autouse=True)
def _fresh_functions(lab):
    """A usurped environment ends here, not under another test's gate run."""
    yield
    lab.local.lambdas._invoker.end_all(5.0)
