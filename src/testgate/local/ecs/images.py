"""Which local process stands for which container image.

Loaded once from a TOML file that the user writes; read when a task starts. Imported by
`testgate.local` alone.
"""

import fnmatch
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testgate.core.errors import InputError


class ImageMapError(InputError):
    """The image map cannot be used; the message names file, key and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCommand:
    """A repository pattern (`*` and `?` are wildcards) and the process for its images.

    `{python}` in the command is this interpreter, `{port}` the task's port. `missing` images cannot
    be pulled, as on AWS those that do not exist.
    """

    pattern: str
    command: tuple[str, ...]
    cwd: Path
    missing: bool = False

    def arguments(self, port: int | None) -> list[str]:
        """The command with its placeholders filled."""
        filled = {"{python}": sys.executable, "{port}": "" if port is None else str(port)}
        return [_fill(argument, filled) for argument in self.command]


STAND_IN = ImageCommand(
    pattern="*",
    command=("{python}", "-I", "-S", "-u", str(Path(__file__).with_name("stand_in.py"))),
    cwd=Path(__file__).parent,
)
"""The process for images that nobody mapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMap:
    """Commands in the order of the file `source`; the first pattern that matches wins."""

    source: Path
    commands: tuple[ImageCommand, ...] = ()

    @staticmethod
    def load(path: Path) -> "ImageMap":
        """Read a file of `[images."<repository pattern>"]` tables with `command` and `cwd`, or
        with `missing = true`.

        Raises:
            ImageMapError: unreadable file, or a table that is not as described.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise ImageMapError(f"{path}: cannot read the image map: {exc}") from exc
        tables = document.get("images", {})
        if not isinstance(tables, dict):
            raise ImageMapError(f"{path}: images: expected tables, got {tables!r}")
        commands = (_parse(path, pattern, table) for pattern, table in tables.items())
        return ImageMap(source=path, commands=tuple(commands))

    def command_for(self, image: str) -> ImageCommand | None:
        """The command for an image such as `123.dkr.ecr.us-east-1.amazonaws.com/shop:v2`.

        Patterns are compared with the repository, with and without its registry's host. None if
        nothing is mapped to it.
        """
        repository = repository_of(image)
        host, _, path = repository.partition("/")
        names = [repository, path] if "." in host or ":" in host else [repository]
        for command in self.commands:
            if any(fnmatch.fnmatchcase(name, command.pattern) for name in names):
                return command
        return None


def repository_of(image: str) -> str:
    """The image's name without tag and digest."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}"


def tag_of(image: str) -> str | None:
    """The image's tag; None if it has none, as with a digest alone."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return tag or None


def digest_of(image: str) -> str | None:
    """The image's digest, as `sha256:…`."""
    return image.partition("@")[2] or None


def _parse(path: Path, pattern: str, table: Any) -> ImageCommand:
    where = f'{path}: images."{pattern}"'
    if not isinstance(table, Mapping):
        raise ImageMapError(f"{where}: expected a table with command and cwd, got {table!r}")
    unknown = sorted(set(table) - {"command", "cwd", "missing"})
    if unknown:
        known = "command, cwd and missing"
        raise ImageMapError(f"{where}: unknown key {unknown[0]!r}; known are {known}")
    if "missing" in table:
        if table != {"missing": True}:
            raise ImageMapError(f"{where}: missing is true, and then stands alone")
        return ImageCommand(pattern=pattern, command=(), cwd=path.parent, missing=True)
    command, cwd = table.get("command"), table.get("cwd", ".")
    if not isinstance(command, list) or not command or not _all_text(command):
        raise ImageMapError(f"{where}.command: expected a list of text, got {command!r}")
    if not isinstance(cwd, str):
        raise ImageMapError(f"{where}.cwd: expected text, got {cwd!r}")
    directory = Path(os.path.abspath(path.parent / cwd))  # noqa: PTH100 - no links resolved
    return ImageCommand(pattern=pattern, command=tuple(command), cwd=directory)


def _all_text(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _fill(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text
