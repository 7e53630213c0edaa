"""Unpacks deployment packages, each once per digest, into directories that nobody writes to.

A package is foreign input: whatever would land or point outside its own directory is refused. Its
Python is compiled at once, with the interpreter that will run it: on a laptop that starts dozens of
processes, each of them compiling pytest anew costs more than all the tests. On AWS each cold start
compiles. Used by the Lambda host.
"""

import contextlib
import io
import shutil
import stat
import subprocess
import tempfile
import threading
import zipfile
from pathlib import Path, PurePosixPath

from testgate.local.lambdas.catalog import CodePackage
from testgate.local.lambdas.errors import InvalidCodeError

UNPACKED_LIMIT_BYTES = 250 * 1024 * 1024  # documented quota, function and layers unzipped
_COPY_BYTES = 1024 * 1024
_COMPILING_TIMEOUT_S = 30
# Five megabytes of grammars, of which a process imports one if any.
_NOT_COMPILED = r"/pygments/(lexers|styles)/"


class CodeStore:
    """Unpacked code under one root directory, shared by all execution environments."""

    def __init__(self, root: Path, python: Path) -> None:
        self._root = root
        self._python = python
        self._lock = threading.Lock()
        self._path_by_digest: dict[str, Path] = {}

    def directory(self, package: CodePackage) -> Path:
        """The package's unpacked tree, read-only; unpacked at the first call for its digest.

        Raises `InvalidCodeError` if it is no zip, too large, or reaches outside itself.
        """
        with self._lock:
            known = self._path_by_digest.get(package.digest)
            if known is None:
                known = self._root / f"{len(self._path_by_digest):04d}"
                self._unpack(package, known)
                self._path_by_digest[package.digest] = known
            return known

    def _unpack(self, package: CodePackage, target: Path) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="unpacking-", dir=self._root))
        try:
            unpack(package.zip_bytes, scratch)
            scratch.rename(target)
            _compile(self._python, target)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError) as exc:
            message = f"Lambda could not unzip the deployment package: {exc}"
            raise InvalidCodeError(message) from exc
        finally:
            remove_tree(scratch)
        _set_writable(target, writable=False)


def _compile(python: Path, directory: Path) -> None:
    """Write bytecode beside the sources, as far as they are Python; what fails runs from source."""
    command: list[str | Path] = [
        python,
        "-I",
        "-S",
        "-m",
        "compileall",
        "-q",
        "-q",
        "-x",
        _NOT_COMPILED,
    ]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [*command, directory], check=False, capture_output=True, timeout=_COMPILING_TIMEOUT_S
        )


def unpack(zip_bytes: bytes, target: Path) -> None:
    """Write the files of a zip into `target`, keeping execute bits and inner symbolic links.

    Raises `InvalidCodeError` for a path or link that leaves `target`, and over 250 MiB in all.
    """
    left_bytes = UNPACKED_LIMIT_BYTES
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(io.BytesIO(zip_bytes)) as archive:
        for member in archive.infolist():
            path = target / _inner_path(member.filename)
            if stat.S_ISLNK(member.external_attr >> 16):
                links.append((path, archive.read(member).decode()))
            elif member.is_dir():
                path.mkdir(parents=True, exist_ok=True)
            else:
                left_bytes -= _write_file(archive, member, path, left_bytes)
    _make_links(links, target)


def _inner_path(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise InvalidCodeError(f"the deployment package holds {name!r}, outside its own directory")
    return path


def _write_file(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, limit_bytes: int
) -> int:
    """Bytes written; counted while reading, since a hostile archive may lie about its sizes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member) as source, path.open("wb") as sink:
        while chunk := source.read(_COPY_BYTES):
            written += len(chunk)
            if written > limit_bytes:
                raise InvalidCodeError(
                    f"the deployment package unpacks to more than {UNPACKED_LIMIT_BYTES} bytes"
                )
            sink.write(chunk)
    path.chmod(0o755 if (member.external_attr >> 16) & 0o111 else 0o644)
    return written


def _make_links(links: list[tuple[Path, str]], target: Path) -> None:
    """Links come after all files, so that nothing is ever written through one."""
    root = target.resolve()
    for path, destination in links:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(destination)
    for path, destination in links:
        if Path(destination).is_absolute() or not path.resolve().is_relative_to(root):
            raise InvalidCodeError(
                f"the deployment package holds a link to {destination!r}, outside its directory"
            )


def remove_tree(root: Path) -> None:
    """Delete a tree, read-only directories included; no error if it is gone already."""
    _set_writable(root, writable=True)
    shutil.rmtree(root, ignore_errors=True)


def _set_writable(root: Path, *, writable: bool) -> None:
    if not root.is_dir() or root.is_symlink():
        return
    for path in (root, *root.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | 0o200 if writable else mode & ~0o222)
