"""The gate file `testgate.toml`: a team's suites, before they are published.

Standard library only; imported by publishing and the command line.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from testgate.core.checks import Check
from testgate.core.errors import PlanError
from testgate.core.frameworks import HTTP
from testgate.core.gatefile_checks import OF_FILES, has_files, read_checks
from testgate.core.identity_check import IdentityCheck, parse_check
from testgate.core.nearest import nearest_key
from testgate.core.plan import (
    MAX_ATTEMPTS,
    MAX_SHARDS,
    MAX_SUITE_TIMEOUT_S,
    NAME,
    PARALLEL,
    EvidenceKind,
    FlakyPolicy,
)
from testgate.core.provisions import SecretReference, parse_secret
from testgate.core.quarantine import KEYS, QuarantineEntry, expiry_problems, read_entry
from testgate.core.thresholds import Threshold, parse_threshold

Place = tuple[str | int, ...]

GATE_KEYS = ("name", "services", "timeout_s", "parallel")
FILE_KEYS = ("schema", "gate", "suites", "identity", "quarantine")
_SUITE_NUMBERS = {  # lowest and highest value
    "timeout_s": (1, MAX_SUITE_TIMEOUT_S),
    "min_tests": (1, None),
    "shards": (1, MAX_SHARDS),
    "attempts": (1, MAX_ATTEMPTS),
    "wave": (None, None),
}
_CHOICES = {
    "evidence": tuple(kind.value for kind in EvidenceKind),
    "flaky": tuple(policy.value for policy in FlakyPolicy),
}
_KINDS: Mapping[type, str] = {str: "text", bool: "true or false", int: "a whole number"}
SUITE_KEYS = frozenset(
    {
        *("name", "runner", "checks", "blocking", "thresholds", "flaky", "secrets"),
        *("environment", *OF_FILES, *_SUITE_NUMBERS),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteEntry:
    """One `[[suites]]` table. `path` is relative to the gate file, "" for a suite of checks; waves
    run in ascending order."""

    name: str
    path: str = ""
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
    flaky: FlakyPolicy = FlakyPolicy.PASS
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretReference] = field(default_factory=dict)
    role: str = ""
    artifacts: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


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


class GateFileError(PlanError):
    """A gate file cannot be used; `places` say where each of its problems stands: keys and, for
    arrays of tables, positions from 0, such as `("suites", 0, "timeout_s")`."""

    def __init__(self, problems: Sequence[str], places: Sequence[Place]) -> None:
        super().__init__(*problems)
        self.places = tuple(places)


class _Problems:
    """What is wrong, each with its place."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.places: list[Place] = []

    def add(self, text: str, *place: str | int) -> None:
        self.texts.append(text)
        self.places.append(place)

    def unknown(self, table: Mapping[str, object], known: Iterable[str], *place: str | int) -> None:
        """Every key of a table that means nothing; `place` is the table's, and names it too."""
        where = _named(table, place)
        for key in sorted(set(table) - set(known)):
            self.add(f"{where}unknown key {key!r}{nearest_key(key, known)}", *place, key)


def parse_gate_file(text: str, today: date) -> GateFile:
    """The gate file as published on that day, or GateFileError with every problem found."""
    problems = _Problems()
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as exc:  # of TOML, of a number, of nesting
        raise GateFileError([f"not valid TOML: {exc}"], [()]) from None
    problems.unknown(raw, FILE_KEYS)
    if raw.get("schema") != 1:
        problems.add(f"schema is {_shown(raw.get('schema'))}, expected schema = 1", "schema")
    gate = raw.get("gate")
    name = gate.get("name") if isinstance(gate, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        expected = "expected lower-case letters, digits, - and _"
        problems.add(f"[gate] name is {_shown(name)}, {expected}", "gate", "name")
    services = _services(gate, problems)
    timeout_s = gate.get("timeout_s") if isinstance(gate, dict) else None
    if timeout_s is not None and type(timeout_s) is not int:
        problems.add(
            f"[gate] timeout_s is {_shown(timeout_s)}, expected a whole number of seconds",
            *("gate", "timeout_s"),
        )
    parallel = gate.get("parallel", PARALLEL) if isinstance(gate, dict) else PARALLEL
    if type(parallel) is not int:
        problems.add(
            f"[gate] parallel is {_shown(parallel)}, expected a whole number of shards",
            *("gate", "parallel"),
        )
    tables = raw.get("suites")
    if not isinstance(tables, list) or not tables:
        problems.add("no [[suites]] table: a gate without a suite could refuse nothing", "suites")
        tables = []
    entries = [_entry(table, index, problems) for index, table in enumerate(tables)]
    suites = tuple(entry for entry in entries if entry)
    known = {str(table.get("name")) for table in tables if isinstance(table, dict)}
    quarantine = _quarantine(raw.get("quarantine", []), known, problems, today)
    identity = _identity(raw["identity"], problems) if "identity" in raw else None
    suites = tuple(_with_min_tests(entry, quarantine.get(entry.name, ())) for entry in suites)
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


def _named(table: Mapping[str, object], place: Place) -> str:
    match place:
        case ("suites", int(index)):
            return f"suite {table.get('name', index + 1)!r}: "
        case ("gate",):
            return "[gate] "
        case _:
            return ""


def _services(gate: object, problems: _Problems) -> tuple[str, ...]:
    if not isinstance(gate, dict):
        return ()
    problems.unknown(gate, GATE_KEYS, "gate")
    services = gate.get("services")
    if services is None:
        return ()
    if not isinstance(services, list) or not services or not all(map(_is_text, services)):
        problems.add(
            f"[gate] services is {_shown(services)}, expected a list of texts such as "
            "'cluster/service'",
            *("gate", "services"),
        )
        return ()
    return tuple(services)


def _identity(table: object, problems: _Problems) -> IdentityCheck | None:
    try:
        return parse_check(table)
    except PlanError as exc:
        for problem in exc.problems:
            problems.add(problem, "identity")
        return None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _quarantine(
    tables: object, suites: set[str], problems: _Problems, today: date
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


def _entry(table: object, index: int, problems: _Problems) -> SuiteEntry | None:
    if not isinstance(table, dict):
        problems.add(f"suites[{index + 1}] is not a table", "suites", index)
        return None
    place = ("suites", index)
    where = _named(table, place)
    before = len(problems.texts)
    problems.unknown(table, SUITE_KEYS, *place)
    for key, problem in _value_problems(table):
        problems.add(f"{where}{problem}", *place, key)
    thresholds = _thresholds(table.get("thresholds", []), where, problems, *place)
    secrets = _secrets(table.get("secrets", {}), where, problems, *place)
    checks = read_checks(table, lambda text, *at: problems.add(f"{where}{text}", *place, *at))
    if len(problems.texts) > before:
        return None
    command = tuple(table.get("command", ()))
    by_default = HTTP if checks else "command" if command else "pytest"
    read = {
        "thresholds": thresholds,
        "command": command,
        "framework": table.get("framework", by_default),
        "evidence": EvidenceKind(table.get("evidence", "report")),
        "flaky": FlakyPolicy(table.get("flaky", "pass")),
        "artifacts": tuple(table.get("artifacts", ())),
        "secrets": secrets,
        "checks": checks,
        "min_tests": table.get("min_tests", 0 if checks else 1),
    }
    given = {key: value for key, value in table.items() if key != "runner"}
    return SuiteEntry(**(given | read))


def _with_min_tests(entry: SuiteEntry, quarantine: Sequence[QuarantineEntry]) -> SuiteEntry:
    """By default every check of a suite must run, but for those that do not count."""
    due = max(1, len(entry.checks) - len(quarantine))
    return entry if entry.min_tests else replace(entry, min_tests=due)


def _thresholds(
    raw: object, where: str, problems: _Problems, *place: str | int
) -> tuple[Threshold, ...]:
    if not isinstance(raw, list):
        expected = "expected a list of texts"
        problems.add(f"{where}thresholds is {_shown(raw)}, {expected}", *place, "thresholds")
        return ()
    found = []
    for text in raw:
        try:
            found.append(parse_threshold(text))
        except PlanError as exc:
            problems.add(f"{where}{exc}", *place, "thresholds")
    return tuple(found)


def _secrets(
    raw: object, where: str, problems: _Problems, *place: str | int
) -> dict[str, SecretReference]:
    if not isinstance(raw, dict):
        expected = "expected a table: variable to reference"
        problems.add(f"{where}secrets is {_shown(raw)}, {expected}", *place, "secrets")
        return {}
    found = {}
    for name, reference in raw.items():
        try:
            found[name] = parse_secret(reference)
        except PlanError as exc:
            problems.add(f"{where}secrets {name} {exc}", *place, "secrets", name)
    return found


def _value_problems(table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Each key whose value cannot be meant, and why."""
    name, path = table.get("name"), table.get("path")
    wanted = {"framework": str, "blocking": bool, "role": str} | dict.fromkeys(_SUITE_NUMBERS, int)
    for key, kind in wanted.items():
        if key in table and type(table[key]) is not kind:
            yield key, f"{key} is {_shown(table[key])}, expected {_KINDS[kind]}"
    if not isinstance(name, str) or not NAME.fullmatch(name):
        expected = "expected lower-case letters, digits, - and _"
        yield "name", f"name is {_shown(name)}, {expected}"
    if not isinstance(path, str if has_files(table) else str | None) or path == "":
        yield "path", f"path is {_shown(path)}, expected a directory beside the gate file"
    command = table.get("command", [])
    if not isinstance(command, list) or not all(map(_is_text, command)):
        expected = "expected a list of texts: program and arguments"
        yield "command", f"command is {_shown(command)}, {expected}"
    artifacts = table.get("artifacts", [])
    if not isinstance(artifacts, list) or not all(map(_is_text, artifacts)):
        expected = "expected a list of texts, such as 'screenshots/*.png'"
        yield "artifacts", f"artifacts is {_shown(artifacts)}, {expected}"
    environment = table.get("environment", {})
    if not isinstance(environment, dict) or not all(map(_is_text, environment.values())):
        expected = "expected a table of texts: variable to value"
        yield "environment", f"environment is {_shown(environment)}, {expected}"
    for key, (default, *others) in _CHOICES.items():
        if table.get(key, default) not in (default, *others):
            expected = f"expected {' or '.join((default, *others))}"
            yield key, f"{key} is {_shown(table[key])}, {expected}"
    for key, (lowest, highest) in _SUITE_NUMBERS.items():
        value = table.get(key)
        if type(value) is int and not _within(value, lowest, highest):
            upto = "or more" if highest is None else f"to {highest}"
            yield key, f"{key} is {value}, expected {lowest} {upto}"


def _shown(value: object) -> str:
    """As TOML has it, as far as that tells anything; a key that is not there is missing."""
    if value is None:
        return "missing"
    return str(value).lower() if isinstance(value, bool) else repr(value)[:100]


def _within(value: int, lowest: int | None, highest: int | None) -> bool:
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)
