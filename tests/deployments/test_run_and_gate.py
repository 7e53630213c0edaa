"""The same suites by `testgate run` and by the gate: the same outcomes and the same counts."""

import json
from typing import Any

import pytest

from testgate.local.ecs import TransitionKind
from tests.deployments.conftest import CHECKOUT_SUITE

SUITES = {
    "checkout": CHECKOUT_SUITE,
    "skips": CHECKOUT_SUITE + "import pytest\n@pytest.mark.skip\ndef test_later(): pass\n",
}


@pytest.mark.parametrize(
    ("suites", "faults"),
    [
        (SUITES, {}),
        (SUITES, {"SHOP_FAULT": "checkout"}),
        ({"asks_nobody": "def test_nothing(): pass\n"}, {}),
        ({"breaks": "import no_such_module\n"}, {}),
    ],
    ids=["good", "faulty product", "asks nobody", "broken suite"],
)
def test_run_says_what_the_gate_says(lab, testgate, suites, faults):
    lab.established()
    lab.publish(suites)
    told: list[dict[str, Any]] = []

    def run_too(_):
        """Against the test listener, while it leads to green."""
        done = testgate(
            *("run", "--json", "--url", lab.site.test_url),
            *("-f", str(lab.directory / "testgate.toml")),
        )
        told.append(json.loads(done.stdout))

    lab.once(TransitionKind.HOOK_CALLED, run_too)
    record = lab.recorded(lab.update("2", lab.hook(), **faults)).record
    (own,) = told
    for key in ("outcome", "sentence", "counts", "plan_digest"):
        assert own[key] == record[key]
    for mine, theirs in zip(own["suites"], record["suites"], strict=True):
        for key in ("name", "outcome", "sentence", "counts"):
            assert mine[key] == theirs[key]
