"""Publishes a gate: suites as zips by their digest, the plan by its own, then the names.

Imported by the commands of this package.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

from testgate.aws.s3 import JSON_TYPE, Bucket
from testgate.core.canonical import digest_of
from testgate.core.errors import PlanError, RunnerError
from testgate.core.gatefile import GateFile, SuiteEntry, parse_gate_file
from testgate.core.layout import gate_key, plan_key, suite_bundle_key, suite_key
from testgate.core.plan import Plan, Suite, budget_problem, plan_problems
from testgate.core.storing import to_json_bytes
from testgate.runner.bundle import PUBLISH_AGAIN, check_bundle
from testgate.runner.probing import expression_problem

_LEFT_OUT = frozenset(
    {"__pycache__", ".pytest_cache", ".git", ".venv", "venv", "node_modules", ".mypy_cache"}
)
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_PROGRAM = 0o100755 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A gate ready to be stored: the plan, and each suite's zip by its digest."""

    plan: Plan
    bundles: dict[str, bytes]

    @property
    def pinned(self) -> str:
        """What `GATE` says to mean exactly this plan."""
        return f"{self.plan.gate}@{self.plan.digest}"


def prepare_publication(gate_file: Path, today: date | None = None) -> Publication:
    """Read the gate file and zip its suites; `today`, if not given, is UTC's.

    Raises PlanError with every problem found.
    """
    try:
        parsed = parse_gate_file(gate_file.read_text(), today or datetime.now(UTC).date())
    except OSError as exc:
        raise PlanError(f"cannot read the gate file {gate_file}: {exc.strerror}") from exc
    except PlanError as exc:
        raise PlanError(*(f"{gate_file}: {problem}" for problem in exc.problems)) from None
    zips = {entry.name: _zip_suite(gate_file.parent, entry) for entry in parsed.suites}
    suites = {name: digest_of(data) for name, data in zips.items()}
    plan = Plan(
        gate=parsed.gate,
        waves=tuple(_waves(parsed, suites)),
        services=parsed.services,
        timeout_s=parsed.timeout_s,
        identity=parsed.identity,
    )
    expression = expression_problem(plan.identity) if plan.identity else None
    problems = [*plan_problems(plan), *filter(None, [budget_problem(plan), expression])]
    if problems:
        raise PlanError(*(f"{gate_file}: {problem}" for problem in problems))
    return Publication(plan=plan, bundles={digest_of(data): data for data in zips.values()})


def publish(bucket: Bucket, publication: Publication) -> None:
    """Store what is not there yet; the name moves last, so that it never points at nothing."""
    for digest, data in publication.bundles.items():
        key = suite_bundle_key(digest)
        if not bucket.exists(key):
            bucket.put_once(key, data, "application/zip")
    plan = publication.plan
    bucket.put_once(plan_key(plan.digest), plan.json.encode(), JSON_TYPE)
    for suite in plan.suites:
        bucket.put(suite_key(suite.name), to_json_bytes(suite.spell()), JSON_TYPE)
    bucket.put(gate_key(plan.gate), to_json_bytes({"plan": plan.digest}), JSON_TYPE)


def _waves(gate_file: GateFile, digests: dict[str, str]) -> Iterator[tuple[Suite, ...]]:
    in_order = sorted(gate_file.suites, key=lambda entry: entry.wave)
    for _, wave in groupby(in_order, key=lambda entry: entry.wave):
        yield tuple(
            Suite(
                name=entry.name,
                bundle=digests[entry.name],
                framework=entry.framework,
                timeout_s=entry.timeout_s,
                min_tests=entry.min_tests,
                blocking=entry.blocking,
                shards=entry.shards,
                attempts=entry.attempts,
                thresholds=entry.thresholds,
                command=entry.command,
                evidence=entry.evidence,
                quarantine=gate_file.quarantine.get(entry.name, ()),
            )
            for entry in wave
        )


def _zip_suite(root: Path, entry: SuiteEntry) -> bytes:
    """The suite's files, reproducibly: same files, same bytes."""
    directory = root / entry.path
    if not directory.is_dir():
        raise PlanError(f"suite {entry.name!r}: its path {directory} is not a directory")
    files = sorted(path for path in directory.rglob("*") if _wanted(path.relative_to(directory)))
    links = [str(path) for path in files if path.is_symlink()]
    if links:
        raise PlanError(f"suite {entry.name!r}: links are not published: {', '.join(links)}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _FIXED_TIME)
                info.external_attr = _PROGRAM if path.stat().st_mode & 0o100 else _PLAIN_FILE
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
    try:
        check_bundle(buffer.getvalue())
    except RunnerError as exc:
        raise PlanError(f"suite {entry.name!r}: {str(exc).removesuffix(PUBLISH_AGAIN)}") from exc
    return buffer.getvalue()


def _wanted(path: Path) -> bool:
    return not _LEFT_OUT.intersection(path.parts) and path.suffix != ".pyc"
