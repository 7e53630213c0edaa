"""The command line tells of itself: examples in each --help, and docs/cli.md has every command."""

import json
import re
from pathlib import Path

import pytest
import typer

from testgate.cli.app import app
from testgate.cli.exits import Exit

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "cli.md").read_text()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
INSPECTING = (
    *("list", "watch", "wait", "why", "show", "diff", "logs"),
    *("artifacts", "abort", "open", "report", "export", "repeat"),
)
IN_JSON = tuple(
    name for name in INSPECTING if any("--json" in each.opts for each in COMMANDS[name].params)
)


@pytest.mark.parametrize("name", INSPECTING)
def test_help_has_examples(name):
    text = COMMANDS[name].help
    assert re.search(rf"Examples:\s+testgate {name}\b", text) or f"testgate {name}" in text
    assert "Examples:" in text


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_page_has_every_command(name):
    assert re.search(rf"^\| `testgate {name}\b", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", INSPECTING)
def test_options_that_the_page_names_for_a_command_exist(name):
    (row,) = re.findall(rf"^\| `testgate {name}\b.*$", PAGE, re.MULTILINE)
    known = {option for each in COMMANDS[name].params for option in each.opts}
    assert set(re.findall(r"`(--[a-z-]+)", row)) <= known


@pytest.mark.parametrize("code", Exit)
def test_the_page_has_every_exit_code(code):
    assert re.search(rf"^\|.*\b{int(code)}\b.*\|", PAGE, re.MULTILINE)


def test_every_command_that_prints_json_has_its_schema():
    published = {path.stem for path in (DOCS / "schemas").glob("[!e]*.json")}  # events are none
    assert published == set(IN_JSON)
    for name in IN_JSON:
        schema = json.loads((DOCS / "schemas" / f"{name}.json").read_text())
        assert schema["title"] == f"testgate {name} --json"


def test_shells_can_complete():
    options = {option for each in typer.main.get_command(app).params for option in each.opts}
    assert {"--install-completion", "--show-completion"} <= options
