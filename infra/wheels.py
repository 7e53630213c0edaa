"""Third-party files of a bundle: pinned wheels, unpacked for a target, kept for the next build.

Why here: Lambda has no pip, and the machine that builds for it is often another platform. The one
file that runs pip; needs nothing else beside the standard library. Imported by `infra.bundle`.
"""

import hashlib
import re
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

# pip writes these into dist-info for the machine it runs on; entry points and metadata stay,
# because pytest finds its plugins by them.
VARYING_METADATA = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


class BundleError(Exception):
    """A bundle cannot be built; the message says what was found, what is needed, what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where bundles will run: a wheel platform tag and a Python version, such as `3.13`."""

    platform: str
    python: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_]+", self.platform):
            expected = "a wheel platform tag such as manylinux2014_x86_64"
            raise BundleError(f"platform: got {self.platform!r}, expected {expected}")
        if not re.fullmatch(r"3\.[0-9]+", self.python):
            raise BundleError(f"python: got {self.python!r}, expected a version such as 3.13")

    @classmethod
    def host(cls) -> "Target":
        """This machine and this interpreter."""
        tag = re.sub(r"[^A-Za-z0-9_]", "_", sysconfig.get_platform())
        return cls(platform=tag, python=f"{sys.version_info.major}.{sys.version_info.minor}")


def wheel_files(requirements: Path, target: Target, cache: Path) -> dict[str, bytes]:
    """What the wheels of a lock put on the import path, by name; no scripts, no bytecode.

    `requirements` pins every distribution with hashes. `cache` holds a directory a target and
    lock, so that only the first call for these asks a package index.

    Raises:
        BundleError: there is no such lock, or pip failed.
    """
    if not requirements.is_file():
        raise BundleError(f"{requirements}: no such file; `make requirements` writes it")
    vendor = _vendor(requirements, target, cache)
    names = [path.relative_to(vendor) for path in vendor.rglob("*") if path.is_file()]
    return {name.as_posix(): (vendor / name).read_bytes() for name in names if _is_wanted(name)}


def _is_wanted(name: Path) -> bool:
    if name.parts[0] == "bin" or "__pycache__" in name.parts or name.suffix == ".pyc":
        return False
    return not (name.parts[0].endswith(".dist-info") and name.name in VARYING_METADATA)


def _vendor(requirements: Path, target: Target, cache: Path) -> Path:
    """The directory of the unpacked wheels: whole if it exists, since a rename brings it there."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    vendor = cache / f"{target.platform}-{target.python}-{digest}"
    if vendor.is_dir():
        return vendor
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".partial-") as partial:
        files = Path(partial) / "files"
        lock = Path(partial) / "requirements.txt"
        lock.write_text(_lock_for(target, requirements.read_text("utf-8")), "utf-8")
        _pip_install(lock, files, target, requirements)
        try:
            files.rename(vendor)
        except OSError:
            if not vendor.is_dir():  # else another process was first, with the same files
                raise
    return vendor


def _lock_for(target: Target, lock: str) -> str:
    """The lock with its environment markers settled for the target.

    pip judges markers by the interpreter it runs in, even with `--platform`: left to itself, it
    would choose what this machine needs.
    """
    if target == Target.host():
        return lock
    from pip._vendor.packaging.markers import Marker

    environment = _marker_environment(target)
    kept = []
    for line in lock.replace("\\\n", " ").splitlines():
        requirement, _, rest = line.partition(" ; ")
        marker, *hashes = rest.split("--hash=")
        if not rest:
            kept.append(line)
        elif Marker(marker).evaluate(environment):
            kept.append(" --hash=".join([requirement, *hashes]))
    return "\n".join(kept) + "\n"


def _marker_environment(target: Target) -> dict[str, str]:
    # Another target than this machine means Lambda: CPython on Linux, the machine is in the tag.
    machine = re.search(r"x86_64|aarch64|arm64|i686|ppc64le|s390x|armv7l", target.platform)
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine.group() if machine else "",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{target.python}.0",
        "python_version": target.python,
        "sys_platform": "linux",
    }


def _pip_install(lock: Path, files: Path, target: Target, requirements: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--no-compile", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--target", str(files), "--requirement", str(lock)]
    if target != Target.host():
        command += ["--implementation", "cp", "--python-version", target.python]
        for tag in _platform_tags(target.platform):
            command += ["--platform", tag]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not files.is_dir():
        raise BundleError(
            f"pip could not install {requirements} for {target.platform}, Python {target.python} "
            f"(exit code {done.returncode}). A package index must be reachable, once for each "
            f"target, and offer a wheel of every requirement. pip said:\n{done.stderr.strip()}"
        )


def _platform_tags(platform: str) -> tuple[str, ...]:
    # A wheel names one platform by its older or its newer tag (PEP 600); pip compares literally.
    newer = platform.replace("manylinux2014_", "manylinux_2_17_")
    return (platform,) if newer == platform else (platform, newer)
