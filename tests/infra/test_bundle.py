"""Bundles hold what is listed, in the same bytes each time, and pip is asked once."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.bundle import HOOK_MAX_BYTES, BundleError, Target, build_bundles
from tests.infra.small_project import (
    CONTROL_FILES,
    HOOK_FILES,
    RUNNER_FILES,
    Project,
    make_project,
    write,
)

ARM_3_13 = ("--platform", "manylinux2014_aarch64", "--python", "3.13")
X86_3_12 = ("--platform", "manylinux2014_x86_64", "--python", "3.12")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was built once for this machine; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("built"))
    project.build()
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    """A copy of it to change and build again; its index is empty."""
    root = shutil.copytree(built.root, tmp_path / "project")
    return Project(root=root, index=tmp_path / "index")


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def snapshot(out: Path) -> Mapping[str, tuple[bytes, int]]:
    """Each file written into `out`, but for the wheel cache: its bytes and when it was written."""
    files = (path for path in out.iterdir() if path.is_file() and path.name != ".lock")
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def contents(out: Path) -> Mapping[str, bytes]:
    return {name: data for name, (data, _) in snapshot(out).items()}


def test_bundles_hold_exactly_the_listed_files(built: Project):
    out = built.root / "build"
    assert names(out / "hook.zip") == sorted(HOOK_FILES)
    assert names(out / "control.zip") == sorted(CONTROL_FILES)
    assert names(out / "runner.zip") == sorted(RUNNER_FILES)
    with zipfile.ZipFile(out / "hook.zip") as archive:
        assert archive.read("hooks/test_gate.py") == b"NAME = 'hooks/test_gate.py'\n"


def test_manifest_describes_each_artifact(built: Project):
    out = built.root / "build"
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert {name: entry["file"] for name, entry in manifest.items()} == {
        "hook": "hook.zip",
        "control": "control.zip",
        "runner": "runner.zip",
        "asl": "test_gate.asl.json",
    }
    for name, entry in manifest.items():
        data = (out / entry["file"]).read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        stem, suffix = ("test_gate", "asl.json") if name == "asl" else (name, "zip")
        key = f"bundles/{stem}-{sha256[:16]}.{suffix}"
        expected = {"file": entry["file"], "sha256": sha256, "size_bytes": len(data), "key": key}
        assert entry == expected
    asl = built.root / "state_machines" / "test_gate.asl.json"
    assert (out / "test_gate.asl.json").read_bytes() == asl.read_bytes()


def test_same_sources_elsewhere_give_the_same_bytes(built: Project, tmp_path: Path):
    """Place, time stamps, modes and umask are those of a machine, not of the sources."""
    other = make_project(tmp_path / "another-place")
    for path in other.root.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700)
    expected = contents(built.root / "build")
    assert contents(other.build(umask=0o077)) == expected


def test_entries_can_be_read_by_the_user_that_lambda_runs_as(built: Project):
    with zipfile.ZipFile(built.root / "build" / "runner.zip") as archive:
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_second_build_writes_nothing_and_asks_no_index(project: Project):
    before = snapshot(project.root / "build")
    assert snapshot(project.build()) == before


def test_cached_wheels_serve_a_changed_runner_without_an_index(project: Project):
    write(project.root / "src/testgate/runner/__init__.py", "NAME = 'changed'\n")
    assert "gadget/__init__.py" in names(project.build() / "runner.zip")


def test_only_the_bundles_of_a_changed_source_are_written_again(project: Project):
    before = snapshot(project.root / "build")
    write(project.root / "src/testgate/runner/__init__.py", "NAME = 'changed'\n")
    after = snapshot(project.build())
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"runner.zip", "manifest.json", ".inputs.json"}


def test_damaged_bundle_is_built_again(project: Project):
    out = project.root / "build"
    before = (out / "hook.zip").read_bytes()
    (out / "hook.zip").write_bytes(before[:-10])
    project.build()
    assert (out / "hook.zip").read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", '{"hook": 7}'])
def test_unusable_record_of_the_last_build_only_costs_time(project: Project, text: str):
    out = project.root / "build"
    before = (out / "hook.zip").read_bytes()
    (out / ".inputs.json").write_text(text, "utf-8")
    project.build()
    assert (out / "hook.zip").read_bytes() == before


def test_lock_is_judged_for_the_target_and_not_for_this_machine(built: Project, project: Project):
    """`rivet` is due from Python 3.13 on; pip alone asks the Python that runs it."""
    project = Project(root=project.root, index=built.index)
    assert "rivet/__init__.py" in names(project.build(*ARM_3_13) / "runner.zip")
    assert "rivet/__init__.py" not in names(project.build(*X86_3_12) / "runner.zip")
    kept = {path.name.rsplit("-", 1)[0] for path in (project.root / "build/vendor").iterdir()}
    host = Target.host()
    assert kept == {
        "manylinux2014_aarch64-3.13",
        "manylinux2014_x86_64-3.12",
        f"{host.platform}-{host.python}",
    }


def test_changed_lock_asks_the_index_again(project: Project):
    lock = project.root / "requirements" / "runner.txt"
    write(lock, lock.read_text("utf-8") + "# changed\n")
    done = project.run("--out", "build")
    assert done.returncode == 1
    assert "pip could not install" in done.stderr


def test_failed_download_says_why_and_leaves_no_half_cache(tmp_path: Path):
    project = make_project(tmp_path)
    (project.index / "gadget-1.0-py3-none-any.whl").rename(tmp_path / "gone.whl")
    done = project.run("--out", "build")
    assert done.returncode == 1
    assert "pip could not install" in done.stderr
    assert "gadget==1.0" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((project.root / "build" / "vendor").iterdir()) == []
    (tmp_path / "gone.whl").rename(project.index / "gadget-1.0-py3-none-any.whl")
    assert "gadget/__init__.py" in names(project.build() / "runner.zip")


def test_wheel_with_another_hash_is_refused(tmp_path: Path):
    project = make_project(tmp_path)
    lock = project.root / "requirements" / "runner.txt"
    text = lock.read_text("utf-8")
    write(lock, re.sub("sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, text, count=1))
    done = project.run("--out", "build")
    assert done.returncode == 1
    assert "HASHES" in done.stderr
    assert "gadget" in done.stderr
    assert not (project.root / "build" / "runner.zip").exists()


@pytest.mark.parametrize(
    "name",
    [
        "hooks/test_gate.py",
        "src/testgate/report/markdown.py",
        "state_machines/steps/judge.py",
        "state_machines/test_gate.asl.json",
        "requirements/runner.txt",
    ],
)
def test_missing_file_is_named_and_the_last_build_stays(project: Project, name: str):
    out = project.root / "build"
    before = snapshot(out)
    (project.root / name).unlink()
    write(project.root / "src/testgate/core/__init__.py", "NAME = 'changed'\n")
    with pytest.raises(BundleError, match=f"{name}: no such file"):
        build_bundles(out, Target.host(), root=project.root)
    assert snapshot(out) == before


def test_empty_package_is_named(project: Project):
    shutil.rmtree(project.root / "src" / "testgate" / "aws")
    with pytest.raises(BundleError, match=r"src/testgate/aws.*the hook bundle lists it"):
        build_bundles(project.root / "build", Target.host(), root=project.root)


def test_hook_bundle_over_its_size_is_refused(project: Project):
    before = (project.root / "build" / "hook.zip").read_bytes()
    noise = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(5_000))
    write(project.root / "src/testgate/core/__init__.py", f"NOISE = {noise!r}\n")
    done = project.run("--out", "build")
    assert done.returncode == 1
    assert f"allowed {HOOK_MAX_BYTES:,}" in done.stderr
    assert (project.root / "build" / "hook.zip").read_bytes() == before


def test_builds_at_once_agree_on_whole_files(built: Project, tmp_path: Path):
    project = make_project(tmp_path)
    command = [sys.executable, str(project.root / "infra" / "bundle.py"), "--out", "build"]
    environ = project.environ()
    builds = [subprocess.Popen(command, cwd=project.root, env=environ) for _ in range(3)]
    assert [build.wait(timeout=300) for build in builds] == [0, 0, 0]
    assert contents(project.root / "build") == contents(built.root / "build")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--python", "3.13"), "--platform and --python go together"),
        (("--platform", "manylinux2014_x86_64"), "--platform and --python go together"),
        (("--platform", "a/b", "--python", "3.13"), "platform: got 'a/b', expected a wheel"),
        (("--platform", "manylinux2014_x86_64", "--python", "3"), "python: got '3', expected a"),
    ],
)
def test_wrong_options_are_explained(project: Project, options: tuple[str, ...], complaint: str):
    done = project.run("--out", "build", *options)
    assert done.returncode in {1, 2}
    assert complaint in done.stderr


def test_help_gives_a_command_for_each_use(project: Project):
    text = project.run("--help").stdout
    assert "python infra/bundle.py --out build\n" in text
    assert "--platform manylinux2014_x86_64 --python 3.13" in text
    assert "--platform manylinux2014_aarch64 --python 3.13" in text
