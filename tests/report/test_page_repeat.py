"""The commands that repeat what failed: quoted for a shell, and such that they fail alike."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from testgate.core.outcomes import Outcome
from testgate.report.html import render_html
from testgate.report.page_repeat import LOCALLY, again, one_test, start_image
from testgate.report.reading import read_record
from testgate.report.view import TestView
from tests.report import records
from tests.report.page import read_page

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "sha256:" + "a" * 64
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.2.0"
REMOTE = "http://web-1234567890.us-east-1.elb.amazonaws.com:9001"
LOCAL = "http://127.1.2.3:9001"


def failed(name):
    return TestView(name=name, outcome=Outcome.FAILED)


@pytest.mark.parametrize(
    "name",
    [
        "test_a.py::test_b",
        'test_a.py::TestA::test_b[it\'s a $(touch x) `y` "z"]',
        "test_a.py::test_b[; rm -rf /]",
        "test_a.py",
    ],
)
def test_one_test_is_one_word_of_the_command(name):
    words = shlex.split(one_test(failed(name), REMOTE) or "")
    assert words == [
        "env",
        f"BASE_URL={REMOTE}",
        "python",
        "-m",
        "pytest",
        "-p",
        "testgate.runner.pytest_plugin",
        name,
    ]


@pytest.mark.parametrize("name", ["POST /cart", "shop.Test::test", "-c x", "a.py::b\nrm", ""])
def test_what_is_no_test_of_pytest_has_no_command_of_its_own(name):
    assert one_test(failed(name), REMOTE) is None


@pytest.mark.parametrize(
    ("image", "digest", "port", "url", "command"),
    [
        (ECR, "", 80, REMOTE, f"docker run --rm --publish 127.0.0.1:8080:80 {ECR}"),
        (ECR, DIGEST, 80, REMOTE, f"docker run --rm --publish 127.0.0.1:8080:80 {ECR}@{DIGEST}"),
        (
            f"a@{DIGEST}",
            DIGEST,
            None,
            REMOTE,
            f"docker run --rm --publish 127.0.0.1:8080:8080 a@{DIGEST}",
        ),
        ("a;b", "", 80, REMOTE, "docker run --rm --publish 127.0.0.1:8080:80 'a;b'"),
        (
            "example.com/shop:1.2.0",
            "",
            80,
            LOCAL,
            "env PORT=8080 SHOP_VERSION=1.2.0 python -m shop",
        ),
        ("shop", "", 80, LOCAL, "env PORT=8080 python -m shop"),
        ("example.com/web:1", "", 80, LOCAL, None),
        ("", "", 80, REMOTE, None),
    ],
)
def test_the_recorded_image_is_started_by_its_digest_where_it_is_known(
    image, digest, port, url, command
):
    run = read_record(records.refused())
    run = replace(run, image=image, image_digest=digest, target_port=port, base_url=url)
    assert start_image(run) == command


def test_what_the_rule_of_green_asks_for_is_asked_of_the_reader_once():
    run = read_record(records.refused() | {"config": {"TEST_HEADERS": ["X-Test"]}})
    run = replace(run, host="green.example; x", header_names=("x-test", "x-other"))
    (suite,) = run.suites
    found = again(run, suite, "--test=a b; c", green_lives=True)
    assert found is not None
    assert shlex.split(found.command) == [
        *("testgate", "repeat", records.EXECUTION, "--url", REMOTE, "--suite", "smoke"),
        *("--test=a b; c", "--host", "green.example; x"),
    ]
    assert [need for need in found.needs if "--header" in need] == [
        "with --header X-Test=…, which the record does not tell",
        "with --header x-other=…, which the record does not tell",
    ]
    later = again(run, suite)
    assert later is not None
    assert shlex.split(later.command) == [
        *("testgate", "repeat", records.EXECUTION, "--suite", "smoke"),
    ]
    assert later.needs == ()


def test_the_page_names_green_first_and_its_image_afterwards():
    root = read_page(render_html(records.refused()))
    text = root.one("section", id="repeat").text
    order = (
        "While green lives",
        "Green was seen until 2026-11-23 08:00:09 UTC",
        f"testgate repeat {records.EXECUTION} --url {REMOTE} --suite smoke",
        "--suite smoke --whole-suite",
        "Afterwards",
        f"testgate repeat {records.EXECUTION} --suite smoke",
        "By hand",
        "docker run --rm",
        f"env BASE_URL={LOCALLY} python -m pytest",
    )
    at = [text.find(part) for part in order]
    assert -1 not in at
    assert at == sorted(at)
    third = root.one("details", id="failure-3").text
    assert "--test=test_orders.py::TestOrders::test_order_is_listed" in third


def test_of_a_run_against_a_url_nothing_is_stored_to_repeat_but_the_gate_file():
    nowhere = {"deployment": "", "execution_arn": "", "image": ""}
    text = read_page(render_html(records.refused() | nowhere)).one("section", id="repeat").text
    assert f"testgate run smoke --url {REMOTE}" in text
    assert "testgate repeat" not in text
    assert "Afterwards" not in text


def test_a_pass_has_nothing_to_repeat():
    assert "Repeat it" not in render_html(records.promoted())


@pytest.fixture
def broken_shop():
    """The URL of the example shop, whose checkout fails."""
    environment = {**os.environ, "PORT": "0", "SHOP_FAULT": "checkout", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "shop"]
    with subprocess.Popen(
        command, cwd=ROOT / "examples", env=environment, stderr=subprocess.PIPE, text=True
    ) as shop:
        assert shop.stderr is not None
        yield next(word for word in shop.stderr.readline().split() if word.startswith("http"))
        shop.terminate()


@pytest.mark.parametrize(
    ("name", "code"), [("test_checkout.py::test_checkout", 1), ("test_health.py", 0)]
)
def test_the_command_of_one_test_fails_as_the_gate_run_did(name, code, broken_shop, tmp_path):
    """As the page has it, pasted into a shell in the suite's directory."""
    suite = shutil.copytree(ROOT / "test_suites" / "shop_smoke", tmp_path / "suite")
    command = one_test(failed(name), broken_shop)
    assert command is not None
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=suite,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ("assert 500 == 201" in ran.stdout) == bool(code)
