"""When a process is used again, when a fresh one starts, and when a call is throttled."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from testgate.local.lambdas import Outcome, ThrottledError

PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"

# Returns its process id once as many calls as `event` says are under way at once.
MEET = """
import os, pathlib, time
def handler(event, context):
    marks = pathlib.Path(os.environ["MARKS"])
    (marks / context.aws_request_id).touch()
    while len(list(marks.iterdir())) < event:
        time.sleep(0.01)
    return os.getpid()
"""


def test_idle_process_is_used_again(world):
    name = world.make(PID)
    assert world.run(name) == world.run(name) == world.run(name)
    assert [record.cold for record in world.host.invocations(name)] == [True, False, False]


def test_module_state_survives_between_warm_calls(world):
    name = world.make(
        "calls = []\ndef handler(event, context):\n    calls.append(1)\n    return len(calls)\n"
    )
    assert [world.run(name) for _ in range(3)] == [1, 2, 3]


def test_changed_configuration_starts_a_fresh_process(world):
    name = world.make(PID)
    first = world.run(name)
    world.client("lambda").update_function_configuration(
        FunctionName=name, Environment={"Variables": {"A": "1"}}
    )
    assert world.run(name) != first


def test_changed_code_starts_a_fresh_process_with_it(world):
    name = world.make(PID)
    first = world.run(name)
    world.client("lambda").update_function_code(
        FunctionName=name,
        ZipFile=world.zip_of(
            {"app.py": "import os\ndef handler(event, context):\n    return ['new', os.getpid()]\n"}
        ),
    )
    new, second = world.run(name)
    assert new == "new"
    assert second != first


def test_versions_have_processes_and_code_of_their_own(world):
    client = world.client("lambda")
    name = world.make("def handler(event, context):\n    return 'one'\n")
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.update_function_code(
        FunctionName=name,
        ZipFile=world.zip_of({"app.py": "def handler(event, context):\n    return 'two'\n"}),
    )
    assert world.run(name) == "two"
    for qualified in (f"{name}:1", f"{name}:live", f"{name}:$LATEST"):
        expected = "two" if qualified.endswith("$LATEST") else "one"
        assert world.run(qualified) == expected
    assert [record.version for record in world.host.invocations(name)] == [
        "$LATEST",
        "1",
        "1",
        "$LATEST",
    ]
    assert [record.cold for record in world.host.invocations(name)] == [True, True, False, False]


def test_calls_at_the_same_time_get_a_process_each(world):
    name = world.make(MEET)
    with ThreadPoolExecutor(3) as threads:
        pids = list(threads.map(lambda _: world.run(name, 3), range(3)))
    assert len(set(pids)) == 3
    assert world.run(name, 0) in pids


def test_reserved_concurrency_throttles_what_is_over_it(world):
    client = world.client("lambda")
    name = world.make(MEET)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(world.run, name, 2)
        world.eventually(lambda: any(world.marks.iterdir()))
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            client.invoke(FunctionName=name, Payload=b"0")
        (world.marks / "second").touch()
        first.result()
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["Error"]["Message"] == "Rate Exceeded."
    world.run(name, 0)
    outcomes = [record.outcome for record in world.host.invocations(name)]
    assert outcomes == [Outcome.THROTTLED, Outcome.SUCCEEDED, Outcome.SUCCEEDED]


def test_reserved_concurrency_of_zero_throttles_everything(world):
    name = world.make(PID)
    world.client("lambda").put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=0
    )
    with pytest.raises(ThrottledError):
        world.host.invoke(name, b"{}")
    world.client("lambda").delete_function_concurrency(FunctionName=name)
    world.run(name)


def test_process_that_died_while_idle_is_replaced(world):
    name = world.make(
        "import os, threading\n"
        "def handler(event, context):\n"
        "    if event:\n"
        "        threading.Timer(0.05, os._exit, [1]).start()\n"
        "    return os.getpid()\n"
    )
    first = world.run(name, True)

    def replaced():
        # Until its death is seen, a call may still be given to it, and fails.
        done = world.host.invoke(name, b"false")
        return done.function_error is None and json.loads(done.payload) != first

    world.eventually(replaced)


def test_handler_may_invoke_another_function(world):
    inner = world.make("def handler(event, context):\n    return event + 1\n")
    outer = world.make(
        "import boto3, json\n"
        "def handler(event, context):\n"
        "    done = boto3.client('lambda').invoke(FunctionName=event, Payload=b'41')\n"
        "    return json.loads(done['Payload'].read())\n"
    )
    assert world.run(outer, inner) == 42


def test_reset_ends_a_call_under_way_as_if_its_process_had_died(world):
    name = world.make(MEET)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(world.fail(name, 99)[0]))
    caller.start()
    world.eventually(lambda: any(world.marks.iterdir()))
    world.host.reset()
    caller.join()
    assert answers[0]["errorType"] == "Runtime.ExitError"
    assert world.host.invocations(name) == []
