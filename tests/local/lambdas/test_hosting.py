"""The host as a whole: what it holds while it lives, and what is left when it is closed."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import moto.awslambda.models as lambda_models
import pytest
from moto.awslambda.utils import get_backend

from testgate.local.lambdas import LambdaHost, ServiceFailureError
from testgate.local.lambdas.catalog import find_function
from testgate.local.lambdas.code import CodeStore
from testgate.local.lambdas.endings import TimedOut
from testgate.local.lambdas.environment import Environment, Premises
from testgate.local.lambdas.names import parse_function_name
from tests.local.lambdas.conftest import PYTHON

PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"


@pytest.fixture
def second_host(world, tmp_path):
    """Another host over the same moto, which a test may close."""
    host = LambdaHost(
        python=PYTHON,
        endpoint_url=lambda: world.url,
        region="us-east-1",
        work_dir=tmp_path / "work",
    )
    yield host
    host.close()


def test_closed_host_leaves_no_file_and_refuses_calls(world, second_host, tmp_path):
    name = world.make(PID)
    second_host.invoke(name, b"{}")
    assert list((tmp_path / "work").iterdir()) != []
    second_host.close()
    second_host.close()
    assert list((tmp_path / "work").iterdir()) == []
    with pytest.raises(ServiceFailureError, match="closing"):
        second_host.invoke(name, b"{}")


def test_closing_gives_motos_callers_back(world, second_host):
    hosted = lambda_models.LambdaFunction
    second_host.install()
    second_host.install()
    name = world.make(PID)
    function = get_backend("123456789012", "us-east-1").get_function(name)
    function.invoke("{}", {}, {})
    assert len(second_host.invocations(name)) == 1
    second_host.close()
    function.invoke("{}", {}, {})
    assert len(world.host.invocations(name)) == 1
    assert lambda_models.LambdaFunction is hosted


def test_missing_interpreter_is_told_plainly(world, tmp_path):
    host = LambdaHost(
        python=tmp_path / "absent", endpoint_url=lambda: world.url, region="us-east-1"
    )
    with pytest.raises(ServiceFailureError, match="absent does not exist"):
        host.invoke(world.make(PID), b"{}")
    host.close()


def test_reset_leaves_no_thread_and_no_descriptor(world):
    names = [world.make(PID) for _ in range(3)]
    world.run(names[0])
    world.host.reset()
    gc.collect()

    def held():
        own = [t.name for t in threading.enumerate() if t.name.startswith("lambda-")]
        return sorted(own), len(list(Path("/proc/self/fd").iterdir()))

    before = held()
    for name in names:
        world.run(name)
    world.host.reset()
    world.eventually(lambda: held()[0] == before[0])
    assert held()[1] <= before[1]


def test_many_calls_at_once_all_get_their_own_answer(world):
    name = world.make("def handler(event, context):\n    print(event)\n    return event\n")
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda number: world.run(name, number), range(60)))
    assert answers == list(range(60))
    assert len(world.host.invocations(name)) == 60
    printed = [line.strip() for line in world.log_of(name) if line.strip().isdigit()]
    assert sorted(map(int, printed)) == list(range(60))


def test_function_made_with_a_published_version_runs(world):
    name = world.make(PID, Publish=True)
    assert world.run(f"{name}:1") != world.run(name)


def test_initialisation_that_takes_too_long_is_found(world, tmp_path):
    name = world.make("import time\ntime.sleep(60)\n")
    found = find_function(parse_function_name(name, account="123456789012", region="us-east-1"))
    premises = Premises(
        python=PYTHON,
        code=CodeStore(tmp_path / "code", PYTHON),
        root=tmp_path,
        endpoint_url=world.url,
    )
    environment = Environment(found.settings, premises)
    assert environment.initialise(0.3) == TimedOut(limit_s=0.3)
    environment.end()
    assert not environment.alive


def test_output_without_end_does_not_hold_the_answer(world):
    name = world.make(
        "import os, threading\n"
        "def chatter():\n"
        "    while True:\n"
        "        os.write(1, b'x' * 4000 + b'\\n')\n"
        "def handler(event, context):\n"
        "    threading.Thread(target=chatter, daemon=True).start()\n"
        "    return 'answer'\n"
    )
    assert world.run(name) == "answer"
    world.host.reset()


def test_outdated_code_of_an_old_version_keeps_running_side_by_side(world):
    client = world.client("lambda")
    name = world.make(PID)
    client.publish_version(FunctionName=name)
    published = world.run(f"{name}:1")
    client.update_function_configuration(FunctionName=name, Timeout=9)
    world.run(name)
    assert world.run(f"{name}:1") == published
