"""No process of a function outlives its call's end, its host, or its host's process."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from testgate.local.lambdas.sandbox import Sandbox
from tests.local.lambdas.conftest import PYTHON

# A child in a session of its own, as test runners start them; it reports itself, then waits.
FAMILY = """
import os, pathlib, subprocess, sys, time
GRANDCHILD = "import time; time.sleep(600)"
def handler(event, context):
    child = subprocess.Popen([sys.executable, "-c", GRANDCHILD], start_new_session=True)
    pathlib.Path(os.environ["MARKS"], "pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(event)
    return "done"
"""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def pids_of_family(world):
    return [int(pid) for pid in (world.marks / "pids").read_text().split()]


@pytest.fixture
def family(world):
    return world.make(FAMILY, Timeout=1)


def test_timeout_kills_even_children_in_their_own_session(world, family):
    world.fail(family, 600)
    assert [alive(pid) for pid in pids_of_family(world)] == [False, False]


def test_reset_kills_idle_processes_and_what_they_left(world, family):
    world.run(family, 0)
    assert [alive(pid) for pid in pids_of_family(world)] == [True, True]
    world.host.reset()
    assert [alive(pid) for pid in pids_of_family(world)] == [False, False]


def test_exit_of_the_runtime_kills_what_it_left(world):
    name = world.make(FAMILY.replace('return "done"', "os._exit(1)"))
    world.fail(name, 0)
    assert [alive(pid) for pid in pids_of_family(world)] == [False, False]


def test_processes_die_with_a_killed_host():
    """A busy runtime would not notice by itself: nothing but its supervisor looks."""
    host = subprocess.Popen(
        [sys.executable, "-c", _HOST_PROGRAM, str(PYTHON)], stdout=subprocess.PIPE, text=True
    )
    assert host.stdout is not None
    with host.stdout:
        pids = [int(pid) for pid in host.stdout.readline().split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        host.kill()
        host.wait()
    end = time.monotonic() + 120
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.01)


_RUNTIME_PROGRAM = textwrap.dedent("""
    import os, subprocess, sys, time
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    print(os.getpid(), child.pid, flush=True)
    time.sleep(600)
""")

_HOST_PROGRAM = textwrap.dedent(f"""
    import os, sys, time
    from pathlib import Path
    from testgate.local.lambdas.sandbox import Sandbox
    sandbox = Sandbox(on_output=lambda out: os.write(1, out), on_exit=lambda code: None)
    sandbox.start(Path(sys.argv[1]), ["-c", {_RUNTIME_PROGRAM!r}], cwd=Path("/"), env={{}})
    time.sleep(600)
""")


class Watched:
    """A sandbox around a one-line program, and what it told."""

    def __init__(self, program, patience_s=5.0):
        self.output = b""
        self.return_codes: list[int] = []
        self.sandbox = Sandbox(
            on_output=self._keep, on_exit=self.return_codes.append, end_patience_s=patience_s
        )
        self.sandbox.start(PYTHON, ["-c", program], cwd=Path("/"), env={})

    def _keep(self, chunk):
        self.output += chunk

    def wait_for_output(self):
        end = time.monotonic() + 120
        while not self.output:
            assert time.monotonic() < end
            time.sleep(0.005)


@pytest.mark.parametrize(
    ("program", "return_code"),
    [
        ("import os; print('x', flush=True); os._exit(7)", 7),
        ("print('x')", 0),
        ("import os; print('x', flush=True); os.kill(os.getpid(), 15)", -15),
        ("import os; print('x', flush=True); os.abort()", -signal.SIGABRT),
    ],
)
def test_sandbox_leaves_as_its_runtime_did_after_all_output(program, return_code):
    watched = Watched(program)
    while not watched.return_codes:
        time.sleep(0.005)
    assert watched.output == b"x\n"
    assert watched.return_codes == [return_code]
    watched.sandbox.end()


def test_sandbox_ended_before_its_start_starts_nothing():
    codes: list[int] = []
    sandbox = Sandbox(on_output=lambda out: None, on_exit=codes.append)
    sandbox.end()
    sandbox.start(PYTHON, ["-c", "print(1)"], cwd=Path("/"), env={})
    assert codes == [-9]
    assert sandbox.memory_bytes() == 0


def test_sandbox_ends_twice_without_harm():
    watched = Watched("import time; print('x', flush=True); time.sleep(600)")
    watched.wait_for_output()
    watched.sandbox.end()
    watched.sandbox.end()
    assert watched.return_codes == [-9]


def test_runtime_that_stops_its_supervisor_is_killed_all_the_same():
    """The hard way out: the supervisor cannot serve, so the host kills the tree itself."""
    program = (
        "import os, signal, time\n"
        "os.kill(os.getppid(), signal.SIGSTOP)\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(600)\n"
    )
    watched = Watched(program, patience_s=0.1)
    watched.wait_for_output()
    watched.sandbox.end()
    assert not alive(int(watched.output))
    assert watched.return_codes == [-9]


def test_no_core_file_is_allowed():
    watched = Watched("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
    watched.wait_for_output()
    watched.sandbox.end()
    assert watched.output == b"(0, 0)\n"
