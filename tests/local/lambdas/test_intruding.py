"""What a process that a function started can do to its runtime, here as on AWS."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

INTRUDED = """
import json, os, subprocess, sys
INTRUDER = '''
import json, sys, urllib.request
api = "http://" + sys.argv[1] + "/2018-06-01/runtime/invocation/"
def next_id():
    with urllib.request.urlopen(api + "next") as answer:
        return answer.headers["Lambda-Runtime-Aws-Request-Id"]
request_id = next_id()
assert next_id() == request_id
urllib.request.urlopen(api + request_id + "/response", json.dumps(request_id).encode()).close()
'''
def handler(event, context):
    if event == "again":
        return "mine"
    api = os.environ["AWS_LAMBDA_RUNTIME_API"]
    subprocess.run([sys.executable, "-c", INTRUDER, api], check=True)
    return "mine"
"""


def test_a_child_can_answer_in_the_runtimes_name_whose_own_answer_then_ends_it(world):
    name = world.make(INTRUDED)
    done = world.host.invoke(name, b'"once"')
    assert json.loads(done.payload) == done.request_id
    # The runtime's client dies of the refusal, perhaps under the next invocation.
    answers = [world.host.invoke(name, b'"again"') for _ in range(2)]
    assert json.loads(answers[-1].payload) == "mine"


# A host without capabilities, for root's would see everything.
HOST = """
import os, subprocess, sys
from testgate.local.lambdas import sandbox
from tests.runner.lone_runner import drop_capabilities
drop_capabilities()
RUNTIME = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
supervisor = subprocess.Popen(
    [sys.executable, sandbox._SUPERVISOR, sys.executable, "-c", RUNTIME],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
runtime = int(supervisor.stdout.readline())
for pid in (supervisor.pid, runtime):
    try:
        print("seen", len(open(f"/proc/{pid}/environ").read()) > 0)
    except PermissionError:
        print("hidden")
supervisor.stdin.close()
supervisor.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_what_a_function_may_hide_of_its_environment_is_hidden_in_its_supervisor_too():
    told = subprocess.run(
        [sys.executable, "-c", HOST], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == ["hidden", "seen True"]
