"""Each recipe of docs/recipes, really run: against a good shop, one with a fault, nothing at all,
and broken. What is counted is what the framework itself printed."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from testgate.cli.proving import dead_url
from testgate.report.html import render_html
from tests.examples.conftest import RunningShop, running_shop
from tests.recipes.own_counts import locust_endpoints, told_by_the_framework
from tests.recipes.place import RECIPES, changed, published, run
from tests.recipes.table import ALL, Scene

NAMES = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ALL]
PAGES = RECIPES.parents[1] / "docs" / "recipes"
EXEMPT = {"requirements.txt", "requirements.in"}  # long, and made by make requirements


@pytest.fixture(scope="module")
def good_shop() -> Iterator[RunningShop]:
    with running_shop({}) as shop:
        yield shop


@pytest.mark.timeout(300)  # the first of a recipe installs what it requires
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scene", Scene)
def test_a_recipe_says_what_it_meets_and_counts_as_its_framework(
    name, scene, good_shop, tmp_path, tmp_path_factory
):
    recipe = ALL[name]
    must = recipe.scenes[scene]
    gate = published(name, tmp_path_factory)
    met: AbstractContextManager[RunningShop | str] = nullcontext(good_shop)
    if scene is Scene.FAULT:
        met = running_shop({"SHOP_FAULT": recipe.fault})
    elif scene is Scene.DEAD:
        met = dead_url()
    with met as where:
        url = where if isinstance(where, str) else where.url
        rehearsal = run(changed(gate, must.files) if must.files else gate, url, tmp_path)
    (suite,) = rehearsal.verdict.suites
    assert (suite.outcome.value, must.says in suite.sentence) == (must.outcome, True), (
        suite.sentence
    )
    if must.counts is None:
        return
    counts = suite.counts
    passed, flaky, failed, skipped = must.counts
    assert (counts.passed, counts.flaky, counts.failed, counts.skipped) == must.counts
    printed = "\n".join(output.decode() for output in rehearsal.outputs.values())
    printed += "".join(page.read_text() for page in tmp_path.rglob("*.html"))
    told = told_by_the_framework(recipe.own, printed)
    assert told in (None, (passed + flaky, failed, skipped))
    if recipe.own == "locust":  # and how many requests of each failed
        assert {test.name: test.message for test in suite.tests} == {
            endpoint: f"{failures} of {requests} requests failed" if failures else ""
            for endpoint, (requests, failures) in locust_endpoints(printed).items()
        }


@pytest.mark.xdist_group("playwright")
def test_playwright_leaves_a_picture_beside_the_test_that_failed(tmp_path, tmp_path_factory):
    gate = published("playwright", tmp_path_factory)
    with running_shop({"SHOP_FAULT": "catalogue-empty"}) as shop:
        rehearsal = run(gate, shop.url, tmp_path / "evidence")
    (picture,) = (tmp_path / "evidence").rglob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    failing = render_html(rehearsal.record).partition('id="artifacts"')[0]
    assert f'<img src="{picture.relative_to(tmp_path)}"' in failing


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
    assert [line for line in pinned if not line.endswith("\\")] == []
    assert path.with_suffix(".in").exists()  # from which make requirements pins anew
