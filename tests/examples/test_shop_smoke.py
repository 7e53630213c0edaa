"""The example suite, run by plain pytest, passes on a good shop and finds each fault."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest

from testgate.core.gatefile import parse_gate_file
from tests.examples.conftest import ROOT, StartShop

TODAY = date(2026, 11, 23)
GATE_FILE = ROOT / "test_suites" / "testgate.toml"


Results = dict[str, str | None]


def run_suite(base_url: str, tmp_path: Path) -> Results:
    """Test name, with its file, to the first line of its failure, None if it passed."""
    report = tmp_path / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-c", os.devnull]
    command += ["-p", "testgate.runner.pytest_plugin"]
    command += ["-p", "no:cacheprovider", f"--rootdir={suite_path()}", f"--junitxml={report}"]
    environ = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        [*command, str(suite_path())],
        cwd=tmp_path,
        env={**environ, "BASE_URL": base_url},
        stdout=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    cases = ElementTree.parse(report).iter("testcase")
    return {f"{c.get('classname')}::{c.get('name')}": first_failure(c) for c in cases}


def first_failure(case: ElementTree.Element) -> str | None:
    problem = next((e for e in case if e.tag in {"failure", "error"}), None)
    return None if problem is None else str(problem.get("message")).splitlines()[0]


def suite_path() -> Path:
    return GATE_FILE.parent / parse_gate_file(GATE_FILE.read_text("utf-8"), TODAY).suites[0].path


@pytest.fixture(scope="module")
def good_results(shop_url, tmp_path_factory) -> Results:
    return run_suite(shop_url, tmp_path_factory.mktemp("good"))


def test_gate_file_asks_for_no_more_tests_than_there_are(good_results):
    gate_file = parse_gate_file(GATE_FILE.read_text("utf-8"), TODAY)
    assert gate_file.gate == "shop"
    assert [suite.name for suite in gate_file.suites] == ["smoke"]
    assert 10 <= gate_file.suites[0].min_tests <= len(good_results)


def test_good_shop_passes_every_test(good_results):
    assert {name: failure for name, failure in good_results.items() if failure} == {}


def test_broken_checkout_fails_exactly_the_checkout_tests(start_shop: StartShop, tmp_path):
    results = run_suite(start_shop(SHOP_FAULT="checkout").url, tmp_path)
    failures = {name: failure for name, failure in results.items() if failure}
    assert set(failures) == {name for name in results if name.startswith("test_checkout::")}
    message = failures["test_checkout::test_checkout"]
    assert message == "AssertionError: 500, expected 201"


@pytest.mark.parametrize(
    ("fault", "test", "failure"),
    [
        ("unhealthy", "test_health::test_health_is_ok", "503, expected 200"),
        (
            "catalogue-empty",
            "test_catalogue::test_catalogue_offers_available_products",
            "no product is available, expected at least one",
        ),
        (
            "wrong-price",
            "test_cart::test_cart_charges_what_the_catalogue_says",
            "3753 cents, expected 3750",
        ),
    ],
)
def test_each_fault_is_found(start_shop: StartShop, tmp_path, fault, test, failure):
    results = run_suite(start_shop(SHOP_FAULT=fault).url, tmp_path)
    assert results[test] == f"AssertionError: {failure}"
