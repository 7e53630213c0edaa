"""Publishes a gate: suites as zips by their digest, the plan by its own, then the names.

Imported by the commands of this package.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

from testgate.aws.s3 import JSON_TYPE, Bucket
from testgate.cli.vendoring import HERE, REQUIREMENTS, Machine, vendored_files
from testgate.core.budget import budget_problem
from testgate.core.canonical import digest_of
from testgate.core.errors import PlanError, RunnerError
from testgate.core.gatefile import GateFile, parse_gate_file
from testgate.core.gatefile_problems import GateFileError
from testgate.core.gatefile_suites import SuiteEntry
from testgate.core.layout import (
    gate_key,
    image_gate_key,
    plan_key,
    suite_bundle_key,
    suite_key,
)
from testgate.core.plan import Plan, Suite
from testgate.core.plan_problems import plan_problems, suite_problems
from testgate.core.storing import to_json_bytes
from testgate.core.toml_lines import line_of
from testgate.runner.bundle import PUBLISH_AGAIN, check_bundle
from testgate.runner.layout import VENDORED
from testgate.runner.probing import expression_problem, jmespath_problem

LEFT_OUT = frozenset(
    {
        VENDORED,
        "__pycache__",
        ".pytest_cache",
        ".git",
        ".venv",
        "venv",
        "node_modules",
        ".mypy_cache",
    }
)
MAX_GATE_FILE_BYTES = 2_000_000
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_PROGRAM = 0o100755 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A gate ready to be stored: the plan, and each suite's zip by its digest."""

    plan: Plan
    bundles: dict[str, bytes]
    vendors: bool = False  # whether any suite brings packages, which are for one machine

    @property
    def pinned(self) -> str:
        """What `GATE` says to mean exactly this plan."""
        return f"{self.plan.gate}@{self.plan.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with a gate file; `line` from 1, None if it is of no line."""

    file: Path
    text: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


def prepare_publication(
    gate_file: Path, today: date | None = None, machine: Machine = HERE
) -> Publication:
    """Read the gate file and zip its suites with what they require, for the machine that they will
    run on; `today`, if not given, is UTC's.

    Raises PlanError with every problem found.
    """
    publication, findings = examine(gate_file, today or datetime.now(UTC).date(), machine)
    if publication is None or findings:
        raise PlanError(*map(str, findings))
    return publication


def examine(
    gate_file: Path, today: date, machine: Machine | None = None
) -> tuple[Publication | None, list[Finding]]:
    """What would be published, None if it cannot be told, and everything wrong with it. Without a
    machine, what suites require is left out: pip would have to be asked.

    Raises PlanError for a file that cannot be read.
    """
    try:
        with gate_file.open("rb") as file:
            data = file.read(MAX_GATE_FILE_BYTES + 1)
        text = data.decode("utf-8-sig")  # editors of some systems begin a file with a mark
    except OSError as exc:
        raise PlanError(f"cannot read the gate file {gate_file}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise PlanError(f"the gate file {gate_file} is not UTF-8") from exc
    if len(data) > MAX_GATE_FILE_BYTES:
        raise PlanError(f"the gate file {gate_file} is larger than {MAX_GATE_FILE_BYTES:,} bytes")

    def finding(problem: str, *place: str | int) -> Finding:
        return Finding(file=gate_file, text=problem, line=line_of(text, place))

    try:
        parsed = parse_gate_file(text, today)
    except GateFileError as exc:
        places = zip(exc.problems, exc.places, strict=True)
        return None, [finding(problem, *place) for problem, place in places]
    zips: dict[str, bytes] = {}
    findings: list[Finding] = []
    for index, entry in enumerate(parsed.suites):
        if entry.checks:
            findings += [finding(text, "suites", index, *at) for text, *at in _expressions(entry)]
            continue
        try:
            zips[entry.name] = _zip_suite(gate_file.parent, entry, machine)
        except PlanError as exc:
            findings += [finding(problem, "suites", index, "path") for problem in exc.problems]
    digests = {name: digest_of(data) for name, data in zips.items()}
    plan = _plan(parsed, digests)
    in_order = [plan.suite(entry.name) for entry in parsed.suites]
    of_suites = {
        f"suite {suite.name!r}: {problem}": ("suites", index, problem.split()[0])
        for index, suite in enumerate(in_order)
        for problem in suite_problems(suite)
    }
    unzipped = tuple(
        f"suite {entry.name!r}: bundle "
        for entry in parsed.suites
        if entry.name not in digests and not entry.checks
    )
    findings += [
        finding(problem, *of_suites.get(problem, ("gate",)))
        for problem in plan_problems(plan)
        if not (unzipped and problem.startswith(unzipped))
    ]
    budget = budget_problem(plan)
    findings += [finding(budget, "gate", "timeout_s")] if budget else []
    if plan.identity:
        problem = expression_problem(plan.identity)
        findings += [finding(problem, "identity", "jmespath")] if problem else []
    if findings:
        return None, sorted(findings, key=lambda each: each.line or 0)
    vendors = any(
        (gate_file.parent / entry.path / REQUIREMENTS).is_file()
        for entry in parsed.suites
        if not entry.checks
    )
    bundles = {digest_of(data): data for data in zips.values()}
    return Publication(plan=plan, bundles=bundles, vendors=vendors), []


def _plan(parsed: GateFile, digests: Mapping[str, str]) -> Plan:
    return Plan(
        gate=parsed.gate,
        waves=tuple(_waves(parsed, digests)),
        services=parsed.services,
        timeout_s=parsed.timeout_s,
        identity=parsed.identity,
        parallel=parsed.parallel,
    )


def publish(bucket: Bucket, publication: Publication, image_digest: str | None = None) -> None:
    """Store what is not there yet; names move last, so that they never point at nothing. For the
    image of that digest, the gate's name keeps meaning this plan."""
    for digest, data in publication.bundles.items():
        key = suite_bundle_key(digest)
        if not bucket.exists(key):
            bucket.put_once(key, data, "application/zip")
    plan = publication.plan
    bucket.put_once(plan_key(plan.digest), plan.json.encode(), JSON_TYPE)
    for suite in plan.suites:
        bucket.put(suite_key(suite.name), to_json_bytes(suite.spell()), JSON_TYPE)
    pointer = to_json_bytes({"plan": plan.digest})
    if image_digest:
        bucket.put(image_gate_key(plan.gate, image_digest), pointer, JSON_TYPE)
    bucket.put(gate_key(plan.gate), pointer, JSON_TYPE)


def _waves(gate_file: GateFile, digests: Mapping[str, str]) -> Iterator[tuple[Suite, ...]]:
    in_order = sorted(gate_file.suites, key=lambda entry: entry.wave)
    for _, wave in groupby(in_order, key=lambda entry: entry.wave):
        yield tuple(
            Suite(
                name=entry.name,
                bundle=digests.get(entry.name, ""),
                framework=entry.framework,
                timeout_s=entry.timeout_s,
                min_tests=entry.min_tests,
                blocking=entry.blocking,
                shards=entry.shards,
                attempts=entry.attempts,
                thresholds=entry.thresholds,
                command=entry.command,
                evidence=entry.evidence,
                flaky=entry.flaky,
                environment=entry.environment,
                secrets=entry.secrets,
                role=entry.role,
                artifacts=entry.artifacts,
                checks=entry.checks,
                quarantine=gate_file.quarantine.get(entry.name, ()),
            )
            for entry in wave
        )


def _expressions(entry: SuiteEntry) -> Iterator[tuple[str, *tuple[str | int, ...]]]:
    """What is wrong with the JMESPath of a suite's checks, each with its place."""
    for index, check in enumerate(entry.checks):
        for expression, _ in check.expect.json:
            problem = jmespath_problem(expression)
            if problem:
                text = f"suite {entry.name!r}: check {check.name!r}: {problem}"
                yield text, "checks", index, "expect", "json", expression


def _zip_suite(root: Path, entry: SuiteEntry, machine: Machine | None) -> bytes:
    """The suite's files, reproducibly: same files, same bytes."""
    directory = root / entry.path
    if not directory.is_dir():
        raise PlanError(f"suite {entry.name!r}: its path {directory} is not a directory")
    files = sorted(path for path in directory.rglob("*") if _wanted(path.relative_to(directory)))
    odd = [repr(str(path)) for path in files if not _is_utf8(str(path))]
    if odd:
        raise PlanError(f"suite {entry.name!r}: names of files must be UTF-8: {', '.join(odd)}")
    links = [str(path) for path in files if path.is_symlink()]
    if links:
        raise PlanError(f"suite {entry.name!r}: links are not published: {', '.join(links)}")
    try:
        vendored = vendored_files(directory, machine) if machine else {}
    except PlanError as exc:
        raise PlanError(*(f"suite {entry.name!r}: {problem}" for problem in exc.problems)) from exc
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _FIXED_TIME)
                info.external_attr = _PROGRAM if path.stat().st_mode & 0o100 else _PLAIN_FILE
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
        for name, file in vendored.items():
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.external_attr = _PROGRAM if file.program else _PLAIN_FILE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.data)
    try:
        check_bundle(buffer.getvalue())
    except RunnerError as exc:
        raise PlanError(f"suite {entry.name!r}: {str(exc).removesuffix(PUBLISH_AGAIN)}") from exc
    return buffer.getvalue()


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wanted(path: Path) -> bool:
    return not LEFT_OUT.intersection(path.parts) and path.suffix != ".pyc"
