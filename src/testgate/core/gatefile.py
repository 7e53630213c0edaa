"""The gate file `testgate.toml`: a team's suites, before they are published.

Standard library only; imported by publishing and the command line.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from testgate.core.errors import PlanError
from testgate.core.plan import MAX_SUITE_TIMEOUT_S, NAME
from testgate.core.quarantine import KEYS, QuarantineEntry, expiry_problems, read_entry

FILE_KEYS = ("schema", "gate", "suites", "quarantine")
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
    services: tuple[str, ...] = ()
    quarantine: Mapping[str, tuple[QuarantineEntry, ...]] = field(default_factory=dict)


def parse_gate_file(text: str, today: date) -> GateFile:
    """The gate file as published on that day, or PlanError with every problem found."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PlanError(f"not valid TOML: {exc}") from None
    problems = [
        f"unknown key {key!r}; known: {', '.join(FILE_KEYS)}"
        for key in sorted(set(raw) - set(FILE_KEYS))
    ]
    if raw.get("schema") != 1:
        problems.append(f"schema is {raw.get('schema')!r}, expected 1")
    gate = raw.get("gate")
    name = gate.get("name") if isinstance(gate, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(f"[gate] name is {name!r}, expected lower-case letters, digits, - and _")
    services = _services(gate, problems)
    tables = raw.get("suites")
    if not isinstance(tables, list) or not tables:
        problems.append("no [[suites]] table: a gate without a suite could refuse nothing")
        tables = []
    entries = [_entry(table, index, problems) for index, table in enumerate(tables, 1)]
    suites = tuple(entry for entry in entries if entry)
    quarantine = _quarantine(raw.get("quarantine", []), problems, today)
    known = {table.get("name") for table in tables if isinstance(table, dict)}
    problems += [
        f"quarantine names suite {suite!r}, which the file does not have"
        for suite in sorted(set(quarantine) - known)
    ]
    if problems:
        raise PlanError(*problems)
    return GateFile(gate=str(name), suites=suites, services=services, quarantine=quarantine)


def _services(gate: object, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(gate, dict):
        return ()
    problems += [
        f"[gate] unknown key {key!r}; known: name, services"
        for key in sorted(set(gate) - {"name", "services"})
    ]
    services = gate.get("services")
    if services is None:
        return ()
    if not isinstance(services, list) or not services or not all(map(_is_text, services)):
        problems.append(f"[gate] services is {services!r}, expected texts like 'cluster/service'")
        return ()
    return tuple(services)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _quarantine(
    tables: object, problems: list[str], today: date
) -> dict[str, tuple[QuarantineEntry, ...]]:
    """Entries by suite."""
    found: dict[str, tuple[QuarantineEntry, ...]] = {}
    if not isinstance(tables, list):
        problems.append("quarantine is no [[quarantine]] table")
        return found
    for index, table in enumerate(tables, 1):
        where = f"quarantine[{index}]"
        known = {"suite", *KEYS}
        if not isinstance(table, dict) or set(table) != known:
            problems.append(f"{where} needs exactly: suite, {', '.join(KEYS)}")
            continue
        try:
            entry = read_entry(table)
        except PlanError as exc:
            problems += [f"{where}: {problem}" for problem in exc.problems]
            continue
        problems += expiry_problems((entry,), today)
        suite = str(table["suite"])
        found[suite] = (*found.get(suite, ()), entry)
    return found


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
