"""Messages of HTTP/1.1 are read whole, however they arrive, and what is none is refused."""

import http.client
import io
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.runner.incoming import EndedEarlyError, Incoming, MessageError
from testgate.runner.messages import (
    IN_CHUNKS,
    NO_BODY,
    TO_THE_END,
    Framing,
    answer_framing,
    read_answer_head,
    read_body,
    read_request_head,
    request_framing,
    spell_head,
)


def arriving(data, sizes=(65_536,)):
    """`data` in pieces of these sizes, over and over."""
    stream = io.BytesIO(data)
    turns = iter(range(10**9))
    return Incoming(lambda most: stream.read(min(most, sizes[next(turns) % len(sizes)])))


def answer_of(data, method="GET"):
    incoming = arriving(data)
    head = read_answer_head(incoming)
    return head, b"".join(read_body(incoming, answer_framing(head, method)))


def test_a_request_is_read_and_the_next_begins_behind_it():
    incoming = arriving(
        b"\r\nPUT /a%2Fb?c HTTP/1.1\r\nHost:shop\r\nX-Own: \t1 2 \r\nContent-Length: 3\r\n\r\nabc"
        b"GET / HTTP/1.0\n\n"
    )
    head = read_request_head(incoming)
    assert (head.method, head.target, head.minor) == ("PUT", "/a%2Fb?c", 1)
    assert head.headers == [("Host", "shop"), ("X-Own", "1 2"), ("Content-Length", "3")]
    framing = request_framing(head)
    assert framing == Framing(length_bytes=3)
    assert b"".join(read_body(incoming, framing)) == b"abc"
    following = read_request_head(incoming)
    assert (following.method, following.minor) == ("GET", 0)
    assert request_framing(following) == NO_BODY
    assert incoming.has_ended()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GET /\r\n\r\n", "does not begin as a request"),
        (b"GET  / HTTP/1.1\r\n\r\n", "does not begin as a request"),
        (b"GET / HTTP/2.0\r\n\r\n", "does not begin as a request"),
        (b"GET / HTTP/1.1 \r\n\r\n", "does not begin as a request"),
        (b"GET /\x00 HTTP/1.1\r\n\r\n", "does not begin as a request"),
        (b"G(T / HTTP/1.1\r\n\r\n", "does not begin as a request"),
        (b"\x16\x03\x01\x02\x00\n", "does not begin as a request"),
        (b"GET / HTTP/1.1\r\nX-A\r\n\r\n", "a line that is no header"),
        (b"GET / HTTP/1.1\r\nX-A : 1\r\n\r\n", "a line that is no header"),
        (b"GET / HTTP/1.1\r\nX-A: 1\r\n go on\r\n\r\n", "a line that is no header"),
        (b"GET / HTTP/1.1\r\n: 1\r\n\r\n", "a line that is no header"),
        (b"GET / HTTP/1.1\r\nX-A: 1\rX-B: 2\r\n\r\n", "a control character in a header"),
        (b"GET / HTTP/1.1\r\nX-A: 1\x00\r\n\r\n", "a control character in a header"),
        (
            b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 1_001 + b"\r\n",
            "more than 1000 lines of headers",
        ),
        (b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 60_000 + b"\r\n") * 20, "or 1000000 bytes"),
        (b"GET /" + b"a" * 66_000 + b" HTTP/1.1\r\n\r\n", "a line of more than 65536 bytes"),
        (b"GET /" + b"a" * 200_000, "a line of more than 65536 bytes"),
        (b"GET / HTTP/1.1\r\nX-A: 1\r\n", "ended early"),
        (b"GET / HT", "ended early"),
        (b"", "ended early"),
    ],
)
def test_what_is_no_request_is_refused(data, says):
    with pytest.raises(MessageError, match=says):
        read_request_head(arriving(data))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "its length in two ways"),
        (b"Content-Length: 1\r\nContent-Length: 1\r\n", "a Content-Length that is no number"),
        (b"Content-Length: 1, 1\r\n", "a Content-Length that is no number"),
        (b"Content-Length: +1\r\n", "a Content-Length that is no number"),
        (b"Content-Length: 1_0\r\n", "a Content-Length that is no number"),
        (b"Content-Length: \xb2\r\n", "a Content-Length that is no number"),
        (b"Content-Length:\r\n", "a Content-Length that is no number"),
        (b"Transfer-Encoding: gzip, chunked\r\n", "a transfer coding that cannot be passed on"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "a transfer coding"),
        (b"Transfer-Encoding: identity\r\n", "a transfer coding that cannot be passed on"),
    ],
)
def test_a_request_whose_end_two_readers_could_see_differently_is_refused(lines, says):
    head = read_request_head(arriving(b"POST / HTTP/1.1\r\n" + lines + b"\r\n"))
    with pytest.raises(MessageError, match=says):
        request_framing(head)


def test_chunks_are_of_http_1_1():
    head = read_request_head(arriving(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"))
    with pytest.raises(MessageError, match="a transfer coding that cannot be passed on"):
        request_framing(head)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"HTTP/1.1 20 OK\r\n\r\n", "does not begin as an answer"),
        (b"HTTP/2 200 OK\r\n\r\n", "does not begin as an answer"),
        (b"ICY 200 OK\r\n\r\n", "does not begin as an answer"),
        (b"HTTP/1.1 200 O\rK\r\n\r\n", "does not begin as an answer"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "does not begin as an answer"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "a line that is no header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "a Content-Length that is no number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", "a Content-Length that is no number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "a transfer coding"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "a transfer coding"),
        (b"HTTP/1.1 200 OK\r\n go on\r\n\r\n", "a line that is no header"),
        (b"HTTP/1.1 200 OK\r\nX-A: 1\r\n" + b" 2\n" * 1_000 + b"\r\n", "more than 1000 lines"),
        (b"HTTP/1.1 200 OK\r\nX-A: 1\r\n \x00\r\n\r\n", "a control character"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 99, "more than 20 interim ones"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "ended early"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", "ended early"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "ended early"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "a chunk without a size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\n", "a chunk without a size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\n", "a chunk without a size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "longer than its"),
    ],
)
def test_what_is_no_answer_is_refused(data, says):
    with pytest.raises(MessageError, match=says):
        answer_of(data)


@pytest.mark.parametrize(
    ("data", "method", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", "GET", b"abc"),
        (b"HTTP/1.1 200\r\nContent-Length: 3, 3\r\n\r\nabc", "GET", b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", "GET", b"abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD", b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", "GET", b""),
        (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9\r\n\r\n"
            b"2;a=b\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\n",
            "GET",
            b"abc",
        ),
    ],
)
def test_an_answers_body_ends_where_its_head_says(data, method, body):
    assert answer_of(data, method)[1] == body


def test_hints_on_the_way_to_an_answer_are_left_out():
    head, body = answer_of(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx"
    )
    assert (head.status, head.reason, body) == (201, "Created", b"x")
    assert read_answer_head(arriving(b"HTTP/1.1 101 Upgrade\r\n\r\n")).status == 101


@pytest.mark.parametrize(
    ("data", "keeps_open"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
    ],
)
def test_a_head_says_whether_another_message_may_follow(data, keeps_open):
    assert read_request_head(arriving(data)).keeps_open is keeps_open


@pytest.mark.parametrize("value", ["1\r\nX-Evil: 1", "1\n2", "1\r2"])
def test_no_header_is_spelled_that_hides_another_line(value):
    with pytest.raises(ValueError, match="the end of a line"):
        spell_head("GET / HTTP/1.1", [("X-Test", value)])


TOKENS = st.text("abcXYZ019-_!", min_size=1, max_size=9)
VALUES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30
)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


@given(TOKENS, st.lists(st.tuples(TOKENS, VALUES), max_size=6), SIZES)
def test_what_is_spelled_is_read_however_it_arrives(method, headers, sizes):
    incoming = arriving(spell_head(f"{method} /a HTTP/1.1", headers) + b"rest", sizes)
    head = read_request_head(incoming)
    assert head.method == method
    assert head.headers == [(name, value.strip(" \t")) for name, value in headers]
    assert b"".join(iter(incoming.some, b"")) == b"rest"


class Received:
    """As much of a socket as http.client needs."""

    def __init__(self, data):
        self.data = data

    def makefile(self, _mode):
        return io.BytesIO(self.data)


@given(
    st.binary(max_size=200),
    st.sampled_from(["length", "chunks", "end"]),
    SIZES,
)
def test_bodies_are_what_the_standard_library_reads(body, way, sizes):
    head = "HTTP/1.1 200 OK\r\n"
    if way == "length":
        data = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    elif way == "chunks":
        chunks = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        data = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n"
    else:
        data = f"{head}\r\n".encode() + body
    other = http.client.HTTPResponse(cast(Any, Received(data)), method="GET")
    other.begin()
    incoming = arriving(data, sizes)
    answer = read_answer_head(incoming)
    framing = answer_framing(answer, "GET")
    assert b"".join(read_body(incoming, framing)) == other.read()
    expected = {"length": Framing(length_bytes=len(body)), "chunks": IN_CHUNKS, "end": TO_THE_END}
    assert framing == expected[way]


@given(st.binary(max_size=300), SIZES)
def test_nothing_but_a_message_or_a_refusal_comes_of_any_bytes(data, sizes):
    for read in (read_request_head, read_answer_head):
        try:
            head = read(arriving(data, sizes))
        except MessageError:
            continue
        assert head.minor in (0, 1)


def test_a_connection_that_ends_within_a_line_ended_early():
    incoming = arriving(b"ab", (1,))
    assert not incoming.has_ended()
    assert not incoming.is_empty
    with pytest.raises(EndedEarlyError):
        incoming.line(10)
