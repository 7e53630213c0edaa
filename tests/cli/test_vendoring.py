"""Packages that a suite requires come with it, for the machine that it runs on."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from testgate.cli.publishing import prepare_publication
from testgate.cli.vendoring import HERE, Machine, vendored_files
from testgate.core.errors import PlanError

LAMBDA = Machine.of_stack({"Architecture": "arm64", "PythonRuntime": "python3.13"})


def wheel(directory, name, version, tag, modules, requires=()):
    """A wheel as `pip install` takes it."""
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    info = f"{name}-{version}.dist-info"
    files = {
        **modules,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(directory / f"{name}-{version}-{tag}.whl", "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite's directory, beside an index of our own."""
    index = tmp_path / "index"
    index.mkdir()
    wheel(index, "helper", "1.0", "py3-none-any", {"helper.py": "WHAT = 'vendored'\n"})
    wheel(index, "native", "1.0", "cp313-cp313-manylinux2014_aarch64", {"native.py": ""})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    directory = tmp_path / "smoke"
    directory.mkdir()
    (directory / "test_it.py").write_text("def test_a(): pass\n")
    return directory


def test_a_suite_without_requirements_brings_nothing(suite):
    assert vendored_files(suite, HERE) == {}


def test_packages_lie_below_one_directory_without_what_varies(suite):
    (suite / "requirements.txt").write_text("helper\n")
    files = vendored_files(suite, HERE)
    assert set(files) == {
        "__vendored__/helper.py",
        "__vendored__/helper-1.0.dist-info/METADATA",
        "__vendored__/helper-1.0.dist-info/WHEEL",
    }


def test_wheels_are_those_of_the_machine(suite):
    (suite / "requirements.txt").write_text("native\n")
    assert "__vendored__/native.py" in vendored_files(suite, LAMBDA)
    other = Machine.of_stack({})
    with pytest.raises(PlanError) as caught:
        vendored_files(suite, other)
    assert str(caught.value) == (
        "requirements.txt: there is no wheel of native for Lambda (x86_64, Python 3.13)"
    )


def test_wheels_for_the_newer_glibc_are_for_the_runtimes_that_have_it(suite, tmp_path):
    index = tmp_path / "index"
    for minor in (11, 13):
        tag = f"cp3{minor}-cp3{minor}-manylinux_2_28_x86_64"
        wheel(index, "newer", "1.0", tag, {"newer.py": ""})
    (suite / "requirements.txt").write_text("newer\n")
    assert "__vendored__/newer.py" in vendored_files(suite, Machine.of_stack({}))
    with pytest.raises(PlanError, match="no wheel of newer for Lambda"):
        vendored_files(suite, Machine.of_stack({"PythonRuntime": "python3.11"}))


def test_markers_are_judged_by_the_machine_it_is_for(suite, tmp_path):
    index = tmp_path / "index"
    needs = ["new ; python_version >= '3.13'", "old ; python_version < '3.13'"]
    wheel(index, "outer", "1.0", "py3-none-any", {"outer.py": ""}, needs)
    for name in ("new", "old", "arm", "intel"):
        wheel(index, name, "1.0", "py3-none-any", {f"{name}.py": ""})
    (suite / "requirements.txt").write_text(
        "outer\narm ; platform_machine == 'aarch64'\nintel ; platform_machine == 'x86_64'\n"
    )
    for runtime, modules in (("3.13", {"outer", "new", "arm"}), ("3.11", {"outer", "old", "arm"})):
        machine = Machine.of_stack({"Architecture": "arm64", "PythonRuntime": f"python{runtime}"})
        files = vendored_files(suite, machine)
        assert {Path(name).stem for name in files if name.endswith(".py")} == modules


def test_programs_of_a_package_stay_programs(suite, tmp_path):
    index = tmp_path / "index"
    wheel(index, "tool", "1.0", "py3-none-any", {"tool/run": "#!/bin/sh\n", "tool/text": "x"})
    with zipfile.ZipFile(index / "tool-1.0-py3-none-any.whl", "a") as archive:
        program = zipfile.ZipInfo("tool/program")
        program.external_attr = 0o100755 << 16
        archive.writestr(program, "#!/bin/sh\n")
    (suite / "requirements.txt").write_text("tool\n")
    publication = prepare_publication(_gate_of(suite))
    (bundle,) = publication.bundles.values()
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o111 for info in archive.infolist()}
    assert modes["__vendored__/tool/program"] == 0o111
    assert modes["__vendored__/tool/text"] == 0


def _gate_of(suite):
    (suite.parent / "testgate.toml").write_text(GATE)
    return suite.parent / "testgate.toml"


def test_what_pip_cannot_read_is_told_in_a_sentence(suite):
    (suite / "requirements.txt").write_text("-r nowhere.txt\n")
    with pytest.raises(PlanError, match=r"^requirements.txt: pip could not install it for this"):
        vendored_files(suite, HERE)


GATE = 'schema = 1\n[gate]\nname = "g"\n[[suites]]\nname = "smoke"\npath = "smoke"\n'


def test_the_same_suite_has_the_same_digest_again_and_every_problem_its_line(suite):
    (suite.parent / "testgate.toml").write_text(GATE)
    (suite / "requirements.txt").write_text("helper\n")
    first, second = (prepare_publication(suite.parent / "testgate.toml") for _ in range(2))
    assert first.plan.digest == second.plan.digest
    assert first.vendors
    (bundle,) = first.bundles.values()
    assert "__vendored__/helper.py" in zipfile.ZipFile(io.BytesIO(bundle)).namelist()
    (suite / "requirements.txt").write_text("nowhere\n")
    with pytest.raises(PlanError) as caught:
        prepare_publication(suite.parent / "testgate.toml")
    assert str(caught.value).endswith(
        "testgate.toml:6: suite 'smoke': requirements.txt: there is no wheel of nowhere for this "
        "machine"
    )


def test_a_suite_finds_its_packages_before_the_runners(suite):
    own = {"requests/__init__.py": "MINE = True\n"}
    wheel(suite.parent / "index", "requests", "99.0", "py3-none-any", own)
    (suite.parent / "testgate.toml").write_text(GATE)
    (suite / "requirements.txt").write_text("helper\nrequests\n")
    (suite / "test_it.py").write_text(
        "import helper, requests\n"
        "def test_a():\n"
        "    assert helper.WHAT == 'vendored'\n"
        "    assert requests.MINE\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "testgate", "run", "--url", "http://127.0.0.1:1", "--json"],
        cwd=suite.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert json.loads(done.stdout)["counts"]["passed"] == 1, done.stdout + done.stderr
