"""The Lambda bundles, built from explicit lists: the same sources give the same bytes.

Why here: what this writes is what CloudFormation deploys, on AWS and on the local AWS alike. Run it
(`python infra/bundle.py --help`) or call `build_bundles`; needs the standard library and pip only.
"""

import argparse
import fcntl
import hashlib
import io
import json
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for place in (ROOT, ROOT / "src"):  # run as a script, Python puts only this file's directory there
    if str(place) not in sys.path:
        sys.path.append(str(place))

from infra.wheels import BundleError, Target, wheel_files  # noqa: E402

__all__ = ["Artifact", "BundleError", "Manifest", "Target", "build_bundles"]

LIBRARY_SOURCES = (
    "src/testgate/__init__.py",
    "src/testgate/core/**/*.py",
    "src/testgate/aws/**/*.py",
)
HOOK_SOURCES = (
    *LIBRARY_SOURCES,
    "src/testgate/hook/**/*.py",
    "hooks/test_gate.py",
    "hooks/admission.py",
    "hooks/approval.py",
    "hooks/metrics.py",
)
# Where green is, plans, evidence and verdicts: what a hook never looks into.
HOOK_WITHOUT = (
    "src/testgate/aws/discovery.py",
    "src/testgate/aws/elbv2.py",
    "src/testgate/aws/plans.py",
    "src/testgate/aws/provisions.py",
    "src/testgate/core/aws_events.py",
    "src/testgate/core/balancing.py",
    "src/testgate/core/budget.py",
    "src/testgate/core/check_expectations.py",
    "src/testgate/core/checks.py",
    "src/testgate/core/conditions.py",
    "src/testgate/core/counting.py",
    "src/testgate/core/durations.py",
    "src/testgate/core/embedded_metrics.py",
    "src/testgate/core/ending.py",
    "src/testgate/core/fence.py",
    "src/testgate/core/frameworks.py",
    "src/testgate/core/gatefile.py",
    "src/testgate/core/gatefile_checks.py",
    "src/testgate/core/gatefile_problems.py",
    "src/testgate/core/gatefile_suites.py",
    "src/testgate/core/handoff.py",
    "src/testgate/core/history.py",
    "src/testgate/core/identity.py",
    "src/testgate/core/identity_answers.py",
    "src/testgate/core/identity_check.py",
    "src/testgate/core/masking.py",
    "src/testgate/core/meeting.py",
    "src/testgate/core/nearest.py",
    "src/testgate/core/plan.py",
    "src/testgate/core/plan_problems.py",
    "src/testgate/core/plan_reading.py",
    "src/testgate/core/provisions.py",
    "src/testgate/core/quarantine.py",
    "src/testgate/core/reach.py",
    "src/testgate/core/record.py",
    "src/testgate/core/record_size.py",
    "src/testgate/core/routing.py",
    "src/testgate/core/run_verdict.py",
    "src/testgate/core/sharding.py",
    "src/testgate/core/spans.py",
    "src/testgate/core/spellings.py",
    "src/testgate/core/states.py",
    "src/testgate/core/suite_verdict.py",
    "src/testgate/core/thresholds.py",
    "src/testgate/core/toml_lines.py",
    "src/testgate/core/variables.py",
    "src/testgate/core/verdict.py",
    "src/testgate/core/wording.py",
)
REPORTS = (  # all but what only the command line shows
    "__init__.py",
    "changes.py",
    "comparing.py",
    "console.py",
    "ctrf.py",
    "elements.py",
    "html.py",
    "junit.py",
    "markdown.py",
    "page.css",
    "page.js",
    "page_failures.py",
    "page_artifacts.py",
    "page_changes.py",
    "page_list.py",
    "page_parts.py",
    "page_repeat.py",
    "page_sections.py",
    "page_timeline.py",
    "reading.py",
    "rendering.py",
    "repeating.py",
    "view.py",
    "wording.py",
)
CONTROL_SOURCES = (
    *LIBRARY_SOURCES,
    *(f"src/testgate/report/{name}" for name in REPORTS),
    "state_machines/steps/prepare.py",
    "state_machines/steps/check.py",
    "state_machines/steps/judge.py",
    "state_machines/steps/finish.py",
    "state_machines/steps/cancel.py",
    "state_machines/steps/changing.py",
    "state_machines/steps/entering.py",
    "state_machines/steps/recording.py",
)
RUNNER_SOURCES = (
    *LIBRARY_SOURCES,
    "src/testgate/runner/**/*.py",
    "state_machines/steps/run_suite.py",
    "state_machines/steps/ask_green.py",
)
RUNNER_REQUIREMENTS = "requirements/runner.txt"
STATE_MACHINE = "state_machines/test_gate.asl.json"

HOOK_MAX_BYTES = 102_400

# Part of every digest of inputs: raise it when this file starts to write other bytes.
FORMAT = f"1 zlib {zlib.ZLIB_RUNTIME_VERSION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One zip: `sources` are files or globs relative to the root, `without` are files that these
    name and that stay out, `requirements` is a pip lock."""

    name: str
    sources: tuple[str, ...]
    without: tuple[str, ...] = ()
    requirements: str | None = None
    max_bytes: int | None = None


BUNDLES = (
    Bundle(name="hook", sources=HOOK_SOURCES, without=HOOK_WITHOUT, max_bytes=HOOK_MAX_BYTES),
    Bundle(name="control", sources=CONTROL_SOURCES),
    Bundle(name="runner", sources=RUNNER_SOURCES, requirements=RUNNER_REQUIREMENTS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One built file: `file` is relative to the output directory, `key` is for the S3 bucket."""

    file: str
    sha256: str
    size_bytes: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was built into `out`: `hook`, `control`, `runner` and `asl`."""

    out: Path
    artifacts: Mapping[str, Artifact]

    def path(self, name: str) -> Path:
        """The file of the artifact `name`."""
        return self.out / self.artifacts[name].file

    def to_json(self) -> str:
        """The text of `manifest.json`: artifact name to file, sha256, size_bytes and key."""
        return json.dumps({name: asdict(a) for name, a in self.artifacts.items()}, indent=2) + "\n"


def build_bundles(out: Path, target: Target, *, root: Path = ROOT) -> Manifest:
    """Build every bundle whose inputs changed, copy the state machine, write `manifest.json`.

    Wheels are kept under `<root>/build/vendor`, so only the first build for a target and a lock
    asks a package index. Several processes may build into one `out`: they take turns.

    Raises:
        BundleError: a listed file is missing, a bundle is too large, or pip failed.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _locked(out / ".lock"):
        stamps = _read_stamps(out / ".inputs.json")
        # All contents before the first write: a build that fails leaves the last one as it was.
        contents = {b.name: _bundle(b, root, out, target, stamps) for b in BUNDLES}
        contents["asl"] = _state_machine(root)
        artifacts = {name: _artifact(name, data) for name, data in contents.items()}
        manifest = Manifest(out=out, artifacts=artifacts)
        for name, data in contents.items():
            _write_atomically(manifest.path(name), data)
        _write_atomically(out / ".inputs.json", json.dumps(stamps, sort_keys=True).encode())
        _write_atomically(out / "manifest.json", manifest.to_json().encode())
    return manifest


def _bundle(
    bundle: Bundle, root: Path, out: Path, target: Target, stamps: dict[str, list[str]]
) -> bytes:
    """The zip's bytes, those of the last build if its inputs were the same; updates `stamps`."""
    entries = _source_entries(bundle, root)
    if bundle.requirements is not None:
        entries |= wheel_files(root / bundle.requirements, target, root / "build" / "vendor")
    inputs = _digest_of_inputs(entries)
    last = out / f"{bundle.name}.zip"
    data = last.read_bytes() if last.is_file() else b""
    if stamps.get(bundle.name) != [inputs, _sha256(data)]:
        data = _zip(entries)
    _check_size(bundle, data)
    stamps[bundle.name] = [inputs, _sha256(data)]
    return data


def _source_entries(bundle: Bundle, root: Path) -> dict[str, bytes]:
    entries: dict[str, bytes] = {}
    for pattern in bundle.sources:
        found = [p for p in root.glob(pattern) if p.is_file() and not p.name.startswith(".")]
        if not found:
            raise BundleError(
                f"{pattern}: no such file under {root}, but the {bundle.name} bundle lists it; "
                "create it, or correct the lists at the top of infra/bundle.py"
            )
        for path in found:
            name = path.relative_to(root).as_posix()
            if name not in bundle.without:
                entries[name.removeprefix("src/")] = path.read_bytes()
    return entries


def _zip(entries: Mapping[str, bytes]) -> bytes:
    """A zip that depends on names and contents alone; readable by Lambda's own user."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entries[name], compresslevel=9)
    return buffer.getvalue()


def _check_size(bundle: Bundle, data: bytes) -> None:
    if bundle.max_bytes is not None and len(data) > bundle.max_bytes:
        raise BundleError(
            f"{bundle.name}.zip: {len(data):,} bytes, allowed {bundle.max_bytes:,}: its cold start "
            "is on the path of every deployment; move code out of what it lists in infra/bundle.py"
        )


def _state_machine(root: Path) -> bytes:
    source = root / STATE_MACHINE
    if not source.is_file():
        raise BundleError(f"{STATE_MACHINE}: no such file under {root}; the stack deploys it")
    return source.read_bytes()


def _artifact(name: str, data: bytes) -> Artifact:
    stem, suffix = ("test_gate", ".asl.json") if name == "asl" else (name, ".zip")
    sha256 = _sha256(data)
    key = f"bundles/{stem}-{sha256[:16]}{suffix}"
    return Artifact(file=stem + suffix, sha256=sha256, size_bytes=len(data), key=key)


def _digest_of_inputs(entries: Mapping[str, bytes]) -> str:
    lines = [FORMAT, *(f"{name}\0{_sha256(entries[name])}" for name in sorted(entries))]
    return _sha256("\n".join(lines).encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_stamps(path: Path) -> dict[str, list[str]]:
    """Bundle name to the digests of its inputs and of its file; empty if nothing is usable."""
    try:
        stamps = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _write_atomically(path: Path, data: bytes) -> None:
    if path.is_file() and path.read_bytes() == data:
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bundle.py",
        description="Build the Lambda bundles hook, control and runner, and their manifest.json.",
        epilog="""examples:
  python infra/bundle.py --out build
      for this machine: what the local AWS runs
  python infra/bundle.py --out build/lambda --platform manylinux2014_x86_64 --python 3.13
      for AWS Lambda, architecture x86_64, runtime python3.13
  python infra/bundle.py --out build/lambda --platform manylinux2014_aarch64 --python 3.13
      for AWS Lambda, architecture arm64""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build"), help="directory (default: build)"
    )
    parser.add_argument("--platform", metavar="TAG", help="wheel platform tag; needs --python")
    parser.add_argument("--python", metavar="VERSION", help="Python of the runtime, such as 3.13")
    arguments = parser.parse_args(argv)
    if (arguments.platform is None) != (arguments.python is None):
        parser.error("--platform and --python go together: give both for Lambda, or neither")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Build as asked on the command line; the exit code: 0 built, 1 could not, 2 bad usage."""
    arguments = _arguments(argv)
    try:
        target = Target.host()
        if arguments.platform is not None:
            target = Target(platform=arguments.platform, python=arguments.python)
        manifest = build_bundles(arguments.out, target)
    except (BundleError, OSError) as error:
        print(f"bundle.py: {error}", file=sys.stderr)
        return 1
    for name, artifact in manifest.artifacts.items():
        print(f"{name:8} {artifact.size_bytes:>10,} bytes  {manifest.path(name)}  {artifact.key}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
