"""What callers get when a function fails, each as AWS words it."""

import json
import re
import time

import pytest

from testgate.local.lambdas import Outcome


def outcome_of(world, name):
    return world.host.invocations(name)[-1].outcome


def test_exception_is_answered_as_the_runtime_client_posts_it(world):
    name = world.make("def handler(event, context):\n    raise ValueError('bad ' + event['x'])\n")
    document, done = world.fail(name, {"x": "input"})
    assert document["errorType"] == "ValueError"
    assert document["errorMessage"] == "bad input"
    assert document["requestId"] == done.request_id
    assert any("raise ValueError" in line for line in document["stackTrace"])
    assert outcome_of(world, name) is Outcome.RAISED


@pytest.mark.parametrize(
    ("code", "handler", "error_type"),
    [
        ("import missing_module", "app.handler", "Runtime.ImportModuleError"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("", "app.absent", "Runtime.HandlerNotFound"),
        ("", "nodot", "Runtime.MalformedHandlerName"),
        ("raise KeyError('at import')", "app.handler", "KeyError"),
    ],
)
def test_init_error_is_answered_as_the_runtime_client_posts_it(world, code, handler, error_type):
    name = world.make(code, Handler=handler)
    document, _ = world.fail(name)
    assert document["errorType"] == error_type
    assert outcome_of(world, name) is Outcome.INIT_FAILED


def test_failed_initialisation_is_tried_a_second_time(world):
    """As seen on AWS: the second attempt belongs to the invocation."""
    name = world.make(
        "import os, pathlib, sys\n"
        "mark = pathlib.Path(os.environ['MARKS']) / 'first-attempt'\n"
        "if not mark.exists():\n"
        "    mark.touch()\n"
        "    sys.exit(3)\n"
        "def handler(event, context):\n"
        "    return 1\n"
    )
    assert world.run(name) == 1
    assert any(
        re.match(r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error", line)
        for line in world.log_of(name)
    )


def test_exit_during_initialisation_is_an_exit_error(world):
    name = world.make("import os\nos._exit(4)\n")
    document, _ = world.fail(name)
    assert document["errorType"] == "Runtime.ExitError"
    assert document["errorMessage"].endswith("Runtime exited with error: exit status 4")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.exit(5)", "Runtime exited with error: exit status 5"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "Runtime exited with error: signal: terminated"),
        (
            "os.kill(os.getpid(), signal.SIGSEGV)",
            "Runtime exited with error: signal: segmentation fault",
        ),
    ],
)
def test_exit_without_answer_is_an_exit_error(world, statement, reason):
    name = world.make(f"import os, signal, sys\ndef handler(event, context):\n    {statement}\n")
    document, done = world.fail(name)
    assert document == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {done.request_id} Error: {reason}",
    }
    assert outcome_of(world, name) is Outcome.EXITED


def test_timeout_is_enforced_in_real_seconds(world):
    name = world.make(
        "import time\ndef handler(event, context):\n    print('started')\n    time.sleep(60)\n",
        Timeout=1,
    )
    began = time.monotonic()
    document, done = world.fail(name)
    assert 1.0 <= time.monotonic() - began < 5.0
    assert document["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {done.request_id} "
        r"Task timed out after 1\.00 seconds",
        document["errorMessage"],
    )
    log = world.log_of(name)
    assert log[1:3] == ["started\n", document["errorMessage"] + "\n"]
    assert log[-1].endswith("Status: timeout\t\n")
    assert outcome_of(world, name) is Outcome.TIMED_OUT


def test_timed_out_process_is_not_used_again(world):
    name = world.make(
        "import os, time\n"
        "def handler(event, context):\n"
        "    time.sleep(event)\n"
        "    return os.getpid()\n",
        Timeout=1,
    )
    first = world.run(name, 0)
    world.fail(name, 60)
    assert world.run(name, 0) != first
    assert [record.cold for record in world.host.invocations(name)] == [True, False, True]


def test_memory_over_the_limit_kills(world):
    name = world.make(
        "import time\ndef handler(event, context):\n    kept = b'x' * (200 * 2**20)\n"
        "    time.sleep(60)\n",
        MemorySize=128,
    )
    document, done = world.fail(name)
    assert document == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {done.request_id} Error: "
        "Runtime exited with error: signal: killed",
    }
    assert outcome_of(world, name) is Outcome.OUT_OF_MEMORY


def test_short_balloon_over_the_limit_kills_too(world):
    name = world.make(
        "def handler(event, context):\n    return len(b'x' * (200 * 2**20))\n", MemorySize=128
    )
    world.fail(name)
    assert outcome_of(world, name) is Outcome.OUT_OF_MEMORY


def test_memory_of_the_whole_process_tree_counts(world):
    name = world.make(
        "import subprocess, sys\n"
        "GREEDY = 'import time; kept = b\"x\" * (80 * 2**20); time.sleep(60)'\n"
        "def handler(event, context):\n"
        "    children = [subprocess.Popen([sys.executable, '-c', GREEDY]) for _ in range(2)]\n"
        "    children[0].wait()\n",
        MemorySize=128,
    )
    world.fail(name)
    assert outcome_of(world, name) is Outcome.OUT_OF_MEMORY


def test_memory_within_the_limit_is_reported(world):
    name = world.make("def handler(event, context):\n    return len(b'x' * (100 * 2**20))\n")
    world.run(name)
    used = re.search(r"Max Memory Used: (\d+) MB", world.log_of(name)[-1])
    assert used is not None
    assert 100 < int(used[1]) < 256


def test_answer_that_cannot_be_serialised_is_a_marshal_error(world):
    name = world.make("def handler(event, context):\n    return {1, 2}\n")
    document, _ = world.fail(name)
    assert document["errorType"] == "Runtime.MarshalError"


@pytest.mark.parametrize("answer", ["float('nan')", "{'a': float('-inf')}", "b'no json'"])
def test_answer_that_is_not_json_is_an_error(world, answer):
    name = world.make(f"def handler(event, context):\n    return {answer}\n")
    document, _ = world.fail(name)
    assert document["errorType"] == "Runtime.MarshalError"
    assert outcome_of(world, name) is Outcome.RESPONSE_NOT_JSON


def test_answer_over_the_limit_is_an_error_and_the_next_call_works(world):
    name = world.make("def handler(event, context):\n    return 'x' * event\n")
    limit = 6_291_556
    assert len(world.run(name, limit - 2)) == limit - 2
    document, _ = world.fail(name, limit - 1)
    assert document == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }
    assert world.run(name, 1) == "x"


def test_functions_of_python_3_12_and_later_behave_the_same(world):
    """The runtime client polls from a thread for them."""
    name = world.make("def handler(event, context):\n    return 1 / event\n", Runtime="python3.13")
    assert world.run(name, 4) == 0.25
    assert world.fail(name, 0)[0]["errorType"] == "ZeroDivisionError"
    assert json.loads(world.host.invoke(name, b"2").payload) == 0.5
