"""Suite code that attacks its runner: what it may read, write, leave behind and use up."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from testgate.core.errors import RunnerError
from testgate.runner.process import Command, run_process
from testgate.runner.remains import end_leftovers, no_process_left
from testgate.runner.removal import remove_tree
from tests.runner.lone_runner import SECRET

ROOT = Path(__file__).resolve().parents[2]


def lone(tmp_path, files, **asked):
    """What a lone runner, without capabilities, saw of this suite."""
    (tmp_path / "tmp").mkdir()
    asked = {
        "files": {name: textwrap.dedent(text) for name, text in files.items()},
        "tmp": str(tmp_path / "tmp"),
        "timeout_s": 60,
        **asked,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.runner.lone_runner", json.dumps(asked)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def outcomes(evidence):
    return {
        test["name"].rpartition("::")[2]: (test["outcome"], test.get("message", ""))
        for test in evidence["tests"]
    }


SPIES = """
import ctypes, os, pathlib, pytest
PARENT = pathlib.Path(f"/proc/{os.getppid()}")
LIBC = ctypes.CDLL(None, use_errno=True)

@pytest.mark.parametrize("name", ["environ", "mem", "maps", "auxv", "stack", "io", "pagemap"])
def test_reads(name):
    with pytest.raises(PermissionError):
        (PARENT / name).open("rb").read(100)

@pytest.mark.parametrize("name", ["cwd", "exe", "root", "fd/0", "fd/1", "fd/2"])
def test_follows(name):
    with pytest.raises(PermissionError):
        (PARENT / name).readlink()
    with pytest.raises(PermissionError):
        os.open(PARENT / name, os.O_RDONLY)

def test_writes_memory():
    with pytest.raises(PermissionError):
        (PARENT / "mem").open("r+b")

@pytest.mark.parametrize("request_", [16, 0x4206], ids=["attach", "seize"])
def test_traces(request_):
    assert LIBC.ptrace(request_, os.getppid(), None, None) == -1
    assert ctypes.get_errno() == 1

def test_reads_memory_across():
    buffer = ctypes.create_string_buffer(8)
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
    here = Vector(ctypes.addressof(buffer), 8)
    there = Vector(id(LIBC), 8)
    read = LIBC.process_vm_readv(
        os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0
    )
    assert (read, ctypes.get_errno()) == (-1, 1)

def test_takes_a_descriptor():
    pidfd = os.pidfd_open(os.getppid())
    assert LIBC.syscall(438, pidfd, 1, 0) == -1  # pidfd_getfd
    assert ctypes.get_errno() == 1

def test_has_inherited_nothing():
    listed = pathlib.Path("/proc/self/fd")
    inherited = [os.readlink(path) for path in listed.iterdir() if path.is_symlink()]
    assert not [one for one in inherited if one.startswith("socket:")]

def test_has_no_credentials():
    assert not [name for name in os.environ if name.startswith("AWS_")]
"""


@pytest.mark.timeout(60)  # a suite that can stop its runner would hold it for ever
def test_a_suite_cannot_look_into_its_runner(tmp_path):
    """Every test of the suite tries something, and passes if that is denied."""
    (evidence,) = lone(tmp_path, {"test_a.py": SPIES})["evidence"]
    told = outcomes(evidence)
    assert {name: said for name, said in told.items() if said[0] != "passed"} == {}
    assert len(told) == 20


LINKS = """
import os, pathlib
RESULTS = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"])
def test_a():
    output = RESULTS.parent / "output.txt"
    output.unlink()
    output.symlink_to("/proc/self/environ")
"""


def test_a_link_in_place_of_the_output_tells_nothing_of_the_runner(tmp_path):
    (evidence,) = lone(tmp_path, {"test_a.py": LINKS})["evidence"]
    assert outcomes(evidence)["test_a"][0] == "passed"
    assert evidence["output_tail"] == ""
    assert SECRET not in json.dumps(evidence)


@pytest.mark.parametrize(
    ("replace", "says"),
    [
        ("os.mkfifo(RESULTS / 'junit.xml')", "junit.xml is a named pipe"),
        ("(RESULTS / 'junit.xml').mkdir()", "junit.xml is a directory"),
        ("(RESULTS / 'junit.xml').symlink_to('/proc/self/environ')", "is a symbolic link"),
        ("RESULTS.rmdir(); RESULTS.symlink_to('/proc/self')", "is a link now"),
        ("RESULTS.rmdir()", "the directory of junit.xml is gone"),
        ("RESULTS.chmod(0)", "the directory of junit.xml is gone"),
    ],
)
def test_what_stands_in_place_of_a_report_is_a_problem_and_blocks_nothing(tmp_path, replace, says):
    suite = f"""
    import os, pathlib
    RESULTS = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"])
    def test_a():
        {replace}
        os._exit(0)
    """
    told = lone(tmp_path, {"test_a.py": suite})
    assert says in told["evidence"][0]["report_problem"]
    assert told["left"] == []


LITTERS = """
import os, pathlib
def test_leaves_what_is_hard_to_remove():
    here = pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"]).parent
    (here / "locked" / "inner").mkdir(parents=True)
    (here / "locked" / "inner" / "file").touch()
    (here / "locked" / "inner").chmod(0)
    (here / "locked").chmod(0)
    os.chdir(here)
    for _ in range(1100):
        os.mkdir("deep")
        os.chdir("deep")
    pathlib.Path("file").touch()
    os.chdir(here)

def test_is_as_it_was_published():
    this = pathlib.Path(__file__)
    assert "changed" not in this.with_name("helper.py").read_text()
    this.with_name("helper.py").write_text("changed")

def test_has_a_home_of_its_own():
    assert list(pathlib.Path.home().iterdir()) == []
    (pathlib.Path.home() / ".pth").touch()
    assert pathlib.Path(os.environ["TMPDIR"]) == pathlib.Path.home()
"""


def test_nothing_that_a_suite_left_meets_the_next(tmp_path):
    told = lone(tmp_path, {"test_a.py": LITTERS, "helper.py": ""}, times=2)
    for evidence in told["evidence"]:
        assert {said[0] for said in outcomes(evidence).values()} == {"passed"}, evidence
    assert told["left"] == []


GREEDY = """
import os, pathlib, resource
def test_uses_up_its_own():
    files = []
    try:
        for number in range(10_000):
            files.append(open(f"{number}", "w"))
    except OSError:
        pass
    assert len(files) > 50
    for file in files:
        file.close()
    os.write(1, b"x" * 100_000)
"""


def test_a_full_disk_costs_the_output_alone(tmp_path):
    """No file may grow beyond 50,000 bytes here: the output is cut, the verdict is not."""
    limits = {"RLIMIT_FSIZE": 50_000, "RLIMIT_NOFILE": 256}
    greedy = GREEDY.replace("os.write(1,", "os.write(2,")
    files = {"test_a.py": greedy, "pytest.ini": "[pytest]\naddopts = -s\n"}
    (evidence,) = lone(tmp_path, files, limits=limits)["evidence"]
    assert outcomes(evidence)["test_uses_up_its_own"][0] == "passed"
    assert set(evidence["output_tail"]) == {"x"}


# Each process starts another when it finds that one is gone; none outlives the test by itself.
HYDRA = """
import os, sys, time
def head(depth):
    while True:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            if depth:
                head(depth - 1)
            time.sleep(600)
            os._exit(0)
        os.waitpid(pid, 0)
head(12)
"""


def test_processes_that_start_others_are_all_ended(tmp_path):
    before = psutil.Process().children(recursive=True)  # what other tests keep, as a tracker
    ended = run_process(
        Command(
            argv=[sys.executable, "-c", HYDRA],
            cwd=tmp_path,
            environment={},
            output_path=tmp_path / "output.txt",
        ),
        timeout_s=1.0,
        grace_s=0.0,
    )
    assert (ended.exit_code, ended.timed_out) == (None, True)
    assert psutil.Process().children(recursive=True) == before


def test_a_process_that_cannot_be_ended_is_no_success(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        monkeypatch.setattr("testgate.runner.remains._descendants", lambda *_: [process.pid])
        monkeypatch.setattr("testgate.runner.remains._end", lambda _: None)
        with (
            pytest.raises(RunnerError, match="1 processes of the suite could not be ended"),
            no_process_left(),
        ):
            pass
        process.kill()


# As Lambda's init: starts a runtime that a suite kills, and another one after it.
INIT = """
import ctypes, os, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
SURVIVOR = "import os, sys, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(600)"
first = subprocess.Popen(
    [sys.executable, "-c", "import os, subprocess, sys; "
     f"subprocess.Popen([sys.executable, '-c', {SURVIVOR!r}]); os.kill(os.getpid(), 9)"],
    stdout=subprocess.PIPE, text=True)
survivor = int(first.stdout.readline())
first.wait()
parent = lambda: open(f"/proc/{survivor}/stat").read().split()[3]
while parent() != str(os.getpid()):
    time.sleep(0.01)
second = [sys.executable, "-c", "from testgate.runner.remains import end_leftovers; "
          f"end_leftovers({sys.argv[1]})"]
subprocess.run(second, check=True)
ended, _ = os.waitpid(survivor, os.WNOHANG)
later = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("ended" if ended else "lives")
os.kill(survivor, 9) if not ended else None
later.kill()
"""


@pytest.mark.parametrize(
    ("environment", "end"), [({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}, "ended"), ({}, "lives")]
)
def test_what_outlived_a_killed_runner_is_ended_by_the_next(environment, end):
    told = subprocess.run(
        [sys.executable, "-c", INIT, json.dumps(environment)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert told.stdout.split()[-1] == end


def test_outside_of_lambda_no_neighbour_is_touched():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as neighbour:
        end_leftovers({})
        assert neighbour.poll() is None
        neighbour.kill()


def test_removal_follows_no_link_and_takes_single_files(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "gone" / "inner").mkdir()
    (tmp_path / "gone" / "inner" / "link").symlink_to(tmp_path / "kept" / "file")
    (tmp_path / "alone").touch()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for name in ("gone", "alone", "link", "nothing"):
        remove_tree(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "file").exists()


CHILDREN_IGNORED = """
import signal, sys
from pathlib import Path
from testgate.runner.process import Command, run_process

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
here = Path(sys.argv[1])
command = Command(argv=["sh", "-c", "exit 3"], cwd=here, environment={}, output_path=here / "out")
print(run_process(command, timeout_s=60, grace_s=1))
"""


def test_an_exit_code_that_cannot_be_known_is_no_success(tmp_path):
    """A process that ignores the ends of its children is told 0 for each."""
    done = subprocess.run(
        [sys.executable, "-c", CHILDREN_IGNORED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout == ""
    assert "exit codes cannot be known" in done.stderr
