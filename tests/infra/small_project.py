"""A project small enough to build bundles of in a test, with an index of its own: no network."""

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.bundle import REPORTS

INFRA = Path(__file__).resolve().parents[2] / "infra"

LIBRARY_FILES = [
    "testgate/__init__.py",
    "testgate/aws/__init__.py",
    "testgate/aws/clients.py",
    "testgate/core/__init__.py",
    "testgate/core/deep/rules.py",
]
HOOK_FILES = [
    "hooks/admission.py",
    "hooks/approval.py",
    "hooks/metrics.py",
    "hooks/test_gate.py",
    *LIBRARY_FILES,
    "testgate/hook/__init__.py",
]
CONTROL_FILES = [
    "state_machines/steps/cancel.py",
    "state_machines/steps/check.py",
    "state_machines/steps/finish.py",
    "state_machines/steps/judge.py",
    "state_machines/steps/prepare.py",
    "state_machines/steps/changing.py",
    "state_machines/steps/entering.py",
    "state_machines/steps/recording.py",
    *LIBRARY_FILES,
    "testgate/core/plan.py",
    *(f"testgate/report/{name}" for name in REPORTS),
]
RUNNER_FILES = [
    "gadget-1.0.dist-info/METADATA",
    "gadget-1.0.dist-info/WHEEL",
    "gadget-1.0.dist-info/entry_points.txt",
    "gadget/__init__.py",
    "state_machines/steps/ask_green.py",
    "state_machines/steps/run_suite.py",
    *LIBRARY_FILES,
    "testgate/core/plan.py",
    "testgate/runner/__init__.py",
]
UNLISTED_FILES = [
    "hooks/notes.py",
    "src/testgate/cli/__init__.py",
    "src/testgate/core/__pycache__/stale.cpython-311.pyc",
    "src/testgate/core/notes.txt",
    "src/testgate/core/.#rules.py",
    "src/testgate/report/terminal.py",
    "state_machines/steps/notes.py",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Sources under `root` and wheels in `index`."""

    root: Path
    index: Path

    def build(self, *options: str, umask: int = -1) -> Path:
        """Run its own `infra/bundle.py`; the output directory."""
        out = self.root / "build"
        done = self.run("--out", str(out), *options, umask=umask)
        assert done.returncode == 0, done.stderr
        return out

    def environ(self) -> dict[str, str]:
        """The environment of a build that can reach `index` alone."""
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
        return {"PATH": os.defpath, **pip, "PIP_FIND_LINKS": str(self.index)}

    def run(self, *options: str, umask: int = -1) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(self.root / "infra" / "bundle.py"), *options],
            cwd=self.root,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            umask=umask,
        )


def make_project(parent: Path) -> Project:
    root, index = parent / "project", parent / "index"
    sources = {*HOOK_FILES, *CONTROL_FILES, *RUNNER_FILES}
    for name in sorted(sources):
        if not name.startswith("gadget"):
            folder = root / "src" if name.startswith("testgate/") else root
            write(folder / name, f"NAME = {name!r}\n")
    for name in UNLISTED_FILES:
        write(root / name, "")
    write(root / "state_machines" / "test_gate.asl.json", '{"StartAt": "Prepare"}\n')
    shutil.copytree(INFRA, root / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    gadget, rivet = make_wheel(index, "gadget"), make_wheel(index, "rivet")
    lock = f"gadget==1.0 \\\n    --hash=sha256:{gadget}\n"
    lock += f"rivet==1.0 ; python_version >= '3.13' \\\n    --hash=sha256:{rivet}\n"
    write(root / "requirements" / "runner.txt", lock)
    return Project(root=root, index=index)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def make_wheel(index: Path, name: str) -> str:
    """Write a wheel with a module, a console script and a pytest plugin; its SHA-256."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": "def main(): ...\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n"
        f"[pytest11]\n{name} = {name}\n",
    }
    record = io.StringIO()
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        csv.writer(record).writerow((path, f"sha256={digest.rstrip('=')}", len(text)))
    files[f"{info}/RECORD"] = record.getvalue() + f"{info}/RECORD,,\n"
    index.mkdir(parents=True, exist_ok=True)
    wheel = index / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()
