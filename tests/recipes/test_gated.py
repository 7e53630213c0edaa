"""Recipes by the gate, in whole deployments: the outcome and the counts of `testgate run`."""

import pytest

from testgate.cli.publishing import publish
from testgate.local.ecs import TransitionKind
from tests.deployments.conftest import authority, lab, local, stack  # noqa: F401 - fixtures
from tests.recipes.place import published, run


@pytest.mark.xdist_group("gated")
@pytest.mark.parametrize("fault", ["", "checkout"], ids=["good", "fault"])
@pytest.mark.parametrize("name", ["pytest-requests", "locust"])
def test_the_gate_says_what_testgate_run_says(lab, tmp_path, name, fault):  # noqa: F811
    lab.established()
    gate = published(name, tmp_path / "copy")
    publish(lab.bucket, gate)
    told = []
    lab.once(TransitionKind.HOOK_CALLED, lambda _: told.append(run(gate, lab.site.test_url)))
    faults = {"SHOP_FAULT": fault} if fault else {}
    record = lab.recorded(lab.update("2", lab.hook(GATE=name), **faults)).record
    (own,) = (rehearsal.record for rehearsal in told)
    assert own["outcome"] == record["outcome"] == ("failed" if fault else "passed")
    (mine,), (theirs,) = own["suites"], record["suites"]
    for key in ("name", "outcome", "counts"):
        assert mine[key] == theirs[key]
