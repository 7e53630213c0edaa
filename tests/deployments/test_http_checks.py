"""Checks as data gate a deployment, as docs/http-checks.md has them, and `testgate run` agrees."""

import json
import re
from pathlib import Path

import pytest

from testgate.cli.publishing import prepare_publication, publish
from testgate.core.outcomes import Outcome
from testgate.local.ecs import TransitionKind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "http-checks.md"
EXAMPLE = PAGE.read_text().split("```toml\n")[1].split("```")[0]


def written(lab, extra=""):
    """The page's gate file under the lab's name, published."""
    gate_file = lab.directory / "testgate.toml"
    gate_file.write_text(EXAMPLE.replace('"shop-checks"', f'"{lab.name}"') + extra)
    publish(lab.bucket, prepare_publication(gate_file))
    return gate_file


EMPTY = (
    "1 of 4 tests in suite checks failed (allowed 0); first: the catalogue has a notebook that "
    "costs something: json length(products) is 0, expected at least 1; json "
    "products[?id=='notebook'] | [0].price_cents is not there, expected at least 1"
)


@pytest.mark.parametrize(
    ("faults", "outcome", "sentence"),
    [
        ({}, Outcome.PASSED, "4 of 4 tests passed (checks)"),
        ({"SHOP_FAULT": "catalogue-empty"}, Outcome.FAILED, EMPTY),
    ],
    ids=["good", "faulty"],
)
def test_checks_gate_a_deployment_and_run_says_the_same(lab, testgate, faults, outcome, sentence):
    lab.established()
    gate_file = written(lab)
    told = []

    def run_too(_):
        done = testgate("run", "--json", "--url", lab.site.test_url, "-f", str(gate_file))
        told.append(json.loads(done.stdout))

    lab.once(TransitionKind.HOOK_CALLED, run_too)
    deployment = lab.update("2", lab.hook(), **faults)
    run = lab.recorded(deployment)
    passed = outcome is Outcome.PASSED
    assert deployment["status"] == ("SUCCESSFUL" if passed else "ROLLBACK_SUCCESSFUL")
    assert (run.outcome, run.sentence) == (outcome, sentence)
    assert lab.production == ("2" if passed else "1")
    (own,) = told
    for key in ("outcome", "sentence", "counts", "plan_digest"):
        assert own[key] == run.record[key]
    (suite,) = run.record["suites"]
    assert suite["relay"]["requests"] == 4
    if not passed:
        trace = suite["failures"][0]["trace"]
        assert re.search(r"^curl .*/catalogue'?$", trace, re.MULTILINE)


def test_publish_proves_checks_where_nothing_answers(lab, testgate):
    lab.established()
    gate_file = written(lab)
    done = testgate("publish", str(gate_file), "--bucket", lab.stack.record_bucket)
    assert done.returncode == 0, done.stderr
    assert "4 tests; it does not pass where nothing answers" in done.stdout
