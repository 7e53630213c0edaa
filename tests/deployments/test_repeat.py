"""The command that `why` prints, pasted, fails in the same way."""

import json
import shlex

import pytest

from tests.deployments.conftest import CHECKOUT_SUITE

SAYS = "first: test_it.py::test_checkout: 500, expected 201"
IMAGES = "tests/deployments/images/images.toml"


@pytest.fixture
def refused(lab):
    lab.established()
    lab.publish({"smoke": CHECKOUT_SUITE})
    deployment = lab.update("2", lab.hook(), SHOP_FAULT="checkout")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    return deployment["serviceDeploymentArn"]


def pasted(testgate, arn):
    """What `why` prints to repeat it, as words."""
    done = testgate("why", arn, "--json")
    command = json.loads(done.stdout)["repeat"]["command"]
    program, *words = shlex.split(command)
    assert program == "testgate"
    return words


def test_it_starts_the_recorded_image_and_fails_in_the_same_way(lab, testgate, refused):
    words = pasted(testgate, refused)
    done = testgate(*words, "--images", IMAGES)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"1 of 1 tests in suite smoke failed (allowed 0); {SAYS}" in done.stdout
    assert "Starting example.com/shop:2" in done.stdout


def test_against_a_version_that_is_well_the_same_test_passes(lab, testgate, refused):
    words = pasted(testgate, refused)
    done = testgate(*words, "--url", lab.site.production_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 tests passed (smoke)" in done.stdout
    whole = testgate(*words, "--url", lab.site.production_url, "--whole-suite")
    assert "2 of 2 tests passed (smoke)" in whole.stdout


def test_what_cannot_be_repeated_says_why(lab, testgate, refused):
    words = pasted(testgate, refused)
    wrong = testgate(*words, "--suite", "no", "--whole-suite", "--url", lab.site.production_url)
    assert wrong.returncode == 2
    assert "has no suite 'no'" in wrong.stderr
    lab.publish({"smoke": CHECKOUT_SUITE})
    passed = lab.update("3", lab.hook())["serviceDeploymentArn"]
    nothing = testgate("repeat", passed)
    assert nothing.returncode == 2
    assert "every test passed" in nothing.stderr
