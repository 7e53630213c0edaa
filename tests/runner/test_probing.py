"""Green is asked as the relay asks, at every address, three times; its answers stay as they are."""

import contextlib
import gc
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from testgate.core.fence import Fence
from testgate.core.identity_check import IdentityCheck
from testgate.runner.probing import addresses_of, ask_green, expression_problem, value_in
from testgate.runner.relay import Target

CHECK = IdentityCheck(path="/version", jmespath="version", expect="{image_tag}")
HEADER = IdentityCheck(path="/version", header="X-Version", expect="{image_tag}")


class Node(ThreadingHTTPServer):
    """One address of a load balancer; `says` gives status, body and headers of each answer."""

    daemon_threads = True

    class Handler(BaseHTTPRequestHandler):
        server: "Node"

        def do_GET(self):
            self.server.seen.append((self.path, dict(self.headers)))
            if self.server.breaks:
                self.server.breaks -= 1
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            status, body = self.server.says
            self.send_response(status)
            self.send_header("X-Version", " 1.2.0 ")
            if self.server.garbles:
                self.send_header("no header", "")
            if self.server.drips:
                with contextlib.suppress(OSError):
                    if self.server.drips == "body":
                        self.end_headers()
                    self.flush_headers()
                    while not self.server.leave.wait(0.02):
                        self.wfile.write(b" ")
                return
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self, address="127.0.0.1", port=0, says=(200, b'{"version": "1.2.0"}'), tls=None):
        super().__init__((address, port), self.Handler)
        self.says = says
        self.breaks = 0
        self.drips = ""
        self.garbles = False
        self.leave = threading.Event()
        self.seen = []
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://green.example:{self.server_port}"

    def close(self):
        self.leave.set()
        self.shutdown()
        self.server_close()
        self.thread.join()


@pytest.fixture
def node():
    made = Node()
    yield made
    made.close()


@pytest.fixture
def nodes():
    """Two addresses of one load balancer, with the same port."""
    one = Node("127.0.0.1")
    two = Node("127.0.0.2", one.server_port)
    yield one, two
    one.close()
    two.close()


def ask(server, check=CHECK, addresses=("127.0.0.1",), **changes):
    target = Target(**({"base_url": server.url} | changes.pop("target", {})))
    changes = {"sleep": lambda _: None} | changes
    return ask_green(target, check, resolve=lambda *_: addresses, **changes)


def test_every_address_is_asked_three_times_as_the_relay_would(nodes):
    target = {
        "base_url": f"{nodes[0].url}/shop",
        "host": "shop.example",
        "headers": {"x-test": "green"},
    }
    answers = ask(nodes[0], addresses=("127.0.0.1", "127.0.0.2"), target=target)
    assert [(a.address, a.status, a.value, a.problem) for a in answers] == [
        *[("127.0.0.1", 200, "1.2.0", "")] * 3,
        *[("127.0.0.2", 200, "1.2.0", "")] * 3,
    ]
    for node in nodes:
        assert len(node.seen) == 3
        for path, headers in node.seen:
            assert path == "/shop/version"
            assert (headers["Host"], headers["x-test"]) == ("shop.example", "green")


def test_one_address_that_answers_otherwise_is_told_apart(nodes):
    nodes[1].says = (200, b'{"version": "1.1.0"}')
    answers = ask(nodes[0], addresses=("127.0.0.1", "127.0.0.2"))
    assert [answer.value for answer in answers] == ["1.2.0"] * 3 + ["1.1.0"] * 3


def test_a_header_may_tell_too(node):
    node.says = (204, b"")
    assert {answer.value for answer in ask(node, HEADER)} == {"1.2.0"}
    missing = IdentityCheck(path="/", header="x-other", expect="{image_tag}")
    assert {answer.problem for answer in ask(node, missing)} == {"no such header"}


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ((302, b'{"version": "1.2.0"}'), "status 302"),
        ((503, b'{"version": "1.2.0"}'), "status 503"),
        ((200, b"<html>"), "a body that is not JSON"),
        ((200, b"\xff"), "a body that is not JSON"),
        ((200, b'{"version": NaN}'), "a body that is not JSON"),
        ((200, b"[" * 100_000), "a body that is not JSON"),
        ((200, b"{}"), "nothing there"),
        ((200, b'{"version": null}'), "nothing there"),
        ((200, b'{"version": ["1.2.0"]}'), "a list or an object there"),
        ((200, b" " * 1_000_001), "a body of more than 1000000 bytes"),
    ],
)
def test_an_answer_without_the_value_says_why_and_is_not_asked_again(node, says, problem):
    node.says = says
    answers = ask(node)
    assert {(a.status, a.value, a.problem) for a in answers} == {(says[0], None, problem)}
    assert len(node.seen) == 3


@pytest.mark.parametrize(
    ("body", "text"),
    [({"v": 7}, "7"), ({"v": True}, "true"), ({"v": 1.5}, "1.5"), ({"v": "7"}, "7")],
)
def test_numbers_and_truths_are_compared_as_text(body, text):
    assert value_in(json.dumps(body).encode(), "v") == (text, "")


def test_an_expression_that_fails_on_the_body_is_told():
    value, problem = value_in(b'{"v": 1}', "length(v)")
    assert value is None
    assert "the expression fails on its body" in problem


@pytest.mark.parametrize(("breaks", "values"), [(2, ["1.2.0"] * 3), (3, [None, "1.2.0", "1.2.0"])])
def test_a_connection_that_breaks_is_tried_again_briefly(node, breaks, values):
    node.breaks = breaks
    pauses: list[float] = []
    answers = ask(node, sleep=pauses.append)
    assert [answer.value for answer in answers] == values
    assert len(pauses) == 2
    assert len(node.seen) == 5


def test_an_address_that_refuses_is_an_answer_that_says_so(node):
    answers = ask(node, addresses=("127.0.0.1", "127.0.0.3"))
    assert [answer.value for answer in answers] == ["1.2.0"] * 3 + [None] * 3
    assert all("ConnectionRefusedError" in answer.problem for answer in answers[3:])
    assert all(answer.status is None for answer in answers[3:])


def test_without_time_left_nothing_is_asked(node):
    answers = ask(node, within_s=0.0)
    assert {answer.problem for answer in answers} == {"there was no time left to ask"}
    assert node.seen == []


def test_a_path_that_something_else_would_answer_is_not_asked(node):
    target = {"base_url": f"{node.url}/shop/../admin", "fence": Fence(within="/shop/")}
    (told,) = set(ask(node, target=target))
    assert "takes paths that begin with /shop/" in told.problem
    assert node.seen == []


@pytest.mark.parametrize(
    ("drips", "problem"),
    [
        ("head", "TimeoutError"),
        ("body", "a body that does not end in time"),
    ],
)
def test_an_answer_without_end_is_given_up(node, drips, problem):
    node.drips = drips
    answers = ask(node, within_s=0.3)
    assert answers[0].problem.startswith(problem)
    assert {answer.problem for answer in answers[1:]} == {"there was no time left to ask"}


def test_an_answer_that_cannot_be_read_is_told_and_not_asked_for_again(node):
    node.garbles = True
    answers = ask(node)
    assert {answer.problem for answer in answers} == {"its answer has a line that is no header"}
    assert len(node.seen) == len(answers)


def test_a_name_that_cannot_be_spelled_is_told():
    target = Target(base_url="http://a..b")
    assert "cannot be resolved" in ask_green(target, CHECK)[0].problem


def test_a_name_that_cannot_be_resolved_is_told(node):
    def resolve(*_):
        raise socket.gaierror("no such name")

    answers = ask_green(Target(base_url=node.url), CHECK, resolve=resolve)
    assert len(answers) == 3
    assert {answer.problem for answer in answers} == {"it cannot be resolved: no such name"}


def test_more_addresses_than_can_be_asked_are_none(node):
    addresses = [f"127.0.1.{n}" for n in range(17)]
    (told,) = set(ask(node, addresses=addresses))
    assert told.problem == "it has 17 addresses, at most 16 can be asked"


def test_what_green_should_not_tell_is_masked(node):
    node.says = (200, json.dumps({"version": "got hunter2-hunter2\r\n"}).encode())
    target = {"headers": {"x-key": "hunter2-hunter2"}}
    assert {answer.value for answer in ask(node, target=target)} == {"got [redacted]"}


def test_addresses_are_those_of_the_name_each_once():
    assert addresses_of("127.0.0.1", 80) == ["127.0.0.1"]
    assert "127.0.0.1" in addresses_of("localhost", 80)
    with pytest.raises(OSError):
        addresses_of("no-such-name.invalid", 80)


def test_an_address_without_a_route_is_left_out_as_long_as_another_is_left(monkeypatch):
    """A dual-stack load balancer seen from a network without IPv6."""

    class NoWay(socket.socket):
        def connect(self, address):
            if address[0] != "127.0.0.1":
                raise OSError(101, "Network is unreachable")

    def found(*hosts):
        def getaddrinfo(host, port, **_):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in hosts]

        return getaddrinfo

    monkeypatch.setattr(socket, "socket", NoWay)
    monkeypatch.setattr(socket, "getaddrinfo", found("127.0.0.9", "127.0.0.1", "127.0.0.1"))
    assert addresses_of("lb.example", 80) == ["127.0.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", found("127.0.0.9", "127.0.0.8"))
    assert addresses_of("lb.example", 80) == ["127.0.0.9", "127.0.0.8"]


@pytest.mark.parametrize(
    ("expression", "fine"), [("a.b[0]", True), ("a.[", False), ("", True), ("foo(", False)]
)
def test_an_expression_is_checked_before_it_is_published(expression, fine):
    check = IdentityCheck(path="/", jmespath=expression, expect="{image}")
    problem = expression_problem(check)
    assert (problem is None) is fine
    assert fine or f"identity: jmespath {expression!r} cannot be read" in str(problem)


# The socket of a handshake that the other side broke off is left to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("host", "value"), [("green.example", "1.2.0"), ("blue.example", None)])
def test_the_certificate_must_be_that_of_the_host(host, value):
    authority = trustme.CA()
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("green.example").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    node = Node(tls=serving)
    try:
        target = {"base_url": f"https://lb.example:{node.server_port}"}
        answers = ask(node, target=target | {"host": host, "tls": trusting})
    finally:
        node.close()
        gc.collect()
    assert {answer.value for answer in answers} == {value}
    assert value or all("certificate" in answer.problem.lower() for answer in answers)
