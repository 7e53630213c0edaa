"""Bundles: the zip of a suite's files, as the runner unpacks it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testgate.core.canonical import digest_of
from testgate.runner.bundle import unpack_bundle
from tests.bad_inputs.catalogue import BadInput
from tests.runner.test_bundle import FILE, GOOD, in_headers, overlapping, patched, zipped


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory for one act."""
    path = Path(tempfile.mkdtemp(prefix="bad-input-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def bundle(given: str, data: bytes, says: str, digest: str = "") -> BadInput:
    """A zip, by default with its own digest."""

    def act() -> None:
        with scratch() as path:
            unpack_bundle(data, digest or digest_of(data), path / "suite")

    return BadInput(kind="bundle", given=given, act=act, says=says)


MANY = zipped(*((str(n), b"") for n in range(20_001)))

ROWS = (
    bundle(
        "of another digest",
        GOOD,
        "the suite's bundle is sha256:605cdb3cda2f80d842063b1bc35ed02d0bd6d4d5db25f72052b3b5af4ed0d036, the plan says sha256:0000000000000000000000000000000000000000000000000000000000000000: it was changed after it was published",
        "sha256:" + "0" * 64,
    ),
    bundle(
        "no zip",
        b"x",
        "the suite's bundle is no zip that can be read: File is not a zip file; publish it again with `testgate publish`",
    ),
    bundle(
        "cut off",
        GOOD[:-1],
        "the suite's bundle is no zip that can be read: File is not a zip file; publish it again with `testgate publish`",
    ),
    bundle(
        "with a broken file",
        patched(GOOD, b"xyz", b"xyZ"),
        "the suite's bundle is no zip that can be read: Bad CRC-32 for file 'a'; publish it again with `testgate publish`",
    ),
    bundle(
        "with a path that leaves it: ../a",
        zipped(("../a", FILE)),
        "the suite's bundle holds '../a', which is no plain path inside of it; publish it again with `testgate publish`",
    ),
    bundle(
        "with an absolute path: /a",
        zipped(("/a", FILE)),
        "the suite's bundle holds '/a', which is no plain path inside of it; publish it again with `testgate publish`",
    ),
    bundle(
        "with a backslash: a\\b",
        zipped(("a\\b", FILE)),
        "the suite's bundle holds 'a\\\\b', which is no plain path inside of it; publish it again with `testgate publish`",
    ),
    bundle(
        "with a name that holds a line's end",
        zipped(("a\nb", FILE)),
        "the suite's bundle holds 'a\\nb', which has a character in its name that cannot be shown; publish it again with `testgate publish`",
    ),
    bundle(
        "with a name of 256 characters",
        zipped(("x" * 256, FILE)),
        "the suite's bundle holds 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', which is too long, at most 255 bytes a part and 1000 in all; publish it again with `testgate publish`",
    ),
    bundle(
        "with a symbolic link",
        zipped(("a", 0o120777)),
        "the suite's bundle holds 'a', which is a link or a device, expected plain files; publish it again with `testgate publish`",
    ),
    bundle(
        "with a device",
        zipped(("a", 0o020666)),
        "the suite's bundle holds 'a', which is a link or a device, expected plain files; publish it again with `testgate publish`",
    ),
    bundle(
        "encrypted",
        in_headers(GOOD, flags=1),
        "the suite's bundle holds 'a', which is encrypted; publish it again with `testgate publish`",
    ),
    bundle(
        "packed by another method",
        in_headers(GOOD, method=14),
        "the suite's bundle holds 'a', which is packed by method 14, expected stored or deflated; publish it again with `testgate publish`",
    ),
    bundle(
        "that declares less than it holds",
        in_headers(GOOD, size=2),
        "the suite's bundle is no zip that can be read: Bad CRC-32 for file 'a'; publish it again with `testgate publish`",
    ),
    bundle(
        "that declares more than it holds",
        in_headers(GOOD, size=9),
        "the suite's bundle holds 'a' with less in it than it says; publish it again with `testgate publish`",
    ),
    bundle(
        "that unpacks to more than 400 MB",
        in_headers(GOOD, size=400_000_001),
        "the suite's bundle unpacks to 400000001 bytes, at most 400000000; publish it again with `testgate publish`",
    ),
    bundle(
        "of 20,001 files",
        MANY,
        "the suite's bundle has 20001 files, at most 20000; publish it again with `testgate publish`",
    ),
    bundle(
        "that lists 200,001 files",
        b"PK\x01\x02" * 200_001,
        "the suite's bundle lists far more than 20000 files; publish it again with `testgate publish`",
    ),
    bundle(
        "of more than 250 MB",
        bytes(250_000_001),
        "the suite's bundle has 250000001 bytes, at most 250000000; publish it again with `testgate publish`",
    ),
    bundle(
        "with a name twice",
        zipped(("a", b"1"), ("a", b"2")),
        "the suite's bundle holds 'a' and 'a', which some file systems take for one; publish it again with `testgate publish`",
    ),
    bundle(
        "with Test.py and test.py",
        zipped(("Test.py", b"1"), ("test.py", b"2")),
        "the suite's bundle holds 'Test.py' and 'test.py', which some file systems take for one; publish it again with `testgate publish`",
    ),
    bundle(
        "with a and a/b",
        zipped(("a", b"1"), ("a/b", b"2")),
        "the suite's bundle holds 'a' as a file and, for 'a/b', as a directory; publish it again with `testgate publish`",
    ),
    bundle(
        "whose files share their bytes",
        overlapping(2),
        "the suite's bundle holds '00000' and '00001' in the same bytes; publish it again with `testgate publish`",
    ),
)
