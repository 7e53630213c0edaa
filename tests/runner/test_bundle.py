"""A suite's bundle: plain files inside its directory, or nothing at all."""

import io
import struct
import warnings
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.canonical import digest_of
from testgate.core.errors import RunnerError
from testgate.runner import bundle
from testgate.runner.bundle import check_bundle, unpack_bundle

FILE = 0o100644


def zipped(*members, method=zipfile.ZIP_STORED):
    """A zip of (name, content or mode) pairs: a mode stands for a file of that mode."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, what in members:
            info = zipfile.ZipInfo("x" if "\0" in name else name)
            info.orig_filename = info.filename = name  # as it is, NUL and all
            info.external_attr = (what if isinstance(what, int) else FILE) << 16
            info.compress_type = method
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a name that is there twice
                archive.writestr(info, b"x" if isinstance(what, int) else what)
    return buffer.getvalue()


def patched(data, old, new):
    """The zip with bytes exchanged in headers and directory alike."""
    assert old in data
    return data.replace(old, new)


def in_headers(data, *, flags=0, method=None, size=None):
    """The zip with other flags, method or declared size in both headers of its only member."""
    changed = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark) + at
        old = struct.unpack_from("<H", data, start)[0]
        struct.pack_into("<H", changed, start, old | flags)
        if method is not None:
            struct.pack_into("<H", changed, start + 2, method)
        if size is not None:
            struct.pack_into("<I", changed, start + 16, size)
    return bytes(changed)


def unpack(data, tmp_path):
    unpack_bundle(data, digest_of(data), tmp_path / "suite")
    return {
        str(path.relative_to(tmp_path / "suite")): path.read_bytes()
        for path in (tmp_path / "suite").rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_plain_files_are_unpacked(tmp_path, method):
    data = zipped(("tests/", 0o040755), ("tests/test_a.py", b"a" * 999), ("b", b""), method=method)
    assert unpack(data, tmp_path) == {"tests/test_a.py": b"a" * 999, "b": b""}
    check_bundle(data)


def test_modes_are_not_believed(tmp_path):
    unpack(zipped(("a", 0o104777)), tmp_path)
    assert not (tmp_path / "suite/a").stat().st_mode & 0o7022  # but that it may be run


TRAVERSAL = "is no plain path inside of it"
LINK = "is a link or a device, expected plain files"
GOOD = zipped(("a", b"xyz"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"x", "is no zip that can be read: File is not a zip file"),
        (GOOD[:-1], "is no zip that can be read"),
        (zipped(("../a", FILE)), f"holds '../a', which {TRAVERSAL}"),
        (zipped(("a/../../b", FILE)), TRAVERSAL),
        (zipped(("/a", FILE)), TRAVERSAL),
        (zipped(("a//b", FILE)), TRAVERSAL),
        (zipped(("./a", FILE)), TRAVERSAL),
        (zipped(("..", FILE)), TRAVERSAL),
        (zipped(("a\\..\\b", FILE)), TRAVERSAL),
        (zipped(("", FILE)), TRAVERSAL),
        (zipped(("a\0b", FILE)), "has a character in its name that cannot be shown"),
        (zipped(("a\nb", FILE)), "has a character in its name that cannot be shown"),
        (zipped(("a\u202eb", FILE)), "has a character in its name that cannot be shown"),
        (zipped(("x" * 256, FILE)), "is too long, at most 255 bytes a part and 1000 in all"),
        (zipped(("/".join("x" * 600), FILE)), "is too long"),
        (zipped(("a", 0o120777)), f"holds 'a', which {LINK}"),
        (zipped(("a", 0o020666)), LINK),
        (zipped(("a", 0o010666)), LINK),
        (in_headers(GOOD, flags=1), "holds 'a', which is encrypted"),
        (in_headers(GOOD, method=14), "is packed by method 14, expected stored or deflated"),
        (zipped(("a", b"x"), method=zipfile.ZIP_BZIP2), "is packed by method 12"),
        (patched(GOOD, b"xyz", b"xyZ"), "is no zip that can be read: Bad CRC-32 for file 'a'"),
        (in_headers(GOOD, size=2), "is no zip that can be read: Bad CRC-32"),
        (in_headers(GOOD, size=9), "holds 'a' with less in it than it says"),
        (in_headers(GOOD, size=400_000_001), "unpacks to 400000001 bytes, at most 400000000"),
        (zipped(("a", b"1"), ("a", b"2")), "holds 'a' and 'a', which some file systems take"),
        (zipped(("Test.py", b"1"), ("test.py", b"2")), "holds 'Test.py' and 'test.py', which"),
        (zipped(("é", b"1"), ("e\u0301", b"2")), "which some file systems take for one"),
        (zipped(("a", b"1"), ("a/b", b"2")), "holds 'a' as a file and, for 'a/b', as a directory"),
        (zipped(("a/b", b"1"), ("A", b"2")), "holds 'A' as a file and, for 'a/b', as a directory"),
        (zipped(("a/", 0o040755), ("a", b"2")), "holds 'a' as a file"),
    ],
)
def test_anything_else_is_refused_whole(tmp_path, data, says):
    with pytest.raises(RunnerError) as caught:
        unpack(data, tmp_path)
    assert str(caught.value).startswith("the suite's bundle ")
    assert says in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_bundle_of_another_digest_is_not_even_looked_at(tmp_path):
    with pytest.raises(RunnerError, match=r"the plan says sha256:0+: it was changed after"):
        unpack_bundle(GOOD, "sha256:" + "0" * 64, tmp_path / "suite")
    assert not list(tmp_path.iterdir())


def overlapping(count):
    """One member's bytes, listed many times over: a small zip of very much."""
    data = bytearray(zipped(*((f"{n:05}", b"x" * 9) for n in range(count))))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<I", data, at + 42, 0)  # offset of the local header
    return bytes(data)


def test_members_in_the_same_bytes_are_refused(tmp_path):
    with pytest.raises(RunnerError, match="holds '00000' and '00001' in the same bytes"):
        unpack(overlapping(2), tmp_path)


def test_a_bomb_gives_no_more_than_it_declared(tmp_path):
    """10 MB that call themselves 3 bytes: read to the third, whose sum is wrong."""
    bomb = in_headers(zipped(("a", b"0" * 10_000_000), method=zipfile.ZIP_DEFLATED), size=3)
    with pytest.raises(RunnerError, match="Bad CRC-32"):
        unpack(bomb, tmp_path)
    honest = patched(
        bomb,
        struct.pack("<I", zlib.crc32(b"0" * 10_000_000)),
        struct.pack("<I", zlib.crc32(b"000")),
    )
    assert unpack(honest, tmp_path) == {"a": b"000"}


@pytest.mark.parametrize(
    ("cap", "value", "says"),
    [
        ("MAX_FILES", 1, "has 2 files, at most 1"),
        ("MAX_FILES", 0, "lists far more than 0 files"),
        ("MAX_UNPACKED_BYTES", 1, "unpacks to 2 bytes, at most 1"),
        ("MAX_ZIP_BYTES", 10, "bytes, at most 10"),
    ],
)
def test_too_much_is_refused(tmp_path, monkeypatch, cap, value, says):
    monkeypatch.setattr(bundle, cap, value)
    with pytest.raises(RunnerError) as caught:
        unpack(zipped(("a", b"x"), ("b", b"x")), tmp_path)
    assert says in str(caught.value)


def test_a_bundle_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(RunnerError, match="cannot be unpacked: No space left on device"):
        unpack(GOOD, tmp_path)
    assert not list(tmp_path.iterdir())


@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4)).map(
        lambda at: GOOD[: at[0]] + at[1] + GOOD[at[0] + len(at[1]) :]
    )
)
def test_any_bytes_are_checked_or_refused(tmp_path_factory, data):
    directory = tmp_path_factory.mktemp("any")
    try:
        unpack(data, directory)
    except RunnerError as exc:
        assert str(exc).startswith("the suite's bundle ")
        assert not list(directory.iterdir())
    else:
        check_bundle(data)
