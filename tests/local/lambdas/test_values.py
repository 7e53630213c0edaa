"""The pure parts: names, unpacking, answers, platform lines, variables."""

import io
import json
import stat
import zipfile
from datetime import UTC, datetime

import pytest

from testgate.local.lambdas import InvalidCodeError, InvalidParameterError, Outcome
from testgate.local.lambdas import code as code_module
from testgate.local.lambdas.answers import answer_for
from testgate.local.lambdas.catalog import CodePackage, LogSettings, Settings
from testgate.local.lambdas.code import CodeStore, remove_tree, unpack
from testgate.local.lambdas.endings import Exited, InitFailed, Raised, Replaced, Returned, TimedOut
from testgate.local.lambdas.names import parse_function_name
from testgate.local.lambdas.platform_log import PlatformLog, Usage
from tests.local.lambdas.conftest import PYTHON

NOW = datetime(2026, 3, 1, 12, 30, 5, 67_000, tzinfo=UTC)


def parse(text, qualifier=None):
    return parse_function_name(
        text, account="123456789012", region="us-east-1", qualifier=qualifier
    )


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        ("gate", "arn:aws:lambda:us-east-1:123456789012:function:gate"),
        ("gate:live", "arn:aws:lambda:us-east-1:123456789012:function:gate:live"),
        ("gate:$LATEST", "arn:aws:lambda:us-east-1:123456789012:function:gate:$LATEST"),
        ("999999999999:function:gate", "arn:aws:lambda:us-east-1:999999999999:function:gate"),
        (
            "arn:aws-us-gov:lambda:us-gov-west-1:999999999999:function:gate:7",
            "arn:aws-us-gov:lambda:us-gov-west-1:999999999999:function:gate:7",
        ),
    ],
)
def test_name_is_completed_to_an_arn(text, arn):
    assert parse(text).qualified_arn == arn


@pytest.mark.parametrize("text", ["", "a b", "a:b:c", "../x", "arn:aws:s3:::bucket", "a:"])
def test_what_is_no_function_name_is_refused(text):
    with pytest.raises(InvalidParameterError, match="is not a function name"):
        parse(text)


def test_same_qualifier_twice_is_accepted_and_two_are_not():
    assert parse("gate:1", "1").qualifier == "1"
    with pytest.raises(InvalidParameterError, match="does not match"):
        parse("gate:1", "2")


class Archive:
    """A zip made member by member, with the modes and names a hostile one would have."""

    def __init__(self):
        self._buffer = io.BytesIO()
        self._zip = zipfile.ZipFile(self._buffer, "w", zipfile.ZIP_DEFLATED)

    def add(self, name, content=b"", mode=0o644):
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFREG | mode) << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(info, content)
        return self

    def link(self, name, destination):
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        self._zip.writestr(info, destination)
        return self

    def close(self):
        self._zip.close()
        return self._buffer.getvalue()


def test_unpacking_keeps_contents_execute_bits_and_inner_links(tmp_path):
    data = Archive().add("bin/k6", b"#!", 0o755).add("app.py", b"1").link("tool", "bin/k6").close()
    unpack(data, tmp_path)
    assert (tmp_path / "app.py").read_bytes() == b"1"
    assert (tmp_path / "bin/k6").stat().st_mode & 0o111 == 0o111
    assert (tmp_path / "app.py").stat().st_mode & 0o111 == 0
    assert (tmp_path / "tool").read_bytes() == b"#!"


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil"])
def test_member_outside_the_package_is_refused(tmp_path, name):
    with pytest.raises(InvalidCodeError, match="outside its own directory"):
        unpack(Archive().add(name).close(), tmp_path / "inside")
    assert [path.name for path in tmp_path.rglob("*evil*")] == []


@pytest.mark.parametrize("destination", ["/etc/passwd", "../outside", "deep/../../outside"])
def test_link_out_of_the_package_is_refused(tmp_path, destination):
    with pytest.raises(InvalidCodeError, match="a link to"):
        unpack(Archive().add("app.py").link("link", destination).close(), tmp_path)


def test_link_chain_out_of_the_package_is_refused(tmp_path):
    (tmp_path / "inside").mkdir()
    data = Archive().link("a/b/up", "../..").link("a/out", "b/up/../secret").close()
    with pytest.raises(InvalidCodeError, match="a link to"):
        unpack(data, tmp_path / "inside")


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "inside").mkdir()
    data = Archive().link("door", "..").add("door/evil", b"x").close()
    with pytest.raises((InvalidCodeError, OSError)):
        unpack(data, tmp_path / "inside")
    assert not (tmp_path / "evil").exists()


def test_package_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(code_module, "UNPACKED_LIMIT_BYTES", 1_000_000)
    with pytest.raises(InvalidCodeError, match="more than 1000000 bytes"):
        unpack(Archive().add("a", b"0" * 600_000).add("b", b"0" * 600_000).close(), tmp_path)


@pytest.mark.parametrize("data", [b"no zip", Archive().add("a", b"x" * 100).close()[:-30]])
def test_broken_package_is_refused_and_leaves_nothing(tmp_path, data):
    store = CodeStore(tmp_path, PYTHON)
    with pytest.raises(InvalidCodeError, match="could not unzip"):
        store.directory(CodePackage(digest="d", zip_bytes=data))
    assert list(tmp_path.iterdir()) == []


def test_package_is_unpacked_once_and_read_only(tmp_path):
    store = CodeStore(tmp_path / "code", PYTHON)
    data = Archive().add("pkg/app.py", b"1").close()
    first = store.directory(CodePackage(digest="d", zip_bytes=data))
    second = store.directory(CodePackage(digest="d", zip_bytes=b"not even looked at"))
    assert first == second
    assert list((first / "pkg" / "__pycache__").glob("app.*.pyc"))  # compiled once, for all
    for path in (first, first / "pkg", first / "pkg/app.py"):
        assert path.stat().st_mode & 0o222 == 0
    remove_tree(tmp_path / "code")
    assert not (tmp_path / "code").exists()


def answer(ending):
    return answer_for(ending, request_id="r-1", now=NOW)


def test_timeout_is_worded_with_time_request_and_limit():
    document = json.loads(answer(TimedOut(limit_s=3)).payload)
    expected = "2026-03-01T12:30:05.067Z r-1 Task timed out after 3.00 seconds"
    assert document == {"errorType": "Sandbox.Timedout", "errorMessage": expected}


@pytest.mark.parametrize(
    ("return_code", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-6, "Runtime exited with error: signal: aborted"),
        (-34, "Runtime exited with error: signal: signal 34"),
    ],
)
def test_exit_is_worded_by_status_or_signal(return_code, reason):
    made = answer(Exited(return_code=return_code))
    assert json.loads(made.payload)["errorMessage"] == f"RequestId: r-1 Error: {reason}"
    assert made.error_type == "Runtime.ExitError"


@pytest.mark.parametrize(
    "payload", [b"NaN", b"[Infinity]", b"{", b"", b"\xff", b"[" * 100_000, b"1 2"]
)
def test_answer_that_is_not_json_becomes_an_error(payload):
    made = answer(Returned(payload=payload))
    assert made.outcome is Outcome.RESPONSE_NOT_JSON
    assert json.loads(made.payload)["errorType"] == "Runtime.MarshalError"


@pytest.mark.parametrize("payload", [b"null", b'"NaN"', b'{"a": [1, 2.5e3]}', '"é"'.encode()])
def test_answer_that_is_json_is_passed_on_byte_for_byte(payload):
    made = answer(Returned(payload=payload))
    assert (made.payload, made.outcome, made.error_type) == (payload, Outcome.SUCCEEDED, None)


def test_posted_error_is_passed_on_and_its_type_read():
    payload = b'{"errorType": "ValueError", "errorMessage": "x"}'
    assert answer(Raised(payload=payload)).error_type == "ValueError"
    assert answer(InitFailed(payload=payload)).outcome is Outcome.INIT_FAILED
    assert answer(Raised(payload=b"gibberish")).error_type == "Unhandled"
    assert answer(Replaced(payload=b"x", function_error=None)).error_type is None


def settings(*, as_json=False):
    package = CodePackage(digest="d", zip_bytes=b"")
    return Settings(
        account="123456789012",
        region="us-east-1",
        name="gate",
        arn="arn:aws:lambda:us-east-1:123456789012:function:gate",
        version="3",
        handler="app.handler",
        runtime="python3.12",
        role_arn="arn:aws:iam::123456789012:role/runner",
        timeout_s=3,
        memory_mb=128,
        variables=(),
        code=package,
        layers=(),
        log=LogSettings(group="/aws/lambda/gate", json=as_json),
    )


def test_text_report_names_all_it_should():
    lines = PlatformLog(settings=settings())
    usage = Usage(duration_ms=12.345, init_ms=100.5, memory_used_bytes=40 * 2**20 + 1)
    assert lines.start("r-1") == "START RequestId: r-1 Version: 3"
    assert lines.report("r-1", usage, None) == (
        "REPORT RequestId: r-1\tDuration: 12.35 ms\tBilled Duration: 113 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 41 MB\tInit Duration: 100.50 ms\t"
    )
    warm = Usage(duration_ms=3000.0, init_ms=None, memory_used_bytes=0)
    assert lines.report("r-1", warm, "Sandbox.Timedout").endswith("\tStatus: timeout\t")
    assert lines.report("r-1", warm, "Runtime.ExitError").endswith(
        "\tStatus: error\tError Type: Runtime.ExitError\t"
    )


def test_json_lines_are_platform_events():
    lines = PlatformLog(settings=settings(as_json=True))
    usage = Usage(duration_ms=12.3456, init_ms=None, memory_used_bytes=2**20)
    assert json.loads(lines.start("r-1"))["record"]["version"] == "3"
    assert lines.end("r-1") == []
    report = json.loads(lines.report("r-1", usage, "Sandbox.Timedout"))["record"]
    assert report["status"] == "timeout"
    assert report["metrics"] == {
        "durationMs": 12.346,
        "billedDurationMs": 13,
        "memorySizeMB": 128,
        "maxMemoryUsedMB": 1,
    }
    init = json.loads(lines.init_report(init_ms=9.9, phase="init", error_type="KeyError"))
    assert init["type"] == "platform.initReport"


def test_settings_are_the_same_for_the_same_code_however_it_is_held():
    one, other = settings(), settings()
    assert one == other
    assert hash(one) == hash(other)
