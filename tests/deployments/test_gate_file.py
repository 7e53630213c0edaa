"""Quarantine and services on whole deployments: what a gate file says holds where it counts."""

from datetime import UTC, datetime, timedelta

import pytest

from testgate.aws.plans import load_plan
from testgate.core.layout import gate_key, plan_key, suite_bundle_key
from testgate.core.outcomes import Outcome
from testgate.core.storing import to_json_bytes
from tests.cli.test_vendoring import wheel
from tests.deployments.conftest import SUITE

FIVE = (
    SUITE
    + """
import pytest
@pytest.mark.parametrize("n", range(3))
def test_version(base_url, n):
    assert requests.get(base_url + "/version").ok
def test_pay():
    assert False, "the bank is slow"
"""
)


def quarantine(test):
    expires = datetime.now(UTC).date() + timedelta(days=7)
    return (
        f'[[quarantine]]\nsuite = "smoke"\ntest = "{test}"\nowner = "pay team"\n'
        f'reason = "slow bank"\nexpires = {expires}\n'
    )


def test_a_quarantined_failure_passes_and_is_told_until_its_entry_is_gone(lab):
    lab.established()
    lab.publish({"smoke": FIVE}, extra=quarantine("test_it.py::test_pay"))
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.PASSED
    assert run.sentence == (
        "4 of 4 tests passed, 1 quarantined (smoke); "
        "quarantined and failed: test_it.py::test_pay (smoke)"
    )
    (entry,) = run.record["suites"][0]["quarantine"]
    assert (entry["counted"], entry["outcome"], entry["owner"]) == (True, "failed", "pay team")
    report = lab.bucket.get(run.place.report).decode()
    assert "## Quarantine" in report

    lab.publish({"smoke": FIVE}, extra=quarantine("test_it.py::test_paid"))
    refused = lab.update("3")
    assert refused["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.run(refused).outcome is Outcome.FAILED
    assert lab.production == "2"


def test_a_gate_of_another_service_judges_nothing_here(lab):
    lab.established()
    lab.publish({"smoke": SUITE}, gate='services = ["shop/another-*"]')
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert f"gate '{lab.name}' is for services shop/another-*, not " in run.sentence


def test_packages_that_a_suite_requires_come_with_it(lab, monkeypatch):
    lab.established()
    index = lab.directory / "index"
    index.mkdir()
    wheel(index, "helper", "1.0", "py3-none-any", {"helper.py": "PATH = '/health'\n"})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    (lab.directory / "smoke").mkdir(exist_ok=True)
    (lab.directory / "smoke" / "requirements.txt").write_text("helper\n")
    code = "import helper, requests\ndef test_a(base_url):\n"
    code += "    assert requests.get(base_url + helper.PATH).status_code == 200\n"
    lab.publish({"smoke": code})
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL", lab.run(deployment).sentence


def tampered_bundle(lab, digest):
    (suite,) = load_plan(lab.bucket, digest).suites
    lab.bucket.put(suite_bundle_key(suite.bundle), b"PK another zip", "application/zip")


def tampered_plan(lab, digest):
    key = plan_key(digest)
    weaker = lab.bucket.get(key).replace(b'"blocking":true', b'"blocking":false')
    lab.bucket.put(key, weaker, "application/json")


def tampered_name(lab, _):
    pointer = {"plan": "sha256:" + "0" * 64}
    lab.bucket.put(gate_key(lab.name), to_json_bytes(pointer), "application/json")


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (tampered_bundle, "it was changed after it was published"),
        (tampered_plan, "has another digest: it was tampered with"),
        (tampered_name, "no plan sha256:000"),
    ],
    ids=["bundle", "plan", "digest"],
)
def test_what_was_tampered_with_is_refused(lab, tamper, says):
    lab.established()
    own = f"{SUITE}# {lab.name}: bundles of equal suites are one object, for other tests too\n"
    tamper(lab, lab.publish({"smoke": own}).partition("@")[2])
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert says in run.sentence
    assert lab.production == "1"
