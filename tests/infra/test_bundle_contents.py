"""The project's own bundles are complete and lean: tried in the interpreter of the local Lambda."""

import ast
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bundle import HOOK_WITHOUT, ROOT, Manifest, Target, build_bundles

LAMBDA_PYTHON = Path(sys.prefix) / "lambda-runtime" / "bin" / "python"
OURS = {"testgate", "hooks", "state_machines"}
RUNTIME = {"boto3", "botocore", "jmespath"}  # what AWS's Python runtimes bring
HANDLERS = {
    "hook": [f"hooks.{hook}" for hook in ("test_gate", "admission", "approval", "metrics")],
    "control": [
        f"state_machines.steps.{step}" for step in ("prepare", "check", "judge", "finish", "cancel")
    ],
    "runner": ["state_machines.steps.run_suite"],
}
FORBIDDEN = {
    "hook": ["testgate.report", "testgate.runner", "state_machines", "requests", "pytest"],
    "control": ["testgate.runner", "hooks", "requests", "pytest"],
    "runner": ["testgate.report", "hooks", "boto3", "awslambdaric"],
}

# Imports the modules named after the bundle, from it and from the interpreter's own site alone;
# prints the name and the file of each module that is then loaded.
IMPORT = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
print(json.dumps(files))
"""
RUN_PYTEST = """
import sys
sys.path.insert(0, sys.argv[1])
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-c", "/dev/null", *sys.argv[2:]]))
"""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return build_bundles(tmp_path_factory.mktemp("bundles"), Target.host())


@pytest.fixture(scope="module")
def unpacked(manifest: Manifest) -> dict[str, Path]:
    """Bundle name to a directory with its files."""
    places = {name: manifest.out / "unpacked" / name for name in HANDLERS}
    for name, place in places.items():
        with zipfile.ZipFile(manifest.path(name)) as archive:
            archive.extractall(place)
    return places


def run_python(program: str, *arguments: str | Path) -> str:
    """What the program prints, in Lambda's interpreter, which sees nothing of this checkout."""
    command = [LAMBDA_PYTHON, "-I", "-B", "-X", "utf8", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def our_sources(bundle: Path) -> list[Path]:
    return [path for top in sorted(OURS) for path in sorted((bundle / top).rglob("*.py"))]


def module_name(bundle: Path, source: Path) -> str:
    return ".".join(source.relative_to(bundle).with_suffix("").parts).removesuffix(".__init__")


def imported_names(source: Path) -> Iterator[tuple[str, ...]]:
    """Each import at any depth, as the names that it may stand for: `from a import b`: a.b, a."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((alias.name,) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: imports here are absolute"
            module = node.module or ""
            yield from ((f"{module}.{alias.name}", module) for alias in node.names)


@pytest.mark.parametrize("bundle", HANDLERS)
def test_every_import_is_in_the_bundle_or_the_runtime(unpacked: dict[str, Path], bundle: str):
    """Imports inside functions too, which importing a handler alone would not try."""
    place = unpacked[bundle]
    ours = {module_name(place, source) for source in our_sources(place)}
    vendored = {path.stem.partition(".")[0] for path in place.iterdir()} - OURS
    elsewhere = set(sys.stdlib_module_names) | RUNTIME | vendored
    missing = {
        f"{source.relative_to(place)} imports {names[0]}"
        for source in our_sources(place)
        for names in imported_names(source)
        if not ours.intersection(names) and names[0].partition(".")[0] not in elsewhere
    }
    assert missing == set()


@pytest.mark.parametrize("bundle", HANDLERS)
def test_every_module_of_ours_imports_from_its_bundle_alone(unpacked: dict[str, Path], bundle: str):
    place = unpacked[bundle]
    modules = [module_name(place, source) for source in our_sources(place)]
    loaded = json.loads(run_python(IMPORT, place, *modules))
    for name in modules:
        assert Path(loaded[name]).is_relative_to(place)


@pytest.mark.parametrize("bundle", HANDLERS)
def test_handlers_load_nothing_that_is_not_theirs(unpacked: dict[str, Path], bundle: str):
    loaded = json.loads(run_python(IMPORT, unpacked[bundle], *HANDLERS[bundle]))
    tops = tuple(f"{name}." for name in FORBIDDEN[bundle])
    assert [name for name in loaded if f"{name}.".startswith(tops)] == []


@pytest.mark.parametrize("handler", HANDLERS["hook"])
def test_hook_loads_only_the_standard_library_outside_its_guard(
    unpacked: dict[str, Path], handler: str
):
    place = unpacked["hook"]
    loaded = json.loads(run_python(IMPORT, place, handler))
    before = json.loads(run_python(IMPORT, place))
    foreign = {
        name
        for name in loaded.keys() - before.keys()
        if name.partition(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == {"hooks", handler, "testgate", "testgate.hook", "testgate.hook.guard"}


@pytest.mark.parametrize("name", HOOK_WITHOUT)
def test_what_the_hook_bundle_leaves_out_exists_and_is_in_another(
    unpacked: dict[str, Path], name: str
):
    inside = name.removeprefix("src/")
    assert not (unpacked["hook"] / inside).exists()
    assert (unpacked["control"] / inside).is_file()


def test_hook_and_control_carry_nothing_third_party(unpacked: dict[str, Path]):
    assert {path.name for path in unpacked["hook"].iterdir()} == {"hooks", "testgate"}
    assert {path.name for path in unpacked["control"].iterdir()} == {"state_machines", "testgate"}


def test_runner_carries_every_pinned_distribution_and_no_varying_file(unpacked: dict[str, Path]):
    lock = (ROOT / "requirements" / "runner.txt").read_text("utf-8").splitlines()
    due = {line.split(" ")[0] for line in lock if "==" in line and "win32" not in line}
    place = unpacked["runner"]
    found = {info.name.removesuffix(".dist-info") for info in place.glob("*.dist-info")}
    assert {name.replace("_", "-") for name in found} == {
        name.replace("==", "-").replace("_", "-") for name in due
    }
    varying = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "bin", "__pycache__"}
    assert [path for path in place.rglob("*") if path.name in varying] == []


def test_pytest_and_requests_work_from_the_runner_bundle(unpacked: dict[str, Path], tmp_path: Path):
    suite = tmp_path / "test_something.py"
    suite.write_text(
        "import importlib.metadata, pytest, requests\n"
        "def test_versions():\n"
        "    assert importlib.metadata.version('pytest') == pytest.__version__\n"
        "    assert requests.Request('GET', 'http://localhost/').prepare().url\n"
    )
    assert "1 passed" in run_python(RUN_PYTEST, unpacked["runner"], suite)
