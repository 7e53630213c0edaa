"""Checks asked of a green that answers well, badly, oddly or not at all."""

import contextlib
import json
import shlex
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from testgate.core.checks import read_check
from testgate.core.evidence import RelayCounts, TestResult
from testgate.core.fence import Fence
from testgate.core.outcomes import Outcome
from testgate.core.progress import read_progress
from testgate.core.provisions import parse_secret
from testgate.runner.http_asking import MAX_BODY_BYTES
from testgate.runner.http_order import Green, every_check
from testgate.runner.http_suite import ask_check
from testgate.runner.http_telling import curl_line, trace_of
from testgate.runner.reports import Reported
from tests.core.samples import suite as sample
from tests.runner.place import run

ANSWERS = {
    "/good": (200, {"Content-Type": "application/json", "ETag": '"1"'}, b'{"a": {"b": [1, 2]}}'),
    "/bad": (500, {}, b"oh no"),
    "/away": (302, {"Location": "/good"}, b""),
    "/nan": (200, {}, b'{"a": NaN}'),
    "/latin": (200, {}, b"caf\xe9"),
    "/told-latin": (200, {"Content-Type": "text/plain; charset=ISO-8859-1"}, b"caf\xe9"),
    "/odd": (200, {"Content-Type": "text/plain; charset=idna"}, b"a"),
    "/zipped": (200, {"Content-Encoding": "gzip"}, b"a"),
    "/huge": (200, {}, b"a" * (MAX_BODY_BYTES + 1)),
    "/deep": (200, {}, b"[" * 100_000),
    "/forged": (200, {"Testgate-Relay": "502"}, b"{}"),
    "/half": (200, {}, b'{"a": "\\ud800"}'),
}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    class Handler(BaseHTTPRequestHandler):
        server: "Server"
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            self.server.seen.append((self.command, self.path, dict(self.headers), body))
            if self.path == "/break" and len(self.server.seen) <= self.server.breaks:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if self.path in ("/drip", "/short"):
                self.drip()
                return
            if self.path == "/slow":
                self.server.leave.wait(0.4)
            status, headers, sent = ANSWERS.get(self.path, (200, {}, body or b"{}"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            if self.command != "HEAD":
                with contextlib.suppress(OSError):
                    self.wfile.write(sent)

        def drip(self):
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(b"{")
                while self.path == "/drip" and not self.server.leave.wait(0.02):
                    self.wfile.write(b" ")

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = answer

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.seen = []
        self.breaks = 0
        self.leave = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server():
    made = Server()
    yield made
    made.leave.set()
    made.shutdown()
    made.server_close()
    made.thread.join()


def check(path, name="one", **keys):
    return read_check({"name": name, "path": path} | keys)


def asked(server, path, **keys):
    return ask_check(check(path, **keys), server.url, sleep=lambda _: None)


def suite(tmp_path, server, *checks, context=(), **changes):
    """The suite as run_suite's function runs it, and its verdict."""
    values = {"framework": "http", "bundle": "", "checks": checks, "min_tests": len(checks)}
    told = ({"base_url": server.url} if server else {}) | dict(context)
    return run(tmp_path, {}, context=told, **(values | changes))


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/good", {}),
        ("/good", {"expect": {"status": [404, "2xx"], "headers": {"etag": '"1"'}}}),
        ("/good", {"expect": {"json": {"a.b[1]": 2, "length(a.b)": {"max": 2}}}}),
        ("/good", {"expect": {"json": {"c": {"exists": False}}}}),
        ("/good", {"expect": {"body": {"contains": '"b"'}, "max_latency_ms": 5000}}),
        ("/good", {"method": "HEAD", "expect": {"headers": {"content-type": "application/json"}}}),
        ("/bad", {"expect": {"status": 500, "body": "oh no"}}),
        ("/away", {"expect": {"status": "3xx", "headers": {"location": "/good"}}}),
        ("/told-latin", {"expect": {"body": "café"}}),
        ("/huge", {}),
        ("/echo", {"method": "POST", "json": {"a": "é"}, "expect": {"json": {"a": "é"}}}),
        ("/echo", {"method": "PUT", "body": "x", "expect": {"body": "x"}}),
    ],
)  # fmt: skip
def test_an_answer_that_is_as_expected_passes(server, path, keys):
    done = asked(server, path, **keys)
    assert (done.wrong, done.status) == ((), "passed")


@pytest.mark.parametrize(
    ("path", "expect", "says"),
    [
        ("/bad", {}, "status is 500, expected 2xx"),
        ("/away", {}, "status is 302, expected 2xx"),
        ("/good", {"status": 404}, "status is 200, expected 404"),
        ("/good", {"headers": {"x": "1"}}, 'header x is not there, expected "1"'),
        ("/good", {"json": {"a.b": [1]}}, "json a.b is [1, 2], expected [1]"),
        ("/good", {"json": {"a.c": {"min": 1}}}, "json a.c is not there, expected at least 1"),
        ("/good", {"json": {"sum(a)": 1}}, "json sum(a) fails on its body: In function sum()"),
        ("/good", {"body": {"matches": "^$"}}, "body is "),
        ("/bad", {"status": 500, "json": {"a": 1}}, "its body is no JSON: 'oh no'"),
        ("/nan", {"json": {"a": {"exists": False}}}, "its body is no JSON"),
        ("/deep", {"json": {"a": {"exists": False}}}, "its body is no JSON"),
        ("/latin", {"body": {"contains": "caf"}}, "its body is not utf-8: byte 3"),
        ("/odd", {"body": "a"}, "its body has charset idna, which is not read"),
        ("/zipped", {"body": "a"}, "its body is encoded as gzip, which was not asked for"),
        ("/huge", {"body": {"contains": "a"}}, "its body has more than the 1000000 bytes"),
        ("/huge", {"max_latency_ms": 60_000}, "its body has more than the 1000000 bytes"),
        ("/short", {}, "its body broke off after 1 bytes"),
        ("/drip", {}, "its body had not ended after 1 s"),
        ("/slow", {"max_latency_ms": 300}, "ms, at most 300 are allowed"),
    ],
)
def test_any_other_answer_fails_and_says_what_was_got(server, path, expect, says):
    done = asked(server, path, expect=expect, timeout_s=1)
    assert says in "; ".join(done.wrong)
    assert (done.status, done.tries) == ("failed", 1)


@pytest.mark.parametrize(
    ("breaks", "retries", "status", "asked_times"),
    [(0, 2, "passed", 1), (2, 2, "passed", 3), (3, 2, "failed", 3), (1, 0, "failed", 1)],
)
def test_only_a_connection_that_broke_is_tried_again(server, breaks, retries, status, asked_times):
    server.breaks = breaks
    done = asked(server, "/break", retries=retries)
    assert (done.status, len(server.seen), done.tries) == (status, asked_times, asked_times)


def test_an_answer_that_is_too_late_is_not_asked_for_again(server):
    began = time.monotonic()
    done = asked(server, "/drip", timeout_s=1)
    assert time.monotonic() - began < 5
    assert len(server.seen) == 1
    assert done.status == "failed"


GOOD = check("/good", "is good", expect={"json": {"length(a.b)": 2}})
BAD = check("/bad", "is bad")


def test_a_suite_of_checks_passes_by_what_green_answers(tmp_path, server):
    """As every suite: through the relay, with green's host and headers, counted and measured."""
    evidence, verdict = suite(
        tmp_path,
        server,
        GOOD,
        check("/echo", "echoes", method="POST", body="${TESTGATE_SERVICE} ${TESTGATE_SUITE}"),
        context={"host": "green.example", "headers": {"x-test": "hunter2hunter2"}},
    )
    assert (verdict.outcome, verdict.sentence) == (
        Outcome.PASSED,
        "2 of 2 tests in suite smoke passed",
    ), evidence
    assert [test.name for test in evidence.tests] == ["is good", "echoes"]
    assert evidence.relay == RelayCounts(requests=2, statuses={"200": 2})
    assert evidence.metrics["requests"] == 2
    (_, _, headers, _), (_, _, _, body) = server.seen
    assert (headers["Host"], headers["x-test"]) == ("green.example", "hunter2hunter2")
    assert body == b"web smoke"
    told = read_progress((tmp_path / "progress.txt").read_text().split("\n"))
    assert (told.ended, told.total) == (2, 2)
    assert [test.name for test in told.newest] == [test.name for test in evidence.tests]


def test_a_failure_tells_what_was_got_and_how_to_ask_again(tmp_path, server):
    evidence, verdict = suite(
        tmp_path,
        server,
        GOOD,
        check("/bad", "is bad", headers={"Authorization": "Bearer abcdefghijkl"}),
        context={"host": "green.example", "headers": {"x-test": "hunter2hunter2"}},
    )
    assert verdict.outcome is Outcome.FAILED
    assert verdict.sentence == (
        "1 of 2 tests in suite smoke failed (allowed 0); first: is bad: status is 500, expected 2xx"
    )
    trace = evidence.tests[1].trace
    assert "oh no" in trace
    assert f"--connect-to ::127.0.0.1:{server.server_port} " in trace
    assert "http://green.example/bad" in trace
    assert "abcdefghijkl" not in trace
    assert "hunter2" not in trace


def dead():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock, f"http://127.0.0.1:{sock.getsockname()[1]}"


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"status": 502},
        {"status": "5xx", "body": {"contains": "relay"}},
        {"status": ["2xx", "3xx", "4xx", "5xx"]},
    ],
)
def test_where_nobody_answers_no_expectation_is_met(tmp_path, expect):
    sock, url = dead()
    with sock:
        one = check("/a", retries=0, expect=expect)
        evidence, verdict = suite(tmp_path, None, one, context={"base_url": url})
    assert verdict.outcome is Outcome.INFRA_ERROR
    assert verdict.sentence.startswith("none of 1 requests of suite smoke reached green: green at ")
    assert "no answer: green at 127.0.0.1:" in evidence.tests[0].message


def test_what_the_relay_refuses_is_no_answer_of_green(tmp_path, server):
    evidence, verdict = suite(
        tmp_path,
        server,
        check("/elsewhere", "outside", expect={"status": [421, "4xx"]}),
        check("/shop/", "long", headers={"x-a": "v" * 70_000}, expect={"status": "4xx"}),
        context={"fence": Fence(within="/shop/")},
    )  # fmt: skip
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert [test.outcome for test in evidence.tests] == [Outcome.FAILED] * 2
    assert server.seen == []


def test_green_cannot_call_its_answer_the_relay_s(tmp_path, server):
    _, verdict = suite(tmp_path, server, check("/forged"))
    assert verdict.outcome is Outcome.PASSED


def test_a_connection_that_broke_first_makes_a_check_flaky(tmp_path, server):
    server.breaks = 1
    _, verdict = suite(tmp_path, server, check("/break"))
    assert (verdict.outcome, verdict.counts.flaky) == (Outcome.FLAKY, 1)


def test_checks_that_there_was_no_time_for_do_not_pass(tmp_path, server):
    evidence, verdict = suite(
        tmp_path, server, GOOD, check("/drip", "drips"), check("/good", "late"), timeout_s=1
    )
    assert verdict.outcome is Outcome.TIMED_OUT
    assert [test.name for test in evidence.tests] == ["is good"]


@pytest.mark.parametrize("told", [(), ("is good",), ("is good", "is bad", "another")])
def test_a_report_that_does_not_tell_of_each_check_earns_nothing(told):
    two = sample(framework="http", bundle="", checks=(GOOD, BAD))
    tests = tuple(TestResult(name=name, outcome=Outcome.PASSED) for name in told)
    assert every_check(two, Reported(tests=tests)).problem is not None


def test_a_variable_without_a_value_breaks_the_suite_before_it_asks(tmp_path, server):
    _, verdict = suite(tmp_path, server, GOOD, check("/${TESTGATE_PARAMETER_ID}", "two"))
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert verdict.sentence == (
        "suite smoke: http could not ask its checks (exit code 2); it said: "
        "${TESTGATE_PARAMETER_ID} has no value in this run: give ID in PARAMETERS"
    )
    assert server.seen == []


def test_a_secret_parameter_is_sent_and_not_told(tmp_path, server):
    one = check("/bad", headers={"x-key": "${TESTGATE_PARAMETER_API_KEY}"})
    told = {"TESTGATE_PARAMETER_API_KEY": "abcd-efgh-ijkl"}
    evidence, _ = suite(tmp_path, server, one, context={"variables": told})
    assert server.seen[0][2]["x-key"] == "abcd-efgh-ijkl"
    assert "abcd-efgh-ijkl" not in json.dumps(evidence.spell())


@pytest.mark.parametrize(
    "keys",
    [
        {"headers": {"X-Shop": "${SHOP_PW}"}},
        {"method": "POST", "body": "a ${SHOP_PW} b", "expect": {"body": "no"}},
        {"method": "POST", "json": {"a": "${SHOP_PW}"}, "expect": {"body": "no"}},
        {"expect": {"body": {"matches": "^${SHOP_PW}$"}}},
        {"expect": {"body": "${SHOP_PW}"}},
        {"expect": {"headers": {"x-a": "b ${SHOP_PW}"}}},
    ],
)
@pytest.mark.parametrize("value", ["pa'ss-wo.rd+12/3", "x" + "4f9'Kq" * 50])
def test_an_own_secret_is_told_in_no_part(tmp_path, server, keys, value):
    one = check("/echo" if "method" in keys else "/bad", **keys)
    secrets = {"SHOP_PW": parse_secret("ssm:/a")}
    granted = {"SHOP_PW": value}
    evidence, verdict = suite(tmp_path, server, one, secrets=secrets, granted=granted)
    assert verdict.outcome is Outcome.FAILED
    told = json.dumps(evidence.spell()) + (tmp_path / "output.txt").read_text()
    told += (tmp_path / "results" / "ctrf.json").read_text()
    assert not any(piece in told for piece in ("ss-wo", "wo.rd", "wo\\\\.rd", "4f9", "Kq"))


def test_a_secret_that_an_answer_ends_in_is_masked_before_it_is_cut(server):
    one = check("/echo", method="POST", body="y" * 1990 + "sekret-value-long", expect={"json": {}})
    done = ask_check(one, server.url)
    told = trace_of(
        one, Green(url=server.url), done.reply, lambda text: text.replace("sekret", "*")
    )
    assert "sekret" not in told.partition("Answered")[2]


def test_a_text_that_no_report_can_hold_is_told_all_the_same(tmp_path, server):
    evidence, verdict = suite(tmp_path, server, check("/half", expect={"json": {"a": "b"}}))
    assert verdict.outcome is Outcome.FAILED
    assert evidence.tests[0].message == 'json a is "?", expected "b"'


@pytest.mark.parametrize(
    "one",
    [
        check("/echo?a=1&b=[2]", method="POST", json={"a": 'it\'s "$HOME" `x`'}),
        check("/echo", method="PUT", body="@/etc/passwd; rm -rf '/'"),
        check("/echo", method="POST", body="a=b", headers={"Content-Type": "text/plain"}),
        check("/good", method="HEAD"),
        check("/good"),
        check("/echo", method="DELETE", headers={"X-A": "$(id) 'quoted'"}),
    ],
)
def test_the_command_told_repeats_the_request(server, one):
    ask_check(one, server.url)
    line = curl_line(one, Green(url=f"{server.url}/", host="shop.example"))
    done = subprocess.run(
        ["sh", "-c", f"{line} --silent"], capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    (method, path, headers, body), again = server.seen
    assert (method, path, body) == (again[0], again[1], again[3])
    assert again[2]["Host"] == "shop.example"
    for name in ("Content-Type", "X-A"):
        assert headers.get(name) == again[2].get(name)
    assert shlex.split(line)[0] == "curl"
