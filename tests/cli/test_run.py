"""`testgate run`: what a gate would say, without AWS, in a process of its own."""

import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from testgate.cli.publishing import prepare_publication
from testgate.cli.running import Against, context_of, jobs_of, selected
from testgate.core.errors import InputError
from tests.core.samples import plan

ASK = """
import os, requests
def get(path="/"): return requests.get(os.environ["BASE_URL"] + path)
"""
GOOD = ASK + "def test_good(): assert get().status_code == 200\n"
BAD = GOOD + "def test_bad(): assert get('/bad').status_code == 200, 'it is bad'\n"


class Green(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        told = dict(self.headers) if self.path == "/headers" else {}
        body = json.dumps(told).encode()
        self.send_response(500 if self.path == "/bad" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Green) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Gate:
    """A gate file beside its suites, and `testgate run` there."""

    def __init__(self, directory):
        self.directory = directory
        self.text = 'schema = 1\n[gate]\nname = "g"\n'
        self.environment = {"PATH": os.environ["PATH"], "COLUMNS": "120"}

    def suite(self, name, code, **keys):
        (self.directory / name).mkdir()
        (self.directory / name / "test_it.py").write_text(code)
        pairs = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        self.text += f'[[suites]]\nname = "{name}"\npath = "{name}"\n{pairs}'
        (self.directory / "testgate.toml").write_text(self.text)
        return self

    def command(self, *arguments):
        return [sys.executable, "-m", "testgate", "run", *arguments]

    def run(self, *arguments):
        return subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def record(self, *arguments, code):
        done = self.run("--json", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


def test_a_pass_is_told_with_its_counts_and_exits_zero(gate, url):
    done = gate.suite("smoke", GOOD).run("--url", url)
    assert done.returncode == 0, done.stderr
    assert f"PASSED  gate g against {url}" in done.stdout
    assert "1 of 1 tests passed (smoke)" in done.stdout
    assert "suite smoke  1 tests, 0 not passed, exit code 0 in " in done.stdout


def test_a_failure_is_the_gates_sentence_and_the_test(gate, url):
    done = gate.suite("smoke", BAD).run("--url", url)
    assert done.returncode == 1
    assert (
        "1 of 2 tests in suite smoke failed (allowed 0); first: test_it.py::test_bad"
        in " ".join(done.stdout.split())
    )
    assert "First failing test  test_it.py::test_bad  (suite smoke)" in done.stdout


@pytest.mark.parametrize(
    ("code", "exit_code", "said"),
    [
        ("def test_asks_nobody(): pass\n", 3, "sent no request"),
        ("import nothing_of_that_name\n", 3, "nothing_of_that_name"),
        ("", 3, "suite smoke"),
        (ASK + "import os, signal\ndef test_dies(): get(); os.kill(os.getpid(), 9)\n", 4, "signal"),
    ],
    ids=["asks nobody", "cannot be imported", "collects nothing", "dies"],
)
def test_a_broken_suite_is_no_failing_product(gate, url, code, exit_code, said):
    done = gate.suite("smoke", code).run("--url", url)
    assert done.returncode == exit_code, done.stdout
    assert said in done.stdout


def test_a_suite_past_its_timeout_has_timed_out(gate, url):
    hanging = GOOD + "import time\ndef test_hangs(): time.sleep(60)\n"
    record = gate.suite("smoke", hanging, timeout_s=2).record("--url", url, code=5)
    assert record["outcome"] == "timed_out"


def test_waves_attempts_and_shards_are_as_in_the_gate(gate, url):
    flaky = ASK + (
        "def test_flaky():\n    get()\n    assert os.environ['TESTGATE_ATTEMPT'] == '2'\n"
    )
    many = ASK + "import pytest\n@pytest.mark.parametrize('n', range(5))\ndef test_n(n): get()\n"
    gate.suite("probe", flaky, wave=1, attempts=2)
    gate.suite("many", many, wave=2, shards=2)
    gate.suite("bad", BAD, wave=3)
    gate.suite("late", GOOD, wave=4)
    record = gate.record("--url", url, "--jobs", "2", code=1)
    outcomes = {suite["name"]: suite["outcome"] for suite in record["suites"]}
    assert outcomes == {"probe": "flaky", "many": "passed", "bad": "failed", "late": "skipped"}
    assert [suite["counts"]["total"] for suite in record["suites"]] == [1, 5, 2, 0]
    assert record["suites"][0]["attempts"] == 2


def test_one_suite_can_be_run_alone_an_advisory_one_too(gate, url):
    gate.suite("smoke", GOOD).suite("extra", BAD, blocking=False)
    assert gate.run("--url", url).returncode == 0
    assert gate.run("smoke", "--url", url).returncode == 0
    record = gate.record("extra", "--url", url, code=1)
    assert [suite["name"] for suite in record["suites"]] == ["extra"]


def test_suites_see_the_contract_and_headers_reach_the_service(gate, url):
    gate.suite(
        "smoke",
        ASK
        + """
def test_contract():
    told = {name.lower(): value for name, value in get("/headers").json().items()}
    assert (told["x-pass"], told["host"]) == ("sesame-123456", "shop.example.com")
    assert os.environ["TESTGATE_PARAMETER_COLOUR"] == "green"
    assert os.environ["TESTGATE_RUN_ID"].startswith("local-")
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ
    print(told)
    assert False, "shown"
""",
    )
    gate.environment["AWS_SECRET_ACCESS_KEY"] = "x"
    arguments = ["--header", "X-Pass=sesame-123456", "--host", "shop.example.com"]
    arguments += ["--parameter", "COLOUR=green", "--output", "out"]
    done = gate.run("--url", url, *arguments)
    assert done.returncode == 1
    assert "AssertionError: shown" in done.stdout
    written = [path for path in (gate.directory / "out").rglob("*") if path.is_file()]
    assert {path.name for path in written} == {
        *("report.html", "report.md", "junit.xml", "ctrf.json", "record.json", "smoke-1-1-0.txt")
    }
    everything = done.stdout + "".join(path.read_text() for path in written)
    assert "sesame" not in everything


def test_nobody_at_the_url_is_told_before_the_tests_fail(gate):
    done = gate.suite("smoke", GOOD).run("--url", "http://127.0.0.1:1")
    assert done.returncode == 4
    assert "requests of suite smoke reached green: green at 127.0.0.1:1 could not be" in done.stdout
    assert "nothing listens at http://127.0.0.1:1: Connection refused" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no URL: give --url, or set TESTGATE_URL"),
        (["--url", "localhost:80"], "--url: got 'localhost:80', expected something like http://"),
        (["--url", "http://user:secretword@x"], "--url"),
        (["--url", "http://x:99999"], "--url"),
        (["--url", "http://127.0.0.1:0"], "--url"),
        (["--url", f"http://{'a' * 64}.com"], "--url"),
        (["--url", "http://x/é"], "--url"),
        (["--url", "http://x", "--output", "testgate.toml"], "--output: cannot write to testgate"),
        (["--url", "http://x/?a=1"], "--url"),
        (["--url", "http://[::1"], "--url"),
        (["nope", "--url", "http://x"], "gate 'g' has no suite 'nope'; it has smoke"),
        (["--url", "http://x", "--header", "Host=a"], "--header: Host is what --host is for"),
        (
            ["--url", "http://x", "--header", "secret"],
            "--header: got 'secret', expected NAME=VALUE",
        ),
        (["--url", "http://x", "-f", "none.toml"], "cannot read the gate file none.toml"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_run(gate, arguments, said):
    done = gate.suite("smoke", GOOD).run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "secretword" not in done.stderr


@pytest.fixture
def hanging(gate, url, tmp_path):
    """A run whose suite hangs and has started something in a session of its own; and who must be
    gone with it."""
    pids = tmp_path / "pids"
    gate.suite(
        "smoke",
        ASK
        + f"""
import subprocess, time
def test_starts_others():
    get()
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with open({str(pids)!r}, "w") as file: file.write(f"{{os.getpid()}} {{child.pid}} ")
    time.sleep(600)
""",
    )
    with contextlib.ExitStack() as ending:

        def start(*before):
            running = subprocess.Popen(
                [*before, *gate.command("--url", url)],
                cwd=gate.directory,
                env=gate.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            ending.callback(running.wait)
            ending.callback(running.kill)
            until(lambda: pids.exists() and pids.read_text().endswith(" "))
            return running, list(map(int, pids.read_text().split()))

        yield start


@pytest.mark.parametrize(
    ("number", "whole_group", "code"),
    [
        (signal.SIGINT, True, 130),
        (signal.SIGTERM, False, 143),
        (signal.SIGTERM, True, 143),
        (signal.SIGHUP, True, 129),
        (signal.SIGKILL, False, -signal.SIGKILL),
    ],
    ids=[
        "as a terminal interrupts",
        "as CI cancels",
        "as timeout ends a group",
        "as a terminal closes",
        "killed",
    ],
)
def test_nothing_that_a_suite_has_started_is_left(hanging, number, whole_group, code):
    running, left = hanging()
    (os.killpg if whole_group else os.kill)(running.pid, number)
    assert running.wait(30) == code
    until(lambda: not any(map(lives, left)))


def test_an_interrupted_suite_may_take_away_its_test_data(gate, url, tmp_path):
    begun, gone = tmp_path / "begun", tmp_path / "gone"
    gate.suite(
        "smoke",
        ASK
        + f"""
import pathlib, pytest, time
@pytest.fixture
def cart():
    yield pathlib.Path({str(begun)!r})
    pathlib.Path({str(gone)!r}).write_text(str(get("/cart").status_code))
def test_cart(cart):
    cart.touch()
    time.sleep(600)
""",
    )
    running = subprocess.Popen(
        gate.command("--url", url),
        cwd=gate.directory,
        env=gate.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    until(begun.exists)
    os.killpg(running.pid, signal.SIGINT)
    printed, _ = running.communicate(timeout=60)
    assert (running.returncode, gone.read_text()) == (130, "200")
    assert "interrupted: what runs gets 10 s to clean up" in printed


def test_nothing_is_left_for_who_keeps_pressing_ctrl_c(hanging):
    running, left = hanging()
    pause = threading.Event()
    while running.poll() is None:
        os.killpg(running.pid, signal.SIGINT)
        pause.wait(0.002)
    until(lambda: not any(map(lives, left)))


def test_in_the_background_a_run_does_not_hear_ctrl_c_and_leaves_nothing_when_ended(hanging):
    """A shell starts its background jobs with the signal ignored."""
    running, left = hanging("sh", "-c", 'trap "" INT HUP; exec "$@"', "sh")
    os.killpg(running.pid, signal.SIGINT)
    os.killpg(running.pid, signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.5)
    assert all(map(lives, left))
    os.kill(running.pid, signal.SIGTERM)
    assert running.wait(30) == 143
    until(lambda: not any(map(lives, left)))


def test_a_suite_that_ends_its_runner_ends_no_other(gate, url):
    killer = ASK + "import os\ndef test_kills(): get(); os.kill(os.getppid(), 9)\n"
    gate.suite("killer", killer, blocking=False).suite("smoke", GOOD).suite("late", GOOD, wave=2)
    record = gate.record("--url", url, "--jobs", "2", code=0)
    outcomes = {suite["name"]: suite["outcome"] for suite in record["suites"]}
    assert outcomes == {"killer": "infra_error", "smoke": "passed", "late": "passed"}


@pytest.mark.parametrize(
    ("parallel", "jobs", "at_once", "limit_s"),
    [(10, 1, 1, 700), (10, 4, 4, 210), (10, 10, 10, 70), (2, 8, 2, 70), (1, 1, 1, 70)],
)
def test_fewer_jobs_than_in_the_gate_have_more_time(parallel, jobs, at_once, limit_s):
    of_gate = replace(plan(), timeout_s=70, parallel=parallel)
    against = Against(url="http://green", jobs=jobs)
    begun = datetime(2026, 11, 23, tzinfo=UTC)
    assert jobs_of(of_gate, against) == at_once
    assert context_of(of_gate, against, begun).deadline == begun + timedelta(seconds=limit_s)


def test_odd_things_in_the_place_of_the_output_hold_nobody_up(gate, url):
    odd = ASK + (
        "import pathlib\n"
        "def test_odd():\n"
        "    get()\n"
        "    output = pathlib.Path(os.environ['TESTGATE_RESULTS_DIR']).parent / 'output.txt'\n"
        "    output.unlink(); os.mkfifo(output)\n"
        "    deep = pathlib.Path(os.environ['TMPDIR'])\n"
        "    os.chdir(deep)\n"
        "    for _ in range(1500): os.mkdir('d'); os.chdir('d')\n"
    )
    assert gate.suite("smoke", odd).run("--url", url, "-o", "out").returncode == 0


def until(holds):
    pause, deadline = threading.Event(), time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.05)


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_unknown_suite_is_told_with_those_there_are(gate):
    plan = prepare_publication(gate.suite("smoke", GOOD).directory / "testgate.toml").plan
    with pytest.raises(InputError, match="gate 'g' has no suite 'x'; it has smoke"):
        selected(plan, ["x"])
