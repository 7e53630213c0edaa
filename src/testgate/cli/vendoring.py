"""What a suite needs besides pytest and requests: the wheels of its requirements file, for the
machine that its function runs on.

Imported by publishing and by the commands that choose the machine.
"""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from testgate.cli.wheels import Elsewhere, both_tags, install_wheels, installed_files
from testgate.core.errors import PlanError
from testgate.runner.layout import VENDORED

REQUIREMENTS = "requirements.txt"
_WHEELS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}
# From this minor version on Python runs on Amazon Linux 2023, whose glibc is 2.34.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_AMAZON_LINUX_2023 = 12
_MISSING = re.compile(r"(?:satisfies the requirement|No matching distribution found for) (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where suites run: a Lambda architecture and a Python version such as 3.13. None: here."""

    architecture: str | None = None
    python: str | None = None

    @classmethod
    def of_stack(cls, parameters: Mapping[str, str]) -> "Machine":
        """What a stack made from infra/gate.yaml runs them on."""
        return cls(
            architecture=parameters.get("Architecture", "x86_64"),
            python=parameters.get("PythonRuntime", "python3.13").removeprefix("python"),
        )

    @property
    def elsewhere(self) -> Elsewhere | None:
        """It, as wheels are chosen for it; None if it is this one."""
        if self.architecture is None or self.python is None:
            return None
        tag = _WHEELS[self.architecture]
        tags = both_tags(tag)
        if int(self.python.partition(".")[2]) >= _AMAZON_LINUX_2023:
            tags += (tag.replace("2014", "_2_28"),)
        return Elsewhere(tags=tags, python=self.python)

    def __str__(self) -> str:
        if self.architecture is None:
            return "this machine"
        return f"Lambda ({self.architecture}, Python {self.python})"


HERE = Machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """A file of a package; `program` if it may be executed (Playwright brings Node)."""

    data: bytes
    program: bool


def vendored_files(suite_dir: Path, machine: Machine) -> dict[str, Vendored]:
    """Files by their path in the suite's bundle; none without a requirements file.

    Raises PlanError naming what has no wheel for that machine.
    """
    requirements = suite_dir / REQUIREMENTS
    if not requirements.is_file():
        return {}
    with tempfile.TemporaryDirectory(prefix="testgate-wheels-") as scratch:
        target = Path(scratch) / "files"
        done = install_wheels(requirements.resolve(), target, machine.elsewhere, cwd=suite_dir)
        if done.returncode != 0:
            raise PlanError(_sentence(done.stderr, machine))
        return {
            f"{VENDORED}/{name.as_posix()}": _vendored(target / name)
            for name in installed_files(target)
        }


def _vendored(path: Path) -> Vendored:
    return Vendored(data=path.read_bytes(), program=bool(path.stat().st_mode & 0o100))


def _sentence(said: str, machine: Machine) -> str:
    found = _MISSING.findall(said)
    if found:
        return f"{REQUIREMENTS}: there is no wheel of {found[-1]} for {machine}"
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "no reason given")
    return f"{REQUIREMENTS}: pip could not install it for {machine}: {last.strip()}"
