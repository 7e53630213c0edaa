"""Third-party files of a bundle: pinned wheels, unpacked for a target, kept for the next build.

Why here: Lambda has no pip, and the machine that builds for it is often another platform. Imported
by `infra.bundle`.
"""

import hashlib
import re
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from testgate.cli.wheels import Elsewhere, both_tags, install_wheels, installed_files


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

    @property
    def elsewhere(self) -> Elsewhere | None:
        """It, as wheels are chosen for it; None if it is this machine."""
        if self == Target.host():
            return None
        return Elsewhere(tags=both_tags(self.platform), python=self.python)

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
    return {name.as_posix(): (vendor / name).read_bytes() for name in installed_files(vendor)}


def _vendor(requirements: Path, target: Target, cache: Path) -> Path:
    """The directory of the unpacked wheels: whole if it exists, since a rename brings it there."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    vendor = cache / f"{target.platform}-{target.python}-{digest}"
    if vendor.is_dir():
        return vendor
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".partial-") as partial:
        files = Path(partial) / "files"
        _pip_install(requirements, files, target)
        try:
            files.rename(vendor)
        except OSError:
            if not vendor.is_dir():  # else another process was first, with the same files
                raise
    return vendor


def _pip_install(requirements: Path, files: Path, target: Target) -> None:
    options = ("--no-deps", "--require-hashes")
    done = install_wheels(requirements, files, target.elsewhere, options)
    if done.returncode != 0 or not files.is_dir():
        raise BundleError(
            f"pip could not install {requirements} for {target.platform}, Python {target.python} "
            f"(exit code {done.returncode}). A package index must be reachable, once for each "
            f"target, and offer a wheel of every requirement. pip said:\n{done.stderr.strip()}"
        )
