"""The gate file `testgate.toml`: a team's suites, before they are published.

Standard library only; imported by publishing and the command line.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from testgate.core.errors import PlanError
from testgate.core.identity_check import IdentityCheck, parse_check
from testgate.core.plan import (
    MAX_ATTEMPTS,
    MAX_SHARDS,
    MAX_SUITE_TIMEOUT_S,
    NAME,
    EvidenceKind,
)
from testgate.core.quarantine import KEYS, QuarantineEntry, expiry_problems, read_entry
from testgate.core.thresholds import Threshold, parse_threshold

GATE_KEYS = ("name", "services", "timeout_s")
FILE_KEYS = ("schema", "gate", "suites", "identity", "quarantine")
_SUITE_NUMBERS = {  # lowest and highest value
    "timeout_s": (1, MAX_SUITE_TIMEOUT_S),
    "min_tests": (1, None),
    "shards": (1, MAX_SHARDS),
    "attempts": (1, MAX_ATTEMPTS),
    "wave": (None, None),
}
_KINDS: Mapping[type, str] = {str: "text", bool: "true or false", int: "a whole number"}
SUITE_KEYS = frozenset(
    {"name", "path", "framework", "command", "evidence", "blocking", "thresholds", *_SUITE_NUMBERS}
)


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
    shards: int = 1
    attempts: int = 1
    thresholds: tuple[Threshold, ...] = ()
    command: tuple[str, ...] = ()
    evidence: EvidenceKind = EvidenceKind.REPORT


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFile:
    """A parsed gate file."""

    gate: str
    suites: tuple[SuiteEntry, ...]
    services: tuple[str, ...] = ()
    timeout_s: int | None = None
    identity: IdentityCheck | None = None
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
        problems.append(f"schema is {_shown(raw.get('schema'))}, expected schema = 1")
    gate = raw.get("gate")
    name = gate.get("name") if isinstance(gate, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(
            f"[gate] name is {_shown(name)}, expected lower-case letters, digits, - and _"
        )
    services = _services(gate, problems)
    timeout_s = gate.get("timeout_s") if isinstance(gate, dict) else None
    if timeout_s is not None and type(timeout_s) is not int:
        problems.append(
            f"[gate] timeout_s is {_shown(timeout_s)}, expected a whole number of seconds"
        )
    tables = raw.get("suites")
    if not isinstance(tables, list) or not tables:
        problems.append("no [[suites]] table: a gate without a suite could refuse nothing")
        tables = []
    entries = [_entry(table, index, problems) for index, table in enumerate(tables, 1)]
    suites = tuple(entry for entry in entries if entry)
    quarantine = _quarantine(raw.get("quarantine", []), problems, today)
    identity = _identity(raw["identity"], problems) if "identity" in raw else None
    known = {table.get("name") for table in tables if isinstance(table, dict)}
    problems += [
        f"quarantine names suite {suite[:100]!r}, which the file does not have"
        for suite in sorted(set(quarantine) - known)
    ]
    if problems:
        raise PlanError(*problems)
    return GateFile(
        gate=str(name),
        suites=suites,
        services=services,
        timeout_s=timeout_s,
        identity=identity,
        quarantine=quarantine,
    )


def _services(gate: object, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(gate, dict):
        return ()
    problems += [
        f"[gate] unknown key {key!r}; known: {', '.join(GATE_KEYS)}"
        for key in sorted(set(gate) - set(GATE_KEYS))
    ]
    services = gate.get("services")
    if services is None:
        return ()
    if not isinstance(services, list) or not services or not all(map(_is_text, services)):
        problems.append(
            f"[gate] services is {_shown(services)}, expected a list of texts such as "
            "'cluster/service'"
        )
        return ()
    return tuple(services)


def _identity(table: object, problems: list[str]) -> IdentityCheck | None:
    try:
        return parse_check(table)
    except PlanError as exc:
        problems += exc.problems
        return None


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
            keys = set(table) if isinstance(table, dict) else set()
            wrong = [f"lacks {key}" for key in ("suite", *KEYS) if key not in keys]
            wrong += [f"has unknown {key!r}" for key in sorted(keys - known)]
            problems.append(
                f"{where} {', '.join(wrong)}; it needs exactly: suite, {', '.join(KEYS)}"
            )
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
    thresholds = _thresholds(table.get("thresholds", []), where, found)
    problems += found
    if found:
        return None
    command = tuple(table.get("command", ()))
    read = {
        "thresholds": thresholds,
        "command": command,
        "framework": table.get("framework", "command" if command else "pytest"),
        "evidence": EvidenceKind(table.get("evidence", "report")),
    }
    return SuiteEntry(**(table | read))


def _thresholds(raw: object, where: str, problems: list[str]) -> tuple[Threshold, ...]:
    if not isinstance(raw, list):
        problems.append(f"{where}: thresholds is {_shown(raw)}, expected a list of texts")
        return ()
    found = []
    for text in raw:
        try:
            found.append(parse_threshold(text))
        except PlanError as exc:
            problems.append(f"{where}: {exc}")
    return tuple(found)


def _value_problems(table: Mapping[str, object]) -> list[str]:
    name, path = table.get("name"), table.get("path")
    wanted = {"framework": str, "blocking": bool} | dict.fromkeys(_SUITE_NUMBERS, int)
    problems = [
        f"{key} is {_shown(table[key])}, expected {_KINDS[kind]}"
        for key, kind in wanted.items()
        if key in table and type(table[key]) is not kind
    ]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(f"name is {_shown(name)}, expected lower-case letters, digits, - and _")
    if not isinstance(path, str) or not path:
        problems.append(f"path is {_shown(path)}, expected a directory beside the gate file")
    command = table.get("command", [])
    if not isinstance(command, list) or not all(map(_is_text, command)):
        problems.append(
            f"command is {_shown(command)}, expected a list of texts: program and arguments"
        )
    if table.get("evidence", "report") not in [kind.value for kind in EvidenceKind]:
        problems.append(f"evidence is {_shown(table['evidence'])}, expected report or exit-code")
    for key, (lowest, highest) in _SUITE_NUMBERS.items():
        value = table.get(key)
        if type(value) is int and not _within(value, lowest, highest):
            upto = "or more" if highest is None else f"to {highest}"
            problems.append(f"{key} is {value}, expected {lowest} {upto}")
    return problems


def _shown(value: object) -> str:
    """As TOML has it, as far as that tells anything; a key that is not there is missing."""
    if value is None:
        return "missing"
    return str(value).lower() if isinstance(value, bool) else repr(value)[:100]


def _within(value: int, lowest: int | None, highest: int | None) -> bool:
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)
