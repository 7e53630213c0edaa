"""`testgate init`: a first gate file, from the pytest suites that are there."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from testgate.cli.publishing import LEFT_OUT
from testgate.core.errors import GateError, InputError
from testgate.core.plan import NAME

_PATTERNS = ("test_*.py", "*_test.py")  # pytest's own
_OWN_CONFIG = ("conftest.py", "pytest.ini", "pytest.toml", "tox.ini")
_READS_URL = re.compile(r"base[-_]url|BASE_URL|LOCUST_HOST", re.IGNORECASE)
_HEAD = """\
# The gate of {name}: what must pass before production traffic shifts to a new version.
# All keys: docs/gate-file.md. Check it with `testgate lint`, try it with `testgate run --url URL`.
schema = 1

[gate]
name = "{name}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSuite:
    """A directory of pytest files: how many tests it has at least, and whether any of its files
    mentions a base URL."""

    path: str
    tests: int
    reads_url: bool


def init(
    directory: Annotated[
        Path, typer.Argument(help="Where the tests are, and the gate file will be.")
    ] = Path(),
    name: Annotated[
        str | None, typer.Option(help="The gate's name; by default the directory's.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a gate file that is there.")
    ] = False,
) -> None:
    """Write testgate.toml for the pytest suites below a directory.

    Each topmost directory with tests becomes a suite, which must report at least as many tests as
    its files show. Nothing is run.

    Examples:

      testgate init

      testgate init e2e --name shop
    """
    gate_file = directory / "testgate.toml"
    if gate_file.exists() and not force:
        raise InputError(f"{gate_file} is there already: --force replaces it")
    if not directory.is_dir():
        raise InputError(f"{directory} is not a directory")
    suites = find_suites(directory)
    if not suites:
        raise InputError(
            f"no pytest suite below {directory}: looked for {' and '.join(_PATTERNS)}. A suite of "
            "another kind is a [[suites]] table with a command: docs/gate-file.md"
        )
    gate = name or _slug(directory.resolve().name)
    if not NAME.fullmatch(gate):
        raise InputError(f"--name: got {gate!r}, expected lower-case letters, digits, - and _")
    try:
        gate_file.write_text(spell(gate, suites))
    except OSError as exc:
        raise GateError(f"cannot write {gate_file}: {exc.strerror}") from exc
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"Wrote {gate_file}:")
    for suite in suites:
        console.print(f"  {suite.path}  at least {suite.tests} tests")
        if not suite.reads_url:
            console.print(
                f"  [yellow]{suite.path} never mentions a base URL: how does it know where the new "
                "version answers? (base_url, --base-url, BASE_URL)[/]"
            )
    console.print("Next: testgate run --url http://127.0.0.1:8080")


def find_suites(directory: Path) -> list[FoundSuite]:
    """The topmost directories with pytest files, in the order of their paths."""
    return [_examined(directory, found) for found in sorted(_roots(directory))]


def spell(gate: str, suites: list[FoundSuite]) -> str:
    """The gate file."""
    names: set[str] = set()
    text = _HEAD.format(name=gate)
    for suite in suites:
        slug = _slug(Path(suite.path).name) if suite.path != "." else gate
        candidates = chain((slug, _slug(suite.path)), (f"{slug[:50]}-{n}" for n in count(2)))
        name = next(each for each in candidates if each not in names)
        names.add(name)
        text += f'\n[[suites]]\nname = "{name}"\npath = {json.dumps(suite.path)}\n'
        text += f"min_tests = {suite.tests}  # fewer, and the suite does not count as run\n"
        text += "timeout_s = 300\n"
        if not suite.reads_url:
            text += (
                "# It never mentions a base URL: base_url, --base-url or BASE_URL give it one.\n"
            )
    return text


def _roots(directory: Path) -> Iterator[Path]:
    if any(next(directory.glob(pattern), None) for pattern in _PATTERNS):
        yield directory
        return
    inside = [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]
    found = [
        root
        for path in inside
        if path.name not in LEFT_OUT and not path.name.startswith(".")
        for root in _roots(path)
    ]
    # What directories share, such as fixtures in a conftest.py, keeps them one suite.
    shared = any((directory / name).is_file() for name in _OWN_CONFIG)
    if found and shared and not (directory / "pyproject.toml").is_file():
        yield directory
    else:
        yield from found


def _examined(directory: Path, root: Path) -> FoundSuite:
    sources = {
        path: path.read_text(errors="replace")
        for path in root.rglob("*.py")
        if path.is_file() and not LEFT_OUT.intersection(path.relative_to(root).parts)
    }
    files = [path for path in sources if any(path.match(pattern) for pattern in _PATTERNS)]
    return FoundSuite(
        path=root.relative_to(directory).as_posix(),
        tests=max(sum(_count(sources[path]) for path in files), 1),
        reads_url=any(_READS_URL.search(text) for text in sources.values()),
    )


def _count(source: str) -> int:
    """Test functions of a file, each once however often it is parametrized."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return 0
    classes = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test")
    ]
    bodies = [tree.body, *(node.body for node in classes)]
    return sum(_is_test(node) for body in bodies for node in body)


def _is_test(node: ast.stmt) -> bool:
    """By pytest's own rules; a fixture may have such a name too."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    decorators = [ast.unparse(each) for each in node.decorator_list]
    return node.name.startswith("test") and not any("fixture" in each for each in decorators)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:63] or "gate"
