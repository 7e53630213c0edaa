"""What each recipe of docs/recipes must come to, by `testgate run` and by the gate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.recipes.place import RECIPES

Counts = tuple[int, int, int, int]
"""Passed, flaky, failed and skipped."""


class Scene(StrEnum):
    """What a recipe meets."""

    GOOD = "a good service"
    FAULT = "a fault"
    DEAD = "nothing that answers"
    BROKEN = "a suite that is broken"


@dataclass(frozen=True, kw_only=True)
class Must:
    """The outcome, what is counted, and a part of the sentence; of `files`, if there are any, the
    suite's own are replaced, and taken away where there is None."""

    outcome: str = "failed"
    counts: Counts | None = None
    says: str = ""
    files: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`fault` is what the service is ordered to have, `own` who prints its own counts."""

    scenes: Mapping[Scene, Must]
    fault: str
    own: str


def recipe(
    *,
    good: Counts,
    bad: Counts,
    names: str,
    dead: Counts | None,
    broken: Mapping[str, str | None],
    says: str,
    fault: str = "checkout",
    own: str = "pytest",
) -> Recipe:
    """`names` the first test that the fault fails. Where `dead` is None, the suite cannot even
    start without the service, and says so."""
    return Recipe(
        fault=fault,
        own=own,
        scenes={
            Scene.GOOD: Must(outcome="flaky" if good[1] else "passed", counts=good),
            Scene.FAULT: Must(counts=bad, says=names),
            Scene.DEAD: _dead(dead),
            Scene.BROKEN: Must(outcome="suite_error", says=says, files=broken),
        },
    )


def _dead(counts: Counts | None) -> Must:
    if counts is None:
        return Must(outcome="suite_error")
    return Must(outcome="infra_error", counts=counts, says="requests of suite shop reached green")


ALL = {
    "pytest-requests": recipe(
        good=(5, 0, 0, 1),
        bad=(4, 0, 1, 1),
        names="test_shop.py::test_a_cart_becomes_an_order",
        dead=(0, 0, 5, 1),
        broken={"test_shop.py": "import nothing_of_that_name\n"},
        says="No module named 'nothing_of_that_name'",
    ),
    "pytest-base-url": recipe(
        good=(2, 0, 0, 0),
        bad=(1, 0, 1, 0),
        names="test_shop.py::test_an_empty_cart_is_not_checked_out",
        dead=(0, 0, 2, 0),
        broken={"test_shop.py": "def ("},
        says="could not be collected (exit code 2)",
    ),
    "pytest-xdist": recipe(
        good=(12, 0, 0, 0),
        bad=(0, 0, 12, 0),
        names="test_carts.py::test_an_order_costs_what_its_items_cost",
        dead=(0, 0, 12, 0),
        broken={"test_carts.py": "import nothing_of_that_name\n"},
        says="1 of the suite's test files could not be collected",
    ),
    "pytest-rerunfailures": recipe(
        good=(2, 1, 0, 0),
        bad=(1, 1, 1, 0),
        names="test_shop.py::test_an_order_is_made",
        dead=(0, 0, 3, 0),
        broken={"pytest.ini": "[pytest]\naddopts = --reruns\n"},
        says="pytest was called wrongly (exit code 4)",
    ),
    "tavern": recipe(
        good=(2, 0, 0, 0),
        bad=(1, 0, 1, 0),
        names="A cart becomes an order",
        dead=(0, 0, 2, 0),
        broken={"test_shop.tavern.yaml": "test_name: [\n"},
        says="could not be collected (exit code 2)",
    ),
    "schemathesis": recipe(
        own="schemathesis",
        good=(8, 0, 0, 0),
        bad=(7, 0, 1, 0),
        names="POST /cart/{id}/checkout",
        dead=None,
        broken={
            "run.sh": (RECIPES / "schemathesis/suite/run.sh").read_text().replace("--url", "--uri")
        },
        says="schemathesis could not do its job",
    ),
    "robot": recipe(
        own="robot",
        good=(3, 0, 0, 0),
        bad=(2, 0, 1, 0),
        names="A Cart Becomes An Order",
        dead=(0, 0, 3, 0),
        broken={"shop.robot": None},
        says="robot found invalid data or arguments, or no tests (exit code 252)",
    ),
    "locust": recipe(
        own="locust",
        good=(4, 0, 0, 0),
        bad=(3, 0, 1, 0),
        names="POST /cart/[id]/checkout",
        dead=(0, 0, 4, 0),
        broken={"locustfile.py": None},
        says="no statistics of Locust (*.json) were written",
    ),
    "playwright": recipe(
        good=(2, 0, 0, 0),
        fault="catalogue-empty",
        bad=(1, 0, 1, 0),
        names="test_pages.py::test_the_catalogue_is_shown",
        dead=(0, 0, 2, 0),
        broken={"conftest.py": "import nothing_of_that_name\n"},
        says="pytest was called wrongly (exit code 4)",
    ),
    "newman": recipe(
        own="newman",
        good=(3, 0, 0, 0),
        fault="unhealthy",
        bad=(1, 0, 2, 0),
        names="answers 200",
        dead=(0, 0, 3, 0),
        broken={"shop.json": "{"},
        says="neither JUnit (*.xml) nor CTRF (*.json) was written",
    ),
    "shell": recipe(
        own="shell",
        good=(1, 0, 0, 0),
        bad=(0, 0, 1, 0),
        names="it ended with exit code 22",
        dead=(0, 0, 1, 0),
        broken={"smoke.sh": 'set -eu\ncrul "$BASE_URL"\n'},
        says="command was not found (exit code 127)",
    ),
}
