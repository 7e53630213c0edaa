"""The gate file `testgate.toml`: a team's suites, before they are published.

Standard library only; imported by publishing and the command line.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from testgate.core.errors import PlanError
from testgate.core.gatefile_problems import GateFileError, Problems, is_text, shown
from testgate.core.gatefile_suites import SuiteEntry, read_suite, with_min_tests
from testgate.core.identity_check import IdentityCheck, parse_check
from testgate.core.plan import (
    NAME,
    PARALLEL,
)
from testgate.core.quarantine import KEYS, QuarantineEntry, expiry_problems, read_entry

GATE_KEYS = ("name", "services", "timeout_s", "parallel")
FILE_KEYS = ("schema", "gate", "suites", "identity", "quarantine")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFile:
    """A parsed gate file."""

    gate: str
    suites: tuple[SuiteEntry, ...]
    services: tuple[str, ...] = ()
    timeout_s: int | None = None
    parallel: int = PARALLEL
    identity: IdentityCheck | None = None
    quarantine: Mapping[str, tuple[QuarantineEntry, ...]] = field(default_factory=dict)


def parse_gate_file(text: str, today: date) -> GateFile:
    """The gate file as published on that day, or GateFileError with every problem found."""
    problems = Problems()
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as exc:  # of TOML, of a number, of nesting
        raise GateFileError([f"not valid TOML: {exc}"], [()]) from None
    problems.unknown(raw, FILE_KEYS)
    if raw.get("schema") != 1:
        problems.add(f"schema is {shown(raw.get('schema'))}, expected schema = 1", "schema")
    gate = raw.get("gate")
    name = gate.get("name") if isinstance(gate, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        expected = "expected lower-case letters, digits, - and _"
        problems.add(f"[gate] name is {shown(name)}, {expected}", "gate", "name")
    services = _services(gate, problems)
    timeout_s = gate.get("timeout_s") if isinstance(gate, dict) else None
    if timeout_s is not None and type(timeout_s) is not int:
        problems.add(
            f"[gate] timeout_s is {shown(timeout_s)}, expected a whole number of seconds",
            *("gate", "timeout_s"),
        )
    parallel = gate.get("parallel", PARALLEL) if isinstance(gate, dict) else PARALLEL
    if type(parallel) is not int:
        problems.add(
            f"[gate] parallel is {shown(parallel)}, expected a whole number of shards",
            *("gate", "parallel"),
        )
    tables = raw.get("suites")
    if not isinstance(tables, list) or not tables:
        problems.add("no [[suites]] table: a gate without a suite could refuse nothing", "suites")
        tables = []
    entries = [read_suite(table, index, problems) for index, table in enumerate(tables)]
    suites = tuple(entry for entry in entries if entry)
    known = {str(table.get("name")) for table in tables if isinstance(table, dict)}
    quarantine = _quarantine(raw.get("quarantine", []), known, problems, today)
    identity = _identity(raw["identity"], problems) if "identity" in raw else None
    suites = tuple(with_min_tests(entry, quarantine.get(entry.name, ())) for entry in suites)
    if problems.texts:
        raise GateFileError(problems.texts, problems.places)
    return GateFile(
        gate=str(name),
        suites=suites,
        services=services,
        timeout_s=timeout_s,
        parallel=parallel,
        identity=identity,
        quarantine=quarantine,
    )


def _services(gate: object, problems: Problems) -> tuple[str, ...]:
    if not isinstance(gate, dict):
        return ()
    problems.unknown(gate, GATE_KEYS, "gate")
    services = gate.get("services")
    if services is None:
        return ()
    if not isinstance(services, list) or not services or not all(map(is_text, services)):
        problems.add(
            f"[gate] services is {shown(services)}, expected a list of texts such as "
            "'cluster/service'",
            *("gate", "services"),
        )
        return ()
    return tuple(services)


def _identity(table: object, problems: Problems) -> IdentityCheck | None:
    try:
        return parse_check(table)
    except PlanError as exc:
        for problem in exc.problems:
            problems.add(problem, "identity")
        return None


def _quarantine(
    tables: object, suites: set[str], problems: Problems, today: date
) -> dict[str, tuple[QuarantineEntry, ...]]:
    """Entries by suite."""
    found: dict[str, tuple[QuarantineEntry, ...]] = {}
    if not isinstance(tables, list):
        problems.add("quarantine is no [[quarantine]] table", "quarantine")
        return found
    for index, table in enumerate(tables):
        where = f"quarantine[{index + 1}]"
        place = ("quarantine", index)
        known = {"suite", *KEYS}
        if not isinstance(table, dict) or set(table) != known:
            keys = set(table) if isinstance(table, dict) else set()
            wrong = [f"lacks {key}" for key in ("suite", *KEYS) if key not in keys]
            wrong += [f"has unknown {key!r}" for key in sorted(keys - known)]
            needs = f"it needs exactly: suite, {', '.join(KEYS)}"
            problems.add(f"{where} {', '.join(wrong)}; {needs}", *place)
            continue
        suite = str(table["suite"])
        if suite not in suites:
            unknown = f"quarantine names suite {suite[:100]!r}, which the file does not have"
            problems.add(unknown, *place, "suite")
        try:
            entry = read_entry(table)
        except PlanError as exc:
            for problem in exc.problems:
                problems.add(f"{where}: {problem}", *place)
            continue
        for problem in expiry_problems((entry,), today):
            problems.add(problem, *place, "expires")
        found[suite] = (*found.get(suite, ()), entry)
    return found
