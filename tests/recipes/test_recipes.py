"""Each recipe of docs/recipes, really run: against a good shop, one with a fault, nothing at all,
and broken. What is counted is what the framework itself printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from testgate.cli.proving import dead_url
from testgate.cli.running import Rehearsal
from tests.examples.conftest import running_shop
from tests.recipes.place import RECIPES, changed, published, run


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a recipe must come to: passed, flaky, failed and skipped tests; by default the dead
    address fails what the fault does."""

    good: tuple[int, int, int, int]
    fault: str
    bad: tuple[int, int, int, int]
    dead: tuple[int, int, int, int] | None
    broken: dict[str, str | None]
    says: str
    own: str = "pytest"


ALL = {
    "pytest-requests": Recipe(
        good=(5, 0, 0, 1),
        fault="checkout",
        bad=(4, 0, 1, 1),
        dead=(0, 0, 5, 1),
        broken={"test_shop.py": "import nothing_of_that_name\n"},
        says="No module named 'nothing_of_that_name'",
    ),
    "pytest-base-url": Recipe(
        good=(2, 0, 0, 0),
        fault="unhealthy",
        bad=(1, 0, 1, 0),
        dead=(0, 0, 2, 0),
        broken={"test_shop.py": "def ("},
        says="could not be collected (exit code 2)",
    ),
    "pytest-xdist": Recipe(
        good=(12, 0, 0, 0),
        fault="wrong-price",
        bad=(0, 0, 12, 0),
        dead=(0, 0, 12, 0),
        broken={"test_carts.py": "import nothing_of_that_name\n"},
        says="1 of the suite's test files could not be collected",
    ),
    "pytest-rerunfailures": Recipe(
        good=(2, 1, 0, 0),
        fault="checkout",
        bad=(1, 1, 1, 0),
        dead=(0, 0, 3, 0),
        broken={"pytest.ini": "[pytest]\naddopts = --reruns\n"},
        says="pytest was called wrongly (exit code 4)",
    ),
    "tavern": Recipe(
        good=(2, 0, 0, 0),
        fault="checkout",
        bad=(1, 0, 1, 0),
        dead=(0, 0, 2, 0),
        broken={"test_shop.tavern.yaml": "test_name: [\n"},
        says="could not be collected (exit code 2)",
    ),
    "schemathesis": Recipe(
        own="schemathesis",
        good=(8, 0, 0, 0),
        fault="unhealthy",
        bad=(7, 0, 1, 0),
        dead=None,
        broken={
            "run.sh": (RECIPES / "schemathesis/suite/run.sh").read_text().replace("--url", "--uri")
        },
        says="schemathesis could not do its job",
    ),
    "robot": Recipe(
        own="robot",
        good=(3, 0, 0, 0),
        fault="checkout",
        bad=(2, 0, 1, 0),
        dead=(0, 0, 3, 0),
        broken={"shop.robot": None},
        says="robot found invalid data or arguments, or no tests (exit code 252)",
    ),
    "locust": Recipe(
        own="locust",
        good=(4, 0, 0, 0),
        fault="checkout",
        bad=(3, 0, 1, 0),
        dead=(0, 0, 4, 0),
        broken={"locustfile.py": None},
        says="no statistics of Locust (*.json) were written",
    ),
    "playwright": Recipe(
        good=(2, 0, 0, 0),
        fault="catalogue-empty",
        bad=(1, 0, 1, 0),
        dead=(0, 0, 2, 0),
        broken={"conftest.py": "import nothing_of_that_name\n"},
        says="pytest was called wrongly (exit code 4)",
    ),
    "newman": Recipe(
        own="newman",
        good=(3, 0, 0, 0),
        fault="unhealthy",
        bad=(1, 0, 2, 0),
        dead=(0, 0, 3, 0),
        broken={"shop.json": "{"},
        says="neither JUnit (*.xml) nor CTRF (*.json) was written",
    ),
    "shell": Recipe(
        own="shell",
        good=(1, 0, 0, 0),
        fault="unhealthy",
        bad=(0, 0, 1, 0),
        dead=(0, 0, 1, 0),
        broken={"smoke.sh": 'set -eu\ncrul "$BASE_URL"\n'},
        says="command was not found (exit code 127)",
    ),
}
NAMES = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ALL]


@pytest.fixture(scope="module", params=NAMES)
def recipe(request, tmp_path_factory):
    """Its name, what it must come to, and itself, published once."""
    name = request.param
    return name, ALL[name], published(name, tmp_path_factory.mktemp("recipe"))


def counts_of(rehearsal: Rehearsal) -> tuple[int, int, int, int]:
    """Passed, flaky, failed and skipped."""
    (suite,) = rehearsal.verdict.suites
    counts = suite.counts
    return counts.passed, counts.flaky, counts.failed, counts.skipped


def told_by_the_framework(own: str, rehearsal: Rehearsal) -> tuple[int, int, int] | None:
    """Passed, failed and skipped, as it printed them; None if it prints no such thing,
    as a script does not, nor Locust beside the file that is read."""
    printed = "\n".join(output.decode() for output in rehearsal.outputs.values())
    printed = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    match own:
        case "pytest":
            lines = re.findall(r"^=+ (.*) in [\d.]+s.* =+$", printed, re.MULTILINE)
            numbers = re.findall(r"(\d+) (passed|failed|errors?|skipped)", " ".join(lines))
            passed, failed, skipped = (
                sum(int(number) for number, word in numbers if word.startswith(words))
                for words in ("passed", ("failed", "error"), "skipped")
            )
            return passed, failed, skipped
        case "robot":
            _, passed, failed = re.findall(r"(\d+) tests?, (\d+) passed, (\d+) failed", printed)[0]
            return int(passed), int(failed), 0
        case "newman":
            row = re.findall(r"assertions +│ +(\d+) +│ +(\d+)", printed)[0]
            return int(row[0]) - int(row[1]), int(row[1]), 0
        case "schemathesis":
            total = int(re.findall(r"Tested: (\d+)", printed)[0])
            failed = len(set(re.findall(r"^_+ (\w+ /\S*) _+$", printed, re.MULTILINE)))
            return total - failed, failed, 0
    return None


def assert_counted(own: str, rehearsal: Rehearsal, expected: tuple[int, int, int, int]) -> None:
    assert counts_of(rehearsal) == expected, rehearsal.verdict.sentence
    told = told_by_the_framework(own, rehearsal)
    passed, flaky, failed, skipped = expected
    assert told in (None, (passed + flaky, failed, skipped))


@pytest.fixture(scope="module")
def good_shop() -> Iterator[str]:
    with running_shop({}) as shop:
        yield shop.url


def test_a_good_shop_passes_and_is_counted_as_the_framework_counts(recipe, good_shop):
    _, must, gate = recipe
    rehearsal = run(gate, good_shop)
    assert rehearsal.verdict.outcome.value == "passed", rehearsal.verdict.sentence
    assert_counted(must.own, rehearsal, must.good)


def test_a_fault_fails_the_product(recipe):
    _, must, gate = recipe
    with running_shop({"SHOP_FAULT": must.fault}) as shop:
        rehearsal = run(gate, shop.url)
    assert rehearsal.verdict.outcome.value == "failed", rehearsal.verdict.sentence
    assert_counted(must.own, rehearsal, must.bad)


def test_where_nothing_answers_nothing_passes(recipe):
    _, must, gate = recipe
    with dead_url() as url:
        rehearsal = run(gate, url)
    if must.dead is None:  # it could not read the service's description
        assert rehearsal.verdict.outcome.value == "suite_error", rehearsal.verdict.sentence
    else:
        assert rehearsal.verdict.outcome.value == "failed", rehearsal.verdict.sentence
        assert_counted(must.own, rehearsal, must.dead)


def test_a_broken_suite_is_no_failing_product(recipe, good_shop):
    _, must, gate = recipe
    rehearsal = run(changed(gate, must.broken), good_shop)
    assert rehearsal.verdict.outcome.value == "suite_error", rehearsal.verdict.sentence
    assert must.says in rehearsal.verdict.sentence


@pytest.mark.xdist_group("playwright")
def test_playwright_leaves_a_picture_of_the_page_that_failed(tmp_path):
    gate = published("playwright", tmp_path)
    pictures = tmp_path / "pictures"
    with running_shop({"SHOP_FAULT": "catalogue-empty"}) as shop:
        run(gate, shop.url, PICTURES=str(pictures))
    (picture,) = pictures.rglob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


PAGES = RECIPES.parents[1] / "docs" / "recipes"
EXEMPT = {"requirements.txt", "requirements.in"}  # long, and made by make requirements


@pytest.mark.parametrize("name", ALL)
def test_a_page_shows_its_recipes_files_as_they_are(name):
    page = (PAGES / f"{name}.md").read_text()
    blocks = re.findall(r"^`([^`\n]+)`:\n\n```\w*\n(.*?)```$", page, re.MULTILINE | re.DOTALL)
    files = {
        str(path.relative_to(RECIPES / name)): path.read_text()
        for path in (RECIPES / name).rglob("*")
        if path.is_file() and path.name not in EXEMPT
    }
    assert dict(blocks) == files


def test_the_index_has_every_page_and_every_recipe_a_test():
    index = (PAGES / "README.md").read_text()
    directories = {path.name for path in RECIPES.iterdir() if path.is_dir()}
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", index)) == directories == set(ALL)
    assert {path.stem for path in PAGES.glob("*.md")} == directories | {"README"}


@pytest.mark.parametrize(
    "path", sorted(RECIPES.rglob("requirements.txt")), ids=lambda p: p.parts[-3]
)
def test_what_a_recipe_requires_is_pinned_with_hashes(path: Path):
    pinned = re.findall(r"^[\w.-]+==.*$", path.read_text(), re.MULTILINE)
    assert pinned
    if path.parts[-3] != "tavern":  # which needs a wheel that is built where it is used
        assert [line for line in pinned if not line.endswith("\\")] == []
