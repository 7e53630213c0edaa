"""What a suite put in place of a file is told, never followed, and never waited for."""

import os
import socket
from pathlib import Path

import pytest

from testgate.core.errors import RunnerError
from testgate.runner.files import read_plain, read_tail


def pipe(path):
    os.mkfifo(path)


def bind(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def link(path):
    (path.parent / "other").write_text("secret")
    path.symlink_to(path.parent / "other")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _path: None, "a.xml was not written"),
        (link, "a.xml is a symbolic link, expected a plain file"),
        (lambda path: path.symlink_to("nowhere"), "a.xml is a symbolic link"),
        (lambda path: path.symlink_to("/proc/self/environ"), "a.xml is a symbolic link"),
        (lambda path: path.mkdir(), "a.xml is a directory, expected a plain file"),
        (pipe, "a.xml is a named pipe, expected a plain file"),
        (bind, "a.xml is a socket, expected a plain file"),
    ],
    ids=["nothing", "link", "dangling", "own environment", "directory", "pipe", "socket"],
)
def test_only_a_plain_file_is_read(tmp_path, monkeypatch, make, says):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    path = tmp_path / "a.xml"
    make(path.relative_to(tmp_path) if make is bind else path)
    with pytest.raises(RunnerError) as caught:
        read_plain(path, 100)
    assert says in str(caught.value)
    assert read_tail(path, 100) == b""


def test_a_device_is_not_opened():
    with pytest.raises(RunnerError, match="zero is a device, expected a plain file"):
        read_plain(Path("/dev/zero"), 100)


def test_a_directory_that_became_a_link_is_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.xml").write_text("x")
    (tmp_path / "results").symlink_to(tmp_path / "real")
    for directory in ("results", "nowhere"):
        with pytest.raises(RunnerError, match=r"the directory of a.xml is gone, or is a link now"):
            read_plain(tmp_path / directory / "a.xml", 100)


def test_a_large_file_is_refused_by_its_size_and_not_read(tmp_path):
    path = tmp_path / "a.xml"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # holes: nothing is on the disk
    with pytest.raises(RunnerError, match="has 200000000 bytes, at most 30000000 are read"):
        read_plain(path, 30_000_000)


def test_a_file_that_says_nothing_of_its_size_is_cut():
    with pytest.raises(RunnerError, match="status grew beyond 10 bytes while it was read"):
        read_plain(Path(f"/proc/{os.getpid()}/status"), 10)


def test_a_plain_file_is_read_whole_or_from_its_end(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(b"0123456789")
    assert read_plain(path, 10) == b"0123456789"
    assert (read_tail(path, 4), read_tail(path, 100)) == (b"6789", b"0123456789")
