"""Every recipe that the index says goes by the gate, as a suite of one gate, in deployments: what
`testgate run` counts of each (test_recipes), the gate counts, and a fault is refused by each."""

import re

import pytest

from testgate.cli.publishing import publish
from testgate.core.budget import budget_problem
from tests.deployments.conftest import authority, lab, local, stack  # noqa: F401 - fixtures
from tests.recipes.place import RECIPES, published, together
from tests.recipes.table import ALL, Scene

INDEX = RECIPES.parents[1] / "docs" / "recipes" / "README.md"
GATED = re.findall(r"^\| \[.*\]\(([a-z-]+)\.md\) \| yes\b", INDEX.read_text(), re.MULTILINE)
PATIENCE_S = 400.0


@pytest.mark.timeout(900)  # ten shards, twice
@pytest.mark.xdist_group("gated")
def test_the_gate_says_what_testgate_run_says_of_each(lab, tmp_path_factory):  # noqa: F811
    gate = together({name: published(name, tmp_path_factory) for name in GATED}, "recipes")
    assert budget_problem(gate.plan) is None
    publish(lab.bucket, gate)
    lab.established()
    for version, scene, faults, ended in (
        ("2", Scene.GOOD, {}, ("passed", "SUCCESSFUL")),
        ("3", Scene.FAULT, {"SHOP_FAULT": "checkout"}, ("failed", "ROLLBACK_SUCCESSFUL")),
    ):
        task = lab.task(version, **faults)
        arn = lab.site.update(task, lab.hook(GATE="recipes"))
        deployment = lab.local.ecs.wait_until_ended(arn, PATIENCE_S)
        record = lab.recorded(deployment).record
        assert (record["outcome"], deployment["status"]) == ended, record["sentence"]
        assert lab.production == "2"
        assert [each["name"] for each in record["suites"]] == GATED
        for suite in record["suites"]:
            must = ALL[suite["name"]].scenes[scene]
            counts = suite["counts"]
            told = tuple(counts[key] for key in ("passed", "flaky", "failed", "skipped"))
            assert (suite["outcome"], told) == (must.outcome, must.counts), suite["sentence"]
            assert must.says in suite["sentence"]
        assert ALL[GATED[0]].scenes[scene].says in record["sentence"]
