"""The list of guards fits the code, and its table in docs is current."""

import ast
from pathlib import Path

import pytest

from tests.mutations.guards import GUARDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guards_edit_applies_and_its_test_exists(guard):
    assert (ROOT / guard.file).read_text().count(guard.old) == 1
    path, name = guard.test.split("::")
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def table():
    yield "| guard | prevents | where | test |"
    yield "|---|---|---|---|"
    for guard in GUARDS:
        name = guard.test.split("::")[1]
        yield f"| {guard.name} | {guard.prevents} | `{guard.file}` | `{name}` |"


def test_the_table_of_guards_is_current():
    told = (ROOT / "docs" / "guards.md").read_text()
    assert told.endswith("\n".join(table()) + "\n"), "docs/guards.md must end in:\n" + "\n".join(
        table()
    )
