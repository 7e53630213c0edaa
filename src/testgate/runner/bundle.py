"""Unpacks a suite's published zip: digest first, then only plain files inside the directory.

A zip says much of itself that need not be so; what matters is checked here before anything is
written. Imported by run_suite and, to refuse early, by publishing.
"""

import io
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testgate.core.canonical import digest_of
from testgate.core.errors import RunnerError

MAX_ZIP_BYTES = 250_000_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_FILES = 20_000
MAX_NAME_BYTES = 255  # of one part of a path, as file systems have it
MAX_PATH_BYTES = 1_000

PUBLISH_AGAIN = "; publish it again with `testgate publish`"

_LOCAL_HEADER_BYTES = 30
_DIRECTORY_MARK = b"PK\x01\x02"
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# All that `zipfile` is seen to raise for bytes that are no zip.
_BAD = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError)


def unpack_bundle(data: bytes, digest: str, directory: Path) -> None:
    """Write the zip's files below `directory`, which is made. Raises RunnerError, with nothing
    left there, for a zip of another digest and for one that `check_bundle` refuses."""
    if digest_of(data) != digest:
        raise RunnerError(
            f"the suite's bundle is {digest_of(data)}, the plan says {digest}: it was changed "
            "after it was published"
        )
    with _opened(data) as archive:
        members = _checked(archive)
        directory.mkdir(parents=True)
        try:
            for member in members:
                _write(archive, member, directory)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise


def check_bundle(data: bytes) -> None:
    """Raises RunnerError unless it is a zip of plain files, each with a path of its own inside."""
    with _opened(data) as archive:
        _checked(archive)


@contextmanager
def _opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    """The archive; what `zipfile` says against it becomes a sentence."""
    if len(data) > MAX_ZIP_BYTES:
        raise _refusal(f"has {len(data)} bytes, at most {MAX_ZIP_BYTES}")
    if data.count(_DIRECTORY_MARK) > 10 * MAX_FILES:  # each would cost memory before it is counted
        raise _refusal(f"lists far more than {MAX_FILES} files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except _BAD as exc:
        raise _refusal(f"is no zip that can be read: {exc or type(exc).__name__}") from exc
    except OSError as exc:
        raise RunnerError(f"the suite's bundle cannot be unpacked: {exc.strerror}") from exc


def _checked(archive: zipfile.ZipFile) -> Sequence[zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise _refusal(f"has {len(members)} files, at most {MAX_FILES}")
    size_bytes = sum(member.file_size for member in members)
    if size_bytes > MAX_UNPACKED_BYTES:
        raise _refusal(f"unpacks to {size_bytes} bytes, at most {MAX_UNPACKED_BYTES}")
    for member in members:
        problem = _problem(member)
        if problem:
            raise _refusal(f"holds {member.orig_filename[:200]!r}, which {problem}")
    _refuse_overlaps(members)
    _refuse_collisions(members)
    return members


def _problem(member: zipfile.ZipInfo) -> str | None:
    name = member.orig_filename
    parts = name.removesuffix("/").split("/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not name.isprintable():
        return "has a character in its name that cannot be shown"
    if "\\" in name or not {"", ".", ".."}.isdisjoint(parts):
        return "is no plain path inside of it"
    if len(name.encode()) > MAX_PATH_BYTES or len(max(map(str.encode, parts), key=len)) > (
        MAX_NAME_BYTES
    ):
        return f"is too long, at most {MAX_NAME_BYTES} bytes a part and {MAX_PATH_BYTES} in all"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device, expected plain files"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in _METHODS:
        return f"is packed by method {member.compress_type}, expected stored or deflated"
    return None


def _refuse_overlaps(members: Sequence[zipfile.ZipInfo]) -> None:
    """Members that share bytes are how a small zip unpacks to a very large one."""
    end, before = 0, ""
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise _refusal(f"holds {before!r} and {member.filename!r} in the same bytes")
        end = member.header_offset + _LOCAL_HEADER_BYTES + member.compress_size
        before = member.filename


def _refuse_collisions(members: Sequence[zipfile.ZipInfo]) -> None:
    """Two members for one path, on whatever file system: those of macOS and Windows take names
    that differ in case alone for one. A file cannot be a directory of another, either."""
    files: dict[str, str] = {}
    directories: dict[str, str] = {}
    for member in members:
        path = member.filename.removesuffix("/")
        parts = path.split("/")
        for end in range(1, len(parts)):
            directories.setdefault(_folded("/".join(parts[:end])), path)
        if member.is_dir():
            directories.setdefault(_folded(path), path)
            continue
        if _folded(path) in files:
            first = files[_folded(path)]
            raise _refusal(f"holds {first!r} and {path!r}, which some file systems take for one")
        files[_folded(path)] = path
    for folded, path in files.items():
        if folded in directories:
            raise _refusal(
                f"holds {path!r} as a file and, for {directories[folded]!r}, as a directory"
            )


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, directory: Path) -> None:
    path = directory / member.filename
    if member.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # zipfile gives no more than the size that was declared, and so counted.
    with archive.open(member) as source, path.open("xb") as file:
        shutil.copyfileobj(source, file)
    if (member.external_attr >> 16) & stat.S_IXUSR:
        path.chmod(0o755)
    if path.stat().st_size != member.file_size:
        raise _refusal(f"holds {member.filename!r} with less in it than it says")


def _refusal(problem: str) -> RunnerError:
    return RunnerError(f"the suite's bundle {problem}{PUBLISH_AGAIN}")
