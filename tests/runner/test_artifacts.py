"""What a suite leaves for people is kept by pattern, within limits, and never through a link."""

import os

from testgate.runner import artifacts
from testgate.runner.artifacts import Artifact, LeftOut, artifacts_in


def put(directory, path, data=b"x"):
    (directory / path).parent.mkdir(parents=True, exist_ok=True)
    (directory / path).write_bytes(data)


def test_files_are_kept_by_pattern_in_order(tmp_path):
    for path in ("shots/b.png", "shots/deep/a.png", "trace.zip", "junit.xml"):
        put(tmp_path, path, path.encode())
    found = list(artifacts_in(tmp_path, ("shots/*.png", "*.zip")))
    assert found == [
        Artifact(path=path, data=path.encode())
        for path in ("shots/b.png", "shots/deep/a.png", "trace.zip")
    ]
    assert list(artifacts_in(tmp_path, ())) == []


def test_links_and_pipes_are_told_and_not_followed(tmp_path):
    secret = tmp_path / "secret"
    put(tmp_path, "secret/key", b"secret")
    results = tmp_path / "results"
    results.mkdir()
    (results / "a.png").symlink_to(secret / "key")
    (results / "shots").symlink_to(secret)
    os.mkfifo(results / "b.png")
    found = list(artifacts_in(results, ("*",)))
    left_out = {each.path: each.why for each in found if isinstance(each, LeftOut)}
    assert (len(found), list(left_out)) == (2, ["a.png", "b.png"])
    assert "a symbolic link" in left_out["a.png"]
    assert "a named pipe" in left_out["b.png"]


def test_a_name_that_could_deceive_a_terminal_is_passed_by(tmp_path):
    put(tmp_path, "a\x1b[31m.png")
    put(tmp_path, "b.png")
    assert [each.path for each in artifacts_in(tmp_path, ("*.png",))] == ["b.png"]


def test_what_is_too_much_is_told(tmp_path, monkeypatch):
    for name in ("a", "b", "c", "d"):
        put(tmp_path, name, b"1234")
    monkeypatch.setattr(artifacts, "MAX_BYTES", 9)
    told = [(each.path, isinstance(each, Artifact)) for each in artifacts_in(tmp_path, ("*",))]
    assert told == [("a", True), ("b", True), ("c", False), ("d", False)]
    monkeypatch.setattr(artifacts, "MAX_FILES", 1)
    *_, last = artifacts_in(tmp_path, ("*",))
    assert last == LeftOut(path="b", why="there are more than 1 artifacts")


def test_a_secret_in_a_name_is_masked_and_no_file_lost(tmp_path):
    hidden = ("sekret-one", "sekret-two")
    paths = (
        "a-sekret-one.txt",
        "a-sekret-two.txt",
        "b.txt",
        "c-[redacted].txt",
        "c-sekret-one.txt",
    )
    for path in (*paths, "sekret-one", "sekret-two/d"):
        put(tmp_path, path, path.encode())
    each_found = artifacts_in(tmp_path, ("*",), hidden)
    found = {each.data: each.path for each in each_found if isinstance(each, Artifact)}
    assert found == {
        b"a-sekret-one.txt": "a-[redacted].txt",
        b"a-sekret-two.txt": "a-[redacted 2].txt",
        b"b.txt": "b.txt",
        b"c-[redacted].txt": "c-[redacted].txt",
        b"c-sekret-one.txt": "c-[redacted 2].txt",
        b"sekret-one": "[redacted]",
        b"sekret-two/d": "[redacted 2]/d",
    }
