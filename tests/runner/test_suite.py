"""A suite in its child process: what it is told, what it leaves, and how it is stopped."""

import time
from datetime import date

import psutil
import pytest

from testgate.core.evidence import RelayCounts
from testgate.core.fence import Fence
from testgate.core.outcomes import Outcome
from testgate.core.progress import read_progress
from testgate.core.quarantine import QuarantineEntry
from testgate.core.suite_verdict import judge_suite
from testgate.runner.configuration import suite_config
from tests.core.samples import suite as sample_suite
from tests.runner.place import ASK, GREEN, run


@pytest.mark.parametrize(
    "files",
    [
        {"test_a.py": ASK + "def test_url(base_url): ask(base_url)"},
        {"test_a.py": ASK + "import os\ndef test_url(): ask(os.environ['BASE_URL'])"},
        {"test_a.py": ASK + "def test_url(request): ask(request.config.getoption('--base-url'))"},
        {
            "conftest.py": """
            import pytest
            def pytest_addoption(parser): parser.addoption('--base-url', default='http://nowhere')
            @pytest.fixture
            def base_url(request): return request.config.getoption('--base-url') + '/own'
            """,
            "test_a.py": ASK + "def test_url(base_url): ask(base_url, '/own')",
        },
        {
            "pytest.ini": "[pytest]\naddopts = -v\ntestpaths = deep\n",
            "deep/test_a.py": ASK + "def test_url(base_url): ask(base_url)",
        },
    ],
    ids=["fixture", "variable", "option", "suite's own option", "suite's own ini"],
)
def test_a_suite_gets_its_url_however_it_asks(tmp_path, files):
    _, verdict = run(tmp_path, files)
    assert (verdict.outcome, verdict.counts.passed) == (Outcome.PASSED, 1)


def test_a_suite_sees_the_contract_and_nothing_of_the_runner(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("RECORD_BUCKET", "hidden")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    evidence, verdict = run(
        tmp_path,
        {
            "test_a.py": """
            import json, os, pathlib
            import urllib.request
            def test_environment():
                urllib.request.urlopen(os.environ['TESTGATE_BASE_URL'])
                assert not [n for n in os.environ if n.startswith(('AWS_', 'RECORD', 'PYTEST_ADD'))]
                assert os.environ['TESTGATE_SERVICE'] == 'web'
                assert os.environ['TESTGATE_SUITE'] == 'smoke'
                assert os.environ['CI'] == 'true'
                assert json.loads(os.environ['TESTGATE_CONTEXT'])['TESTGATE_SHARD_TOTAL'] == '1'
                assert list(pathlib.Path(os.environ['TESTGATE_RESULTS_DIR']).iterdir()) == []
            """
        },
    )
    assert verdict.outcome is Outcome.PASSED, evidence.tests


@pytest.mark.parametrize("blocking", [True, False])
def test_a_suite_that_ignores_its_url_earns_nothing(tmp_path, blocking):
    evidence, verdict = run(tmp_path, {"test_a.py": "def test_a(): pass"}, blocking=blocking)
    if blocking:
        assert verdict.outcome is Outcome.SUITE_ERROR
        assert verdict.sentence.startswith("suite smoke sent no request to green; does it read")
    else:
        assert (verdict.outcome, evidence.relay) == (Outcome.PASSED, RelayCounts(requests=0))


@pytest.mark.parametrize("blocking", [True, False])
def test_every_suite_goes_through_the_relay_with_greens_host_and_headers(tmp_path, blocking):
    """The suite itself is told neither: a header's value may be a credential."""
    GREEN.seen.clear()
    evidence, verdict = run(
        tmp_path,
        {
            "test_a.py": """
            import os, urllib.request
            def test_a(base_url):
                urllib.request.urlopen(base_url + '/cart')
                assert 'hunter2' not in ' '.join(os.environ.values())
            """
        },
        context={"host": "green.example.com", "headers": {"x-test": "hunter2"}},
        blocking=blocking,
    )
    assert verdict.outcome is Outcome.PASSED, evidence.tests
    ((path, headers),) = GREEN.seen
    assert (path, headers["Host"], headers["x-test"]) == ("/cart", "green.example.com", "hunter2")
    assert evidence.relay == RelayCounts(requests=1, statuses={"200": 1})


def test_what_something_else_would_answer_is_not_asked(tmp_path):
    GREEN.seen.clear()
    evidence, verdict = run(
        tmp_path,
        {
            "test_a.py": """
            import urllib.request
            def test_a(base_url): urllib.request.urlopen(base_url + '/admin')
            """
        },
        context={"fence": Fence(within="/shop/")},
    )
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert "sent no request to green: the request is not for green" in verdict.sentence
    assert "421: Misdirected Request" in verdict.sentence
    assert GREEN.seen == []
    assert evidence.relay is not None
    assert "takes paths that begin with /shop/" in evidence.relay.problem


WRITES_CTRF = """
import json, os, pathlib
def pytest_sessionfinish():
    tests = [{"name": "test_a.py::test_a", "status": STATUS, "duration": 1, "retries": 1}]
    summary = dict.fromkeys(["passed", "failed", "skipped", "pending", "other"], 0)
    results = {"summary": summary | {"tests": 1, STATUS: 1}, "tests": tests}
    report = {"reportFormat": "CTRF", "results": results}
    pathlib.Path(os.environ["TESTGATE_RESULTS_DIR"], "ctrf.json").write_text(json.dumps(report))
"""


@pytest.mark.parametrize(
    ("status", "outcome", "says"),
    [
        ("passed", Outcome.FLAKY, "1 tests in suite smoke passed, 1 of them only when tried again"),
        ("failed", Outcome.SUITE_ERROR, "reports of one run must agree"),
    ],
)
def test_a_ctrf_report_tells_what_pytest_does_not(tmp_path, status, outcome, says):
    conftest = f"STATUS = {status!r}\n" + WRITES_CTRF
    test = ASK + "def test_a(base_url): ask(base_url)"
    _, verdict = run(tmp_path, {"conftest.py": conftest, "test_a.py": test})
    assert (verdict.outcome, says in verdict.sentence) == (outcome, True), verdict.sentence


# What pytest-rerunfailures does, without its options: a failure that is tried again is a "rerun".
RERUNS = """
import pytest
from _pytest.runner import runtestprotocol
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for attempt in (1, 2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        again = attempt == 1 and any(report.failed for report in reports)
        for report in reports:
            if again and report.failed:
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
        if not again:
            break
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
FLAKY = (
    ASK
    + """
tries = []
def test_flaky(base_url):
    ask(base_url)
    tries.append(1)
    assert len(tries) == 2, "too early"
def test_steady(base_url): ask(base_url)
"""
)


@pytest.mark.parametrize("ini", ["", "[pytest]\naddopts = --numprocesses 2\n"], ids=["", "xdist"])
def test_a_test_that_pytest_ran_again_is_flaky(tmp_path, ini):
    files = {"conftest.py": RERUNS, "test_a.py": FLAKY, "pytest.ini": ini or "[pytest]\n"}
    evidence, verdict = run(tmp_path, files)
    told = {test.name: (test.outcome.value, test.message) for test in evidence.tests}
    assert told == {
        "test_a.py::test_flaky": ("flaky", "failed before it passed: too early"),
        "test_a.py::test_steady": ("passed", ""),
    }
    assert (verdict.outcome, verdict.counts.flaky) == (Outcome.FLAKY, 1)


@pytest.mark.parametrize("ini", ["", "[pytest]\naddopts = --numprocesses 2\n"], ids=["", "xdist"])
def test_what_a_failing_pytest_test_printed_is_kept_of_it_alone(tmp_path, ini):
    test = ASK + (
        "import sys, logging\n"
        "def test_good(base_url): ask(base_url); print('nobody asks')\n"
        "def test_bad(base_url):\n"
        "    ask(base_url); print('asked'); print('warned', file=sys.stderr)\n"
        "    logging.warning('logged'); assert False\n"
    )
    evidence, _ = run(tmp_path, {"test_a.py": test, "pytest.ini": ini or "[pytest]\n"})
    printed = {test.name: test.output for test in evidence.tests}
    assert printed["test_a.py::test_good"] == ""
    for said in ("--- Captured stdout call ---\nasked", "warned", "logged"):
        assert said in printed["test_a.py::test_bad"]


def test_a_failing_test_that_prints_megabytes_is_read_all_the_same(tmp_path):
    test = ASK + "def test_a(base_url): ask(base_url); print('x' * 40_000_000); assert False\n"
    evidence, verdict = run(tmp_path, {"test_a.py": test})
    assert (verdict.outcome, len(evidence.tests[0].output)) == (Outcome.FAILED, 4_000)


def test_tests_of_the_packages_that_a_suite_brings_are_not_its_own(tmp_path):
    """certifi's wheel holds some: they would be counted, and make up for tests that are missing."""
    foreign = {"__vendored__/certifi/tests/test_certify.py": "def test_bundle(): pass\n"}
    own = {"test_a.py": ASK + "def test_a(base_url): ask(base_url)"}
    evidence, _ = run(tmp_path, foreign | own)
    assert [test.name for test in evidence.tests] == ["test_a.py::test_a"]
    assert evidence.collected is not None
    assert evidence.collected.total == 1


LATE_OPTION = """
import pytest
@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(early_config, parser):
    yield
    parser.addoption("--base-url", default=None)
"""


def test_a_plugin_may_bring_its_option_as_late_as_pytest_playwright_does(tmp_path):
    ini = "[pytest]\naddopts = -p late\n"
    test = ASK + "def test_a(base_url): ask(base_url)"
    _, verdict = run(tmp_path, {"late.py": LATE_OPTION, "pytest.ini": ini, "test_a.py": test})
    assert verdict.outcome is Outcome.PASSED


@pytest.mark.parametrize("shard", [1, 2])
def test_xdist_runs_a_shard_and_tells_its_progress_once(tmp_path, shard):
    test = (
        ASK
        + """
import pytest
@pytest.mark.parametrize("n", range(6))
def test_a(base_url, n): ask(base_url)
"""
    )
    files = {"test_a.py": test, "pytest.ini": "[pytest]\naddopts = --numprocesses 2\n"}
    evidence, _ = run(tmp_path, files, shard=shard, shards=2)
    assert evidence.collected is not None
    assert (evidence.collected.total, evidence.collected.selected) == (6, 3)
    first = 3 * (shard - 1)
    names = sorted(test.name for test in evidence.tests)
    assert names == [f"test_a.py::test_a[{n}]" for n in range(first, first + 3)]
    progress = read_progress((tmp_path / "progress.txt").read_text().splitlines())
    assert (progress.ended, progress.total) == (3, 3)
    assert sorted(test.name for test in progress.newest) == names


ASKS = """
import os, urllib.request
def pytest_sessionstart(): urllib.request.urlopen(os.environ["BASE_URL"])
"""


def test_failures_come_with_message_place_and_trace(tmp_path):
    _, verdict = run(
        tmp_path,
        {
            "conftest.py": ASKS,
            "test_a.py": "def test_x():\n    assert 500 == 201, '500, expected 201'\n",
        },
    )
    (failure,) = verdict.failures
    assert verdict.outcome is Outcome.FAILED
    assert failure.message == "500, expected 201"
    assert (failure.file, failure.line) == ("test_a.py", 2)
    assert "assert 500 == 201" in failure.trace


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"test_a.py": "def helper(): pass"}, "collected no tests"),
        ({"test_a.py": "import nothing_like_it"}, "nothing_like_it"),
        (
            {"test_a.py": "import pytest\n@pytest.mark.skip\ndef test_a(): pass"},
            "1 tests were skipped",
        ),
        ({"pytest.ini": "[pytest]\naddopts = --no-such-option"}, "called wrongly"),
        ({"test_a.py": "import os\ndef test_a(): os._exit(0)"}, "junit.xml was not written"),
        (
            {
                "conftest.py": "def pytest_sessionfinish(session): session.exitstatus = 0",
                "test_a.py": "def test_a(): assert False",
            },
            "they must agree",
        ),
        (
            {
                "test_a.py": "import pytest\ndef test_a(): pass\n"
                "def test_b(): pytest.exit('enough', returncode=0)\ndef test_c(): assert False"
            },
            "interrupted before its end",
        ),
    ],
    ids=["nothing", "import", "skipped", "usage", "no report", "exit 0", "stopped"],
)
def test_a_broken_suite_is_a_suite_error(tmp_path, files, says):
    _, verdict = run(tmp_path, files)
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert says in verdict.sentence


def test_configuration_above_the_suite_does_not_reach_it(tmp_path):
    """The function that runs suites is shared: another suite may have left files around."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k test_good\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('reached')\n")
    place = tmp_path / "run"
    place.mkdir()
    _, verdict = run(
        place,
        {
            "conftest.py": ASKS,
            "test_a.py": "def test_good(): pass\ndef test_bad(): assert False",
        },
    )
    assert (verdict.outcome, verdict.counts.ran) == (Outcome.FAILED, 2)


@pytest.mark.parametrize(
    ("name", "text", "own"),
    [
        ("pytest.ini", "", True),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", True),
        ("pyproject.toml", "[tool.ruff]\n", False),
        ("pyproject.toml", "broken", True),
        ("tox.ini", "[pytest]\n", True),
        ("tox.ini", "[tox]\n", False),
        ("setup.cfg", "[tool:pytest]\n", True),
        ("setup.cfg", "broken", True),
        ("notes.ini", "[pytest]\n", False),
    ],
)
def test_a_suites_own_configuration_is_found_by_pytests_rules(tmp_path, name, text, own):
    (tmp_path / name).write_text(text)
    assert suite_config(tmp_path) == (tmp_path / name if own else None)


def test_a_suite_killed_from_outside_is_told(tmp_path):
    _, verdict = run(
        tmp_path,
        {"test_a.py": "import os, signal\ndef test_a(): os.kill(os.getpid(), signal.SIGKILL)"},
    )
    assert verdict.outcome is Outcome.INFRA_ERROR
    assert "signal 9" in verdict.sentence


def test_a_suite_past_its_timeout_is_stopped_and_keeps_what_it_has(tmp_path):
    began = time.monotonic()
    evidence, verdict = run(
        tmp_path,
        {
            "test_a.py": """
            import time
            def test_first(): pass
            def test_second(): time.sleep(600)
            """
        },
        timeout_s=8,
    )
    assert time.monotonic() - began < 60
    assert evidence.timed_out
    assert verdict.outcome is Outcome.TIMED_OUT
    assert "timed out after 8 s; 1 tests had ended by then, 0 of them failed" in verdict.sentence


def test_the_gates_deadline_cuts_a_suites_own_time(tmp_path):
    evidence, verdict = run(
        tmp_path,
        {"test_a.py": "import time\ndef test_a(): time.sleep(600)"},
        timeout_s=600,
        deadline_s=2.0,
    )
    assert evidence.timed_out
    assert "was cut by the gate's deadline after 2 s of its 600 s" in verdict.sentence


def test_a_suite_that_ignores_the_stop_is_killed_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr("testgate.runner.suite.GRACE_S", 0.5)
    pid_file = tmp_path / "child.pid"
    evidence, verdict = run(
        tmp_path,
        {
            "test_a.py": f"""
            import pathlib, signal, subprocess, sys, time
            def test_a():
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
                pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))
                time.sleep(600)
            """
        },
        timeout_s=3,
    )
    assert evidence.exit_code is None
    assert verdict.outcome is Outcome.TIMED_OUT
    pid = int(pid_file.read_text())
    for _ in range(200):
        if not _alive(pid):
            break
        time.sleep(0.01)
    assert not _alive(pid)


def _alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


MANY = """
import os, pytest
@pytest.mark.parametrize('n', range(7))
def test_n(base_url, n): ask(base_url)
class TestMore:
    def test_a(self, base_url): ask(base_url)
    def test_b(self, base_url): ask(base_url)
"""


def shard_of(tmp_path, shard, shards, files):
    place = tmp_path / str(shard)
    place.mkdir()
    evidence, _ = run(place, files, shard=shard, shards=shards)
    return evidence


def test_shards_run_each_test_once_without_a_change_to_the_suite(tmp_path):
    shards = 4
    left = [
        shard_of(tmp_path, n, shards, {"test_a.py": ASK + MANY, "test_b.py": ASK + MANY})
        for n in range(1, shards + 1)
    ]
    verdict = judge_suite(sample_suite(shards=shards), left)
    assert (verdict.outcome, verdict.counts.passed) == (Outcome.PASSED, 18)
    sizes = [len(evidence.tests) for evidence in left]
    assert max(sizes) - min(sizes) <= 1


def test_more_shards_than_tests_leave_some_with_nothing_to_do(tmp_path):
    files = {"test_a.py": ASK + "def test_one(base_url): ask(base_url)"}
    left = [shard_of(tmp_path, n, 2, files) for n in (1, 2)]
    verdict = judge_suite(sample_suite(shards=2), left)
    assert sorted(evidence.exit_code for evidence in left) == [0, 5]
    assert (verdict.outcome, verdict.counts.passed) == (Outcome.PASSED, 1)


def test_tests_whose_names_differ_from_run_to_run_cannot_be_sharded(tmp_path):
    random = ASK + (
        "import pytest, uuid\n"
        "@pytest.mark.parametrize('id', [uuid.uuid4().hex, uuid.uuid4().hex])\n"
        "def test_n(base_url, id): ask(base_url)\n"
    )
    left = [shard_of(tmp_path, n, 2, {"test_a.py": random}) for n in (1, 2)]
    verdict = judge_suite(sample_suite(shards=2), left)
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert "its shards collected different tests" in verdict.sentence


def test_a_suite_that_chooses_its_tests_is_sharded_by_what_it_chose(tmp_path):
    files = {"pytest.ini": "[pytest]\naddopts = -k TestMore\n", "test_x.py": ASK + MANY}
    left = [shard_of(tmp_path, n, 2, files) for n in (1, 2)]
    assert judge_suite(sample_suite(shards=2), left).counts.passed == 2


def test_requests_are_measured_for_thresholds(tmp_path):
    evidence, _ = run(tmp_path, {"test_a.py": ASK + "def test_url(base_url): ask(base_url)"})
    assert evidence.metrics["requests"] == 1
    assert 0 < evidence.metrics["response_p95_ms"] <= evidence.metrics["response_max_ms"]
    assert evidence.metrics["duration_s"] > 0


def test_a_run_that_stops_at_a_quarantined_failure_does_not_pass(tmp_path):
    tests = "".join(f"def test_a{n}(): pass\n" for n in range(8))
    entry = QuarantineEntry(
        test="test_a.py::test_q", owner="shop", reason="known", expires=date(2099, 1, 1)
    )
    evidence, _ = run(
        tmp_path,
        {
            "conftest.py": ASKS,
            "pytest.ini": "[pytest]\naddopts = -x\n",
            "test_a.py": f"{tests}def test_q(): assert 0\ndef test_z(): assert 0\n",
        },
        quarantine=(entry,),
    )
    verdict = judge_suite(sample_suite(quarantine=(entry,)), [evidence], date(2026, 11, 23))
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert "reported 9 tests, 10 were to run; does it end at its first failure?" in verdict.sentence
