"""Imports flow one way, and the parts that must be small stay small."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "core": {"core"},
    "report": {"core", "report"},
    "aws": {"core", "aws"},
    "runner": {"core", "runner"},
    "hook": {"core", "aws", "hook"},
    "stacks": {"core", "stacks"},
    "local": {"core", "stacks", "local"},
    "ui": {"core", "report", "ui"},
    "cli": {"core", "aws", "report", "runner", "stacks", "local", "ui", "cli"},
}
HANDLERS = {
    "hooks": {"core", "aws", "hook"},
    "state_machines": {"core", "aws", "report", "runner"},
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def own_packages(path):
    return {
        name.split(".")[1]
        for name in imports(path)
        if name.startswith("testgate.") and len(name.split(".")) > 1
    }


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_imports_only_what_lies_below(package):
    files = list((ROOT / "src/testgate" / package).rglob("*.py"))
    assert files
    for path in files:
        assert own_packages(path) <= PACKAGES[package], path


@pytest.mark.parametrize("folder", sorted(HANDLERS))
def test_handlers_import_only_what_their_bundle_has(folder):
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        assert own_packages(path) <= HANDLERS[folder], path


def test_core_uses_the_standard_library_alone():
    for path in (ROOT / "src/testgate/core").glob("*.py"):
        for name in imports(path):
            top = name.split(".")[0]
            assert top == "testgate" or top in sys.stdlib_module_names, (path, name)


def test_core_reads_no_clock_no_file_and_no_environment():
    forbidden = {"os", "time", "pathlib", "socket", "subprocess", "random", "uuid"}
    for path in (ROOT / "src/testgate/core").glob("*.py"):
        assert not forbidden & {name.split(".")[0] for name in imports(path)}, path
        assert ".now(" not in path.read_text(), path


def test_no_test_patches_our_own_code_with_mock():
    word = "mock." + "patch"
    for path in (ROOT / "tests").rglob("*.py"):
        assert word not in path.read_text(), path
        assert "unittest.mock" not in set(imports(path)), path


def test_architecture_fits_on_two_screens():
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 80


@pytest.mark.parametrize("name", ["app", "dev", "lambda", "runner"])
def test_requirements_are_hashed_and_name_no_registry(name):
    text = (ROOT / f"requirements/{name}.txt").read_text()
    pins = [line for line in text.splitlines() if "==" in line]
    assert pins
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text
    assert "--index-url" not in text
