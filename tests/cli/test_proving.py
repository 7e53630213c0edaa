"""What a suite does where nothing answers decides whether it may be published."""

import socket
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from testgate.cli.proving import dead_url, judge_proof, prove, urls_in
from testgate.cli.publishing import prepare_publication
from testgate.core.canonical import digest_of
from testgate.core.evidence import Collected, Crash, RelayCounts, Run, TestResult
from testgate.core.outcomes import Outcome
from testgate.core.quarantine import QuarantineEntry
from tests.core.samples import evidence, plan, suite


def of(*outcomes):
    return tuple(
        TestResult(name=f"test_{number}", outcome=outcome)
        for number, outcome in enumerate(outcomes)
    )


def left(tests, **changes):
    return evidence(plan(), *tests, relay=RelayCounts(requests=0, statuses={}), **changes)


TODAY = date(2026, 11, 25)
PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tests": of(FAILED, FAILED)}, "2 tests; it does not pass where nothing answers"),
        (
            {"tests": of(FAILED, PASSED)},
            "2 tests; it does not pass where nothing answers, 1 of them pass there all the same",
        ),
        ({"tests": (), "timed_out": True}, "does not end within 60 s where nothing answers"),
        ({"tests": of(SKIPPED)}, "1 tests; it does not pass where nothing answers"),
        (
            {"tests": (), "report_problem": "no report was left", "output_tail": ""},
            "it broke where nothing answers, and so did not pass there: suite smoke left no usable "
            "report: no report was left",
        ),
        (
            {"tests": (), "exit_code": 2, "output_tail": "E   KeyError: 'TENANT'"},
            "it broke where nothing answers, and so did not pass there: suite smoke: pytest was "
            "interrupted, or its tests could not be collected (exit code 2); it said: "
            "E   KeyError: 'TENANT' (KeyError: 'TENANT')",
        ),
    ],
)
def test_a_suite_that_does_not_pass_there_may_be_published(given, says):
    proof = judge_proof(suite(min_tests=1), left(**given), TODAY)
    assert (proof.problem, proof.says) == (None, says)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"tests": of(PASSED, PASSED, SKIPPED)},
            "suite 'smoke' passes where nothing answers, all 2 tests of it: it does not test what "
            "BASE_URL names, and would let every version pass; it names test_a.py:3 http://shop",
        ),
        (
            {"tests": of(PASSED)},
            "suite 'smoke' passes where nothing answers: it does not test what BASE_URL names, and "
            "would let every version pass; it names test_a.py:3 http://shop",
        ),
        (
            {"tests": (), "exit_code": 2, "output_tail": "x\nE   ImportError: no shop\nlast"},
            "suite smoke: pytest was interrupted, or its tests could not be collected (exit code "
            "2); it said: last (ImportError: no shop)",
        ),
        (
            {
                "tests": of(FAILED),
                "timed_out": True,
                "collected": Collected(digest=digest_of("x"), total=1, selected=1),
                "min": 9,
            },
            "suite 'smoke' has 1 tests, and its min_tests is 9",
        ),
        (
            {
                "tests": of(FAILED),
                "collected": Collected(digest=digest_of("x"), total=3, selected=1),
                "min": 5,
            },
            "suite 'smoke' has 3 tests, and its min_tests is 5",
        ),
    ],
)
def test_a_suite_that_must_not_be_published_says_why(given, problem):
    least = given.pop("min", 1)
    proof = judge_proof(suite(min_tests=least), left(**given), TODAY, ["test_a.py:3 http://shop"])
    assert proof.problem == problem


def test_an_advisory_suite_that_passes_there_is_only_told():
    proof = judge_proof(suite(blocking=False, min_tests=1), left(tests=of(PASSED)), TODAY)
    assert proof.problem is None
    assert proof.says == "passes where nothing answers; it is advisory"


def test_what_quarantine_leaves_must_be_enough():
    entries = tuple(
        QuarantineEntry(
            test=f"test_{number}", owner="o", reason="r", expires=TODAY + timedelta(days=1)
        )
        for number in range(2)
    )
    ten = left(of(*[FAILED] * 10))
    few = judge_proof(suite(min_tests=9, quarantine=entries), ten, TODAY)
    assert (
        few.problem == "suite 'smoke' has 10 tests, 2 of them quarantined, and its min_tests is 9"
    )
    assert judge_proof(suite(min_tests=8, quarantine=entries), ten, TODAY).problem is None
    four = left(of(*[FAILED] * 4))
    many = judge_proof(suite(min_tests=1, quarantine=entries), four, TODAY)
    assert many.problem == "suite 'smoke' has 2 of 4 tests quarantined, at most 20 % may be"
    later = TODAY + timedelta(days=2)
    assert judge_proof(suite(min_tests=4, quarantine=entries), four, later).problem is None


def test_a_runner_that_broke_is_told():
    crash = Crash(run=Run(suite="smoke", shard=1), error="RunnerError", cause="no room")
    assert judge_proof(suite(), crash, TODAY).problem == "suite 'smoke' could not be run: no room"


def test_nobody_ever_listens_there():
    with dead_url() as url:
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", urlsplit(url).port or 0))


GATE = 'schema = 1\n[gate]\nname = "g"\n'
ASK = "import requests, os\n"


def test_suites_are_run_side_by_side_and_each_is_judged(tmp_path):
    suites = {
        "good": ASK + "def test_a(base_url): assert requests.get(base_url).status_code == 200\n",
        "elsewhere": ASK + "URL = 'http://shop.internal:8080/cart'  # not http://localhost:1\n"
        "def test_a(): pass\ndef test_b(): pass\n",
        "broken": "import no_such_module\n",
    }
    text = GATE
    for name, code in suites.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "test_it.py").write_text(code)
        text += f'[[suites]]\nname = "{name}"\npath = "{name}"\nattempts = 2\n'
    (tmp_path / "testgate.toml").write_text(text)
    publication = prepare_publication(tmp_path / "testgate.toml")
    proofs = prove(publication.bundles, publication.plan.suites, {}, 2, lambda _: None)
    good, elsewhere, broken = proofs
    assert (good.problem, good.says) == (None, "1 tests; it does not pass where nothing answers")
    assert str(elsewhere.problem).endswith("it names test_it.py:2 http://shop.internal:8080")
    assert "No module named 'no_such_module'" in str(broken.problem)
    (bundle,) = [publication.bundles[s.bundle] for s in publication.plan.suites if s.name == "good"]
    assert urls_in(bundle) == []
    assert prove({}, [], {}, 1, lambda _: None) == []
