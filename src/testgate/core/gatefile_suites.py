"""The `[[suites]]` tables of a gate file.

Standard library only; imported by the gate file's reader and by publishing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from testgate.core.checks import Check
from testgate.core.errors import PlanError
from testgate.core.frameworks import HTTP
from testgate.core.gatefile_checks import OF_FILES, has_files, read_checks
from testgate.core.gatefile_problems import Problems, is_text, named, shown
from testgate.core.plan import (
    MAX_ATTEMPTS,
    MAX_SHARDS,
    MAX_SUITE_TIMEOUT_S,
    NAME,
    EvidenceKind,
    FlakyPolicy,
)
from testgate.core.provisions import SecretReference, parse_secret
from testgate.core.quarantine import QuarantineEntry
from testgate.core.thresholds import Threshold, parse_threshold

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


def read_suite(table: object, index: int, problems: Problems) -> SuiteEntry | None:
    """The suite of one table, None once something is wrong with it; `index` is from 0."""
    if not isinstance(table, dict):
        problems.add(f"suites[{index + 1}] is not a table", "suites", index)
        return None
    place = ("suites", index)
    where = named(table, place)
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


def with_min_tests(entry: SuiteEntry, quarantine: Sequence[QuarantineEntry]) -> SuiteEntry:
    """By default every check of a suite must run, but for those that do not count."""
    due = max(1, len(entry.checks) - len(quarantine))
    return entry if entry.min_tests else replace(entry, min_tests=due)


def _thresholds(
    raw: object, where: str, problems: Problems, *place: str | int
) -> tuple[Threshold, ...]:
    if not isinstance(raw, list):
        expected = "expected a list of texts"
        problems.add(f"{where}thresholds is {shown(raw)}, {expected}", *place, "thresholds")
        return ()
    found = []
    for text in raw:
        try:
            found.append(parse_threshold(text))
        except PlanError as exc:
            problems.add(f"{where}{exc}", *place, "thresholds")
    return tuple(found)


def _secrets(
    raw: object, where: str, problems: Problems, *place: str | int
) -> dict[str, SecretReference]:
    if not isinstance(raw, dict):
        expected = "expected a table: variable to reference"
        problems.add(f"{where}secrets is {shown(raw)}, {expected}", *place, "secrets")
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
            yield key, f"{key} is {shown(table[key])}, expected {_KINDS[kind]}"
    if not isinstance(name, str) or not NAME.fullmatch(name):
        expected = "expected lower-case letters, digits, - and _"
        yield "name", f"name is {shown(name)}, {expected}"
    if not isinstance(path, str if has_files(table) else str | None) or path == "":
        yield "path", f"path is {shown(path)}, expected a directory beside the gate file"
    command = table.get("command", [])
    if not isinstance(command, list) or not all(map(is_text, command)):
        expected = "expected a list of texts: program and arguments"
        yield "command", f"command is {shown(command)}, {expected}"
    artifacts = table.get("artifacts", [])
    if not isinstance(artifacts, list) or not all(map(is_text, artifacts)):
        expected = "expected a list of texts, such as 'screenshots/*.png'"
        yield "artifacts", f"artifacts is {shown(artifacts)}, {expected}"
    environment = table.get("environment", {})
    if not isinstance(environment, dict) or not all(map(is_text, environment.values())):
        expected = "expected a table of texts: variable to value"
        yield "environment", f"environment is {shown(environment)}, {expected}"
    for key, (default, *others) in _CHOICES.items():
        if table.get(key, default) not in (default, *others):
            expected = f"expected {' or '.join((default, *others))}"
            yield key, f"{key} is {shown(table[key])}, {expected}"
    for key, (lowest, highest) in _SUITE_NUMBERS.items():
        value = table.get(key)
        if type(value) is int and not _within(value, lowest, highest):
            upto = "or more" if highest is None else f"to {highest}"
            yield key, f"{key} is {value}, expected {lowest} {upto}"


def _within(value: int, lowest: int | None, highest: int | None) -> bool:
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)
