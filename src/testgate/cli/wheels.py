"""Wheels for another machine than this one, installed by pip into a directory.

Needs the standard library and pip alone, as the builder of bundles does, which imports it; so does
the vendoring of what a suite requires.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# pip writes these into dist-info for the machine and the moment; entry points and metadata stay,
# because pytest finds its plugins by them.
VARYING_METADATA = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_MACHINE = re.compile(r"x86_64|aarch64|arm64|i686|ppc64le|s390x|armv7l")
# pip chooses wheels for another platform and Python, but judges environment markers by the
# interpreter it runs in, of the requirements as of what those require, and has no option for that.
_PIP = """
import json, runpy, sys
from pip._vendor.packaging import markers
there = json.loads(sys.argv.pop(1))
here = markers.default_environment
markers.default_environment = lambda: here() | there
if not markers.Marker("python_full_version == '%s'" % there["python_full_version"]).evaluate():
    sys.exit("this pip judges markers in a way that testgate does not know")
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another machine: the wheel platform tags that it takes, and its Python, such as `3.13`."""

    tags: tuple[str, ...]
    python: str

    @property
    def markers(self) -> dict[str, str]:
        """What a marker finds there: CPython on Linux, for it is Lambda."""
        machine = _MACHINE.search(self.tags[0])
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": machine.group() if machine else "",
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


def both_tags(tag: str) -> tuple[str, ...]:
    """A wheel names one platform by its older or its newer tag (PEP 600); pip compares
    literally."""
    newer = tag.replace("manylinux2014_", "manylinux_2_17_")
    return (tag,) if newer == tag else (tag, newer)


def install_wheels(
    requirements: Path,
    into: Path,
    elsewhere: Elsewhere | None,
    options: Sequence[str] = (),
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """pip's end: what the file requires, as wheels, unpacked into a directory; None is here."""
    call = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    call += ["--only-binary", ":all:", "--target", str(into), "--requirement", str(requirements)]
    call += options
    if elsewhere is None:
        command = [sys.executable, "-m", "pip", *call]
    else:
        call += ["--implementation", "cp", "--python-version", elsewhere.python]
        call += [word for tag in elsewhere.tags for word in ("--platform", tag)]
        command = [sys.executable, "-c", _PIP, json.dumps(elsewhere.markers), *call]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def installed_files(directory: Path) -> Iterator[Path]:
    """What lies there and is the same wherever it was installed, relative to it, in order: no
    scripts, no bytecode."""
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory)
        if path.is_file() and _is_wanted(name):
            yield name


def _is_wanted(name: Path) -> bool:
    if name.parts[0] == "bin" or "__pycache__" in name.parts or name.suffix == ".pyc":
        return False
    return not (name.parts[0].endswith(".dist-info") and name.name in VARYING_METADATA)
