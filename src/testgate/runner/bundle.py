"""Unpacks a suite's published zip: digest first, then only plain files inside the directory."""

import io
import stat
import zipfile
from pathlib import Path, PurePosixPath

from testgate.core.canonical import digest_of
from testgate.core.errors import RunnerError

MAX_UNPACKED_BYTES = 400_000_000
MAX_FILES = 20_000


def unpack_bundle(data: bytes, digest: str, directory: Path) -> None:
    """Write the zip's files below `directory`. Raises RunnerError, with nothing written, for a
    zip of another digest, with a path that leaves the directory, a link, or too much in it."""
    if digest_of(data) != digest:
        raise RunnerError(f"the suite's bundle is {digest_of(data)}, the plan says {digest}")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as exc:
        raise RunnerError(f"the suite's bundle is no zip: {exc}") from exc
    with archive:
        members = archive.infolist()
        if len(members) > MAX_FILES:
            raise RunnerError(f"the suite's bundle has {len(members)} files, at most {MAX_FILES}")
        size_bytes = sum(member.file_size for member in members)
        if size_bytes > MAX_UNPACKED_BYTES:
            raise RunnerError(
                f"the suite's bundle unpacks to {size_bytes} bytes, at most {MAX_UNPACKED_BYTES}"
            )
        for member in members:
            _check(member)
        directory.mkdir(parents=True, exist_ok=True)
        archive.extractall(directory)


def _check(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
        raise RunnerError(f"the suite's bundle holds a path that leaves it: {member.filename!r}")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise RunnerError(f"the suite's bundle holds a link or device: {member.filename!r}")
