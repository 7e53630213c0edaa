"""Finds a suite's own pytest configuration, by pytest's documented rules, in its directory alone.

Imported by `testgate.runner.commands`.
"""

import configparser
import tomllib
from pathlib import Path

_ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
_WITH_SECTION = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}


def suite_config(directory: Path) -> Path | None:
    """The file that pytest would take of this directory, None if it has none of its own.

    Files that cannot be parsed are taken too: pytest will say what is wrong with them.
    """
    for name in _ALWAYS:
        if (directory / name).is_file():
            return directory / name
    project = directory / "pyproject.toml"
    if project.is_file() and _has_table(project):
        return project
    for name, section in _WITH_SECTION.items():
        path = directory / name
        if path.is_file() and _has_section(path, section):
            return path
    return None


def _has_table(path: Path) -> bool:
    try:
        return "pytest" in tomllib.loads(path.read_text()).get("tool", {})
    except (ValueError, AttributeError):
        return True


def _has_section(path: Path, section: str) -> bool:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text())
    except (configparser.Error, ValueError):
        return True
    return parser.has_section(section)
