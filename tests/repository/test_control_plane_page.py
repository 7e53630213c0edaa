"""docs/control-plane.md: every behaviour it names has a test that exists, every switch is told."""

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path

import pytest

from testgate.local.ecs.behaviour import Behaviour, values_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "control-plane.md").read_text()
_BASES = {"D", "L", "I"}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's rows, without its heading rows."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    return [row for row in cells if not row[0].startswith("**")]


def named_tests(cell: str) -> list[tuple[str, str]]:
    """File and function of each test a cell names; `…` stands for the file before."""
    found: list[tuple[str, str]] = []
    for path, function in re.findall(r"`([^`]+)::(test_\w+)`", cell):
        found.append((found[-1][0] if path == "…" else path, function))
    return found


@cache
def functions_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


BEHAVIOURS = rows("What it has")
QUESTIONS = rows("Open questions")


@pytest.mark.parametrize("row", [*BEHAVIOURS, *QUESTIONS], ids=lambda row: row[0] or row[1])
def test_every_row_names_tests_that_exist(row):
    named = named_tests(row[-1])
    assert named
    for path, function in named:
        file = ROOT / "tests" / path
        assert file.is_file(), path
        assert function in functions_in(file), f"{path}::{function}"


@pytest.mark.parametrize("row", BEHAVIOURS, ids=lambda row: row[0])
def test_every_behaviour_says_how_it_is_known(row):
    assert len(row) == 4
    bases = set(row[1].split(", "))
    assert bases <= _BASES
    assert bases


def test_links_of_the_page_are_defined():
    used = {name for row in BEHAVIOURS for name in re.findall(r"\[([^]]+)]", row[2])}
    assert used
    assert used <= set(re.findall(r"^\[([^]]+)]: https://", PAGE, re.MULTILINE))


def test_every_switch_is_told_with_its_values_the_default_first():
    told = {row[2].strip("`"): re.findall(r"`([^`]+)`", row[3]) for row in QUESTIONS}
    assert told == {
        switch.name: [str(value) for value in values_of(switch.name)]
        for switch in dataclasses.fields(Behaviour)
    }
    assert {row[0] for row in QUESTIONS} == {str(number) for number in range(1, 11)}
