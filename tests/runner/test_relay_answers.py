"""What becomes of answers that an ordinary server never gives: odd, broken, unasked ones."""

import contextlib
import socket
import threading

import pytest
import requests

from testgate.runner.relay import Relay, Target


@contextlib.contextmanager
def scripted(*answers, ends=False):
    """A relay to a green that takes a head, says these bytes for it and so on, and then ends the
    connection or waits for the relay to. What it has read is in `heads`."""
    heads = []

    def serve(connection):
        with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError):
            for answer in answers:
                head = b"".join(iter(stream.readline, b"\r\n"))
                if not head:
                    return
                heads.append(head)
                connection.sendall(answer)
            while not ends and connection.recv(65536):
                pass

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Relay(Target(base_url=url)) as relay:
            yield relay, heads
        listener.shutdown(socket.SHUT_RDWR)


def test_hints_on_the_way_to_an_answer_are_left_out():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with scripted(hints + b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx") as (relay, _):
        answer = requests.get(relay.base_url)
        assert (answer.status_code, answer.text) == (201, "x")
        assert relay.counts.statuses == {"201": 1}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 101 Switching\r\n\r\n", "it speaks another protocol than it was asked for"),
        (b"HTTP/1.1 200 OK\r\nX A: 1\r\n\r\n", "it has a line that is no header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "it has a Content-Length that is no"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it does not begin as an answer of HTTP/1.1"),
    ],
)
def test_what_is_no_answer_is_told_as_the_relays_word(answer, says):
    with scripted(answer) as (relay, _):
        told = requests.get(relay.base_url)
        assert told.status_code == 502
        assert told.text.startswith("Testgate relay: green's answer cannot be passed on: ")
        assert says in told.text
        assert (relay.counts.requests, relay.counts.unanswered) == (0, 1)


def test_what_green_says_unasked_is_nobodys_answer():
    unasked = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    with scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + unasked) as (relay, heads):
        with requests.Session() as session:
            for _ in range(3):
                assert session.get(relay.base_url).text == "ok"
        assert len(heads) == 3


def test_chunks_that_break_off_break_off_for_the_suite():
    half = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
    with scripted(half, ends=True) as (relay, _), pytest.raises(requests.RequestException):
        assert requests.get(relay.base_url).text == "never read"


def test_a_length_beside_chunks_is_void():
    odd = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with scripted(odd + b"3\r\nabc\r\n0\r\n\r\n") as (relay, _):
        answer = requests.get(relay.base_url)
        assert answer.text == "abc"
        assert "Content-Length" not in answer.headers


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 2, 2",
        b"Content-Length: 2\r\nContent-Length: 2",
        b"Connection: content-length\r\nContent-Length: 2",
        b"X-Policy: a;\r\n b;\r\n\tc\r\nContent-Length: 2",
        b"X-A : 1\r\nContent-Length: 2",
        b"Transfer-Encoding: identity\r\nContent-Length: 2",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n02\r\nok\r\n0\r\n",
    ],
)
def test_an_answer_that_is_odd_and_clear_is_passed_on_clear(lines):
    body = b"" if b"chunked" in lines else b"ok"
    answer = b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n\r\n" + body
    with scripted(answer) as (relay, _):
        told = requests.get(relay.base_url, timeout=60)
        assert told.text == "ok"
        assert told.headers.get("X-Policy") in (None, "a; b; c")
        assert told.headers.get("X-A") in (None, "1")
