"""The gate file `testgate.toml`: a team's suites, before they are published.

Standard library only; imported by publishing and the command line.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from testgate.core.errors import PlanError
from testgate.core.plan import MAX_SUITE_TIMEOUT_S, NAME

SUITE_KEYS = frozenset({"name", "path", "framework", "timeout_s", "min_tests", "blocking", "wave"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteEntry:
    """One `[[suites]]` table. `path` is relative to the gate file; waves run in ascending order."""

    name: str
    path: str
    framework: str = "pytest"
    timeout_s: int = 300
    min_tests: int = 1
    blocking: bool = True
    wave: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFile:
    """A parsed gate file."""

    gate: str
    suites: tuple[SuiteEntry, ...]


def parse_gate_file(text: str) -> GateFile:
    """The gate file, or PlanError with every problem found."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PlanError(f"not valid TOML: {exc}") from None
    problems = [
        f"unknown key {key!r}; known: schema, gate, suites"
        for key in sorted(set(raw) - {"schema", "gate", "suites"})
    ]
    if raw.get("schema") != 1:
        problems.append(f"schema is {raw.get('schema')!r}, expected 1")
    gate = raw.get("gate")
    name = gate.get("name") if isinstance(gate, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(f"[gate] name is {name!r}, expected lower-case letters, digits, - and _")
    tables = raw.get("suites")
    if not isinstance(tables, list) or not tables:
        problems.append("no [[suites]] table: a gate without a suite could refuse nothing")
        tables = []
    entries = [_entry(table, index, problems) for index, table in enumerate(tables, 1)]
    if problems:
        raise PlanError(*problems)
    return GateFile(gate=str(name), suites=tuple(entry for entry in entries if entry))


def _entry(table: object, index: int, problems: list[str]) -> SuiteEntry | None:
    if not isinstance(table, dict):
        problems.append(f"suites[{index}] is not a table")
        return None
    where = f"suite {table.get('name', index)!r}"
    found = [
        f"{where}: unknown key {key!r}; known: {', '.join(sorted(SUITE_KEYS))}"
        for key in sorted(set(table) - SUITE_KEYS)
    ]
    found += [f"{where}: {problem}" for problem in _value_problems(table)]
    problems += found
    return None if found else SuiteEntry(**table)


def _value_problems(table: Mapping[str, object]) -> list[str]:
    name, path = table.get("name"), table.get("path")
    wanted = {"framework": str, "timeout_s": int, "min_tests": int, "blocking": bool, "wave": int}
    problems = [
        f"{key} is {table[key]!r}, expected {kind.__name__}"
        for key, kind in wanted.items()
        if key in table and type(table[key]) is not kind
    ]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(f"name is {name!r}, expected lower-case letters, digits, - and _")
    if not isinstance(path, str) or not path:
        problems.append(f"path is {path!r}, expected a directory beside the gate file")
    timeout_s = table.get("timeout_s", 1)
    if type(timeout_s) is int and not 1 <= timeout_s <= MAX_SUITE_TIMEOUT_S:
        problems.append(f"timeout_s is {timeout_s}, expected 1 to {MAX_SUITE_TIMEOUT_S}")
    min_tests = table.get("min_tests", 1)
    if type(min_tests) is int and min_tests < 1:
        problems.append(f"min_tests is {min_tests}, expected 1 or more")
    return problems
