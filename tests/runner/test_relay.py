"""The relay between a suite and green, over real sockets."""

import asyncio
import datetime
import gc
import http.client
import socket
import ssl
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest
import requests
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testgate.core.fence import Fence
from testgate.core.routing import Bar
from testgate.runner.own_answers import Loss
from testgate.runner.relay import Relay, Target


class Green:
    """An aiohttp server in a thread; `go` lets its stream go on."""

    def __init__(self, tls=None):
        self.go = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.tls = tls
        self.port = 0
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        assert self.ready.wait(10)

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def close(self):
        self.go.set()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def _serve(self):
        async def start():
            app = web.Application(client_max_size=10**8)
            app.router.add_get("/stream", self.stream)
            app.router.add_get("/ws", self.websocket)
            app.router.add_get("/to", self.redirect)
            app.router.add_get("/cookie", self.cookie)
            app.router.add_get("/broken", self.broken)
            app.router.add_route("*", "/{path:.*}", self.echo)
            self.runner = web.AppRunner(app, shutdown_timeout=0)
            await self.runner.setup()
            site = web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=self.tls)
            await site.start()
            self.port = self.runner.addresses[0][1]

        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(start())
        self.ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(self.runner.cleanup())

    async def echo(self, request):
        body = await request.read()
        if request.path.startswith("/status/"):
            return web.Response(status=int(request.path.rsplit("/", 1)[1]))
        sent = [[name, value] for name, value in request.headers.items()]
        return web.json_response(
            {
                "method": request.method,
                "path": request.raw_path,
                "headers": sent,
                "size": len(body),
            }
        )

    async def redirect(self, request):
        return web.Response(status=302, headers={"Location": request.query["where"]})

    async def cookie(self, request):
        return web.Response(headers={"Set-Cookie": request.query["set"]})

    async def stream(self, request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        while not self.go.is_set():
            await asyncio.sleep(0.005)
        await response.write(b"second")
        return response

    async def broken(self, request):
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        request.transport.close()
        return response

    async def websocket(self, request):
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            await answer.send_str(message.data.upper())
        return answer


@pytest.fixture
def green():
    server = Green()
    yield server
    server.close()


@pytest.fixture
def relay(green):
    with Relay(Target(base_url=green.url, host="green.example", headers={"X-Test": "1"})) as made:
        yield made


def raw(relay, data):
    with socket.create_connection(("127.0.0.1", int(relay.origin.rsplit(":", 1)[1])), 5) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def test_host_and_headers_are_green_s_and_nothing_is_invented(relay):
    told = requests.put(
        f"{relay.base_url}/a%2Fb?x=1", data=b"abc", headers={"x-test": "mine", "X-Own": "o"}
    ).json()
    headers = {name.lower(): value for name, value in told["headers"]}
    assert (told["method"], told["path"], told["size"]) == ("PUT", "/a%2Fb?x=1", 3)
    assert headers["host"] == "green.example"
    assert (headers["x-test"], headers["x-own"]) == ("1", "o")
    assert [n for n, _ in told["headers"] if n.lower() == "x-test"] == ["X-Test"]
    assert not [name for name in headers if name.startswith(("x-forwarded", "via", "connection"))]


def test_what_green_answered_is_counted_by_status(relay):
    requests.get(f"{relay.base_url}/status/204")
    requests.get(f"{relay.base_url}/status/500")
    requests.head(f"{relay.base_url}/a")
    assert relay.counts.spell() == {"requests": 3, "statuses": {"200": 1, "204": 1, "500": 1}}


def test_the_path_of_greens_url_stays(green):
    with Relay(Target(base_url=f"{green.url}/api/")) as relay:
        assert requests.get(f"{relay.base_url}/cart").json()["path"] == "/api/cart"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("/cart?a=1", "/cart?a=1"),
        ("http://green.example/cart?a=1#top", "{relay}/cart?a=1#top"),
        ("https://GREEN.example:8443/", "{relay}/"),
        ("//green.example/cart", "{relay}/cart"),
        ("{green}/cart", "{relay}/cart"),
        ("https://elsewhere.example/login", "https://elsewhere.example/login"),
        ("https://green.example.evil.example/", "https://green.example.evil.example/"),
        ("app://green.example/", "app://green.example/"),
    ],
)
def test_redirects_to_green_stay_on_the_relay_and_others_are_passed_on(green, relay, where, told):
    answer = requests.get(
        f"{relay.base_url}/to", params={"where": where.format(green=green.url)}, timeout=60,
        allow_redirects=False,
    )  # fmt: skip
    assert answer.headers["Location"] == told.format(relay=relay.origin)
    assert relay.counts.requests == 1


def test_cookies_of_greens_domain_are_kept_for_the_relay(relay):
    cookie = "a=1; Domain=.example; Path=/; HttpOnly"
    answer = requests.get(f"{relay.base_url}/cookie", params={"set": cookie})
    assert answer.headers["Set-Cookie"] == "a=1; Path=/; HttpOnly"


def test_an_answer_arrives_before_it_has_ended(green, relay):
    with requests.get(f"{relay.base_url}/stream", stream=True, timeout=120) as answer:
        pieces = answer.iter_content(None)
        assert next(pieces) == b"first"
        green.go.set()
        assert b"".join(pieces) == b"second"


def test_a_body_in_chunks_arrives_whole(relay):
    told = requests.post(f"{relay.base_url}/", data=(b"x" * 70_000 for _ in range(20))).json()
    assert told["size"] == 1_400_000


def test_an_answer_that_breaks_off_breaks_off_for_the_suite(relay):
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        assert requests.get(f"{relay.base_url}/broken", timeout=60).content


def test_a_connection_is_used_again(relay):
    connection = http.client.HTTPConnection("127.0.0.1", int(relay.origin.rsplit(":", 1)[1]))
    connection.request("GET", "/1")
    connection.getresponse().read()
    own = connection.sock
    connection.request("GET", "/2")
    assert connection.getresponse().read()
    assert connection.sock is own
    connection.close()


def test_two_hundred_requests_at_once(relay):
    with ThreadPoolExecutor(200) as pool:
        answers = list(
            pool.map(lambda n: requests.get(f"{relay.base_url}/{n}").json()["path"], range(200))
        )
    assert answers == [f"/{n}" for n in range(200)]
    assert relay.counts.requests == 200


def test_websockets_pass(relay):
    async def talk():
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{relay.base_url}/ws") as socket_,
        ):
            await socket_.send_str("hello")
            return await socket_.receive_str()

    assert asyncio.run(talk()) == "HELLO"
    assert relay.counts.statuses == {"101": 1}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GET http://other.example/ HTTP/1.1\r\n\r\n", b"this is no proxy"),
        (b"CONNECT other.example:443 HTTP/1.1\r\n\r\n", b"this is no proxy"),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"its length in two ways",
        ),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", b"is no number"),
        (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", b"is no number"),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            b"a chunk without a size",
        ),
        (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", b"before its body had ended"),
        (b"GET / HTTP/1.1\r\nX-Test : mine\r\n\r\n", b"a line that is no header"),
        (b"GET / HTTP/1.1\r\nX(Test): mine\r\n\r\n", b"a line that is no header"),
    ],
)
def test_a_request_that_could_be_read_in_two_ways_is_not_passed_on(relay, data, says):
    answer = raw(relay, data)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"Testgate relay: " in answer
    assert says in answer
    assert relay.counts.requests == 0


def test_a_header_that_hides_another_line_is_not_passed_on(green):
    with Relay(Target(base_url=green.url, headers={"X-Test": "1\r\nX-Evil: 1"})) as relay:
        answer = requests.get(relay.base_url + "/")
    assert (answer.status_code, relay.counts.requests) == (400, 0)


@pytest.mark.parametrize(
    ("path", "headers", "says"),
    [
        ("/other", {}, "takes paths that begin with /shop/, not /other"),
        ("/shop/../other", {}, "takes paths that begin with /shop/"),
        ("/shop/a", {"X-Canary": "yes"}, "rule 4711 would take a request with this header"),
    ],
)
def test_what_something_else_than_green_would_answer_is_not_passed_on(green, path, headers, says):
    bar = Bar(header="x-canary", patterns=("y*",), rule="r/4711")
    fence = Fence(within="/shop/", bars=(bar,))
    with Relay(Target(base_url=f"{green.url}/shop", fence=fence)) as relay:
        connection = http.client.HTTPConnection("127.0.0.1", int(relay.origin.rsplit(":", 1)[1]))
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert (answer.status, relay.counts.requests) == (421, 0)
        assert text.startswith("Testgate relay: the request is not for green: ")
        assert says in text
        assert says in relay.counts.problem
        assert requests.get(f"{relay.base_url}/a", headers={"X-Canary": "no"}).ok


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_of_unknown_length_ends_where_the_suite_can_see_it(green, relay, version):
    green.go.set()
    answer = raw(relay, b"GET /stream HTTP/" + version + b"\r\nHost: a\r\n\r\n")
    end = b"\r\n\r\nfirstsecond" if version == b"1.0" else b"6\r\nsecond\r\n0\r\n\r\n"
    assert answer.endswith(end)
    assert (b"Connection: close" in answer) is (version == b"1.0")


def test_a_request_that_the_suite_no_longer_waits_for_is_one_without_an_answer():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Relay(Target(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}")) as relay:
            with pytest.raises(requests.RequestException):
                requests.get(relay.base_url, timeout=0.3)
            counts = relay.counts
        assert (counts.requests, counts.unreached, counts.unanswered) == (0, 0, 1)
        assert counts.problem == "green had not answered when the suite ended"


def test_a_request_is_under_way_until_it_is_answered_or_lost(green, relay):
    with relay.under_way(Loss.UNREACHED):
        assert relay.counts.unreached == 1
        assert relay.counts.problem.startswith("no connection with green had come about")
    requests.get(relay.base_url)
    assert relay.counts.spell() == {"requests": 1, "statuses": {"200": 1}}


def test_a_name_that_cannot_be_looked_up_is_no_way_to_green():
    with Relay(Target(base_url="http://a..b/")) as relay:
        assert "could not be reached" in requests.get(relay.base_url).text
        assert relay.counts.unreached == 1


def test_the_end_of_a_line_behind_a_body_is_no_request(relay):
    answer = raw(relay, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert (relay.counts.requests, relay.counts.problem) == (1, "")


NO_FILE_LEFT = """
import os, resource, time
from testgate.runner.relay import Relay, Target
from testgate.runner.own_answers import Loss
relay = Relay(Target(base_url="http://127.0.0.1:9"))
time.sleep(0.3)  # accept() holds a file while it waits
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
try:
    while True:
        os.dup(0)
except OSError:
    relay.close()
print("closed")
"""


def test_it_closes_where_no_file_is_left():
    done = subprocess.run(
        [sys.executable, "-c", NO_FILE_LEFT],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout == "closed\n", done.stderr


def test_closing_ends_what_waits_for_green():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        relay = Relay(Target(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}"))
        with pytest.raises(requests.RequestException):
            requests.get(relay.base_url, timeout=0.3)
        connection, _ = silent.accept()
        relay.close()
        with connection, connection.makefile("rb") as stream:
            assert stream.read().startswith(b"GET / HTTP/1.1\r\n")  # and then its end


def test_a_suite_that_waits_to_be_told_to_go_on_is_told(relay):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    address = ("127.0.0.1", int(relay.origin.rsplit(":", 1)[1]))
    with socket.create_connection(address, 60) as sock, sock.makefile("rb") as stream:
        sock.sendall(head)
        assert stream.readline() + stream.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"abc")
        assert stream.readline() == b"HTTP/1.1 200 OK\r\n"


def test_a_body_that_green_does_not_want_is_not_read_as_a_request():
    refusing = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    inner = b"GET /inner HTTP/1.1\r\nHost: a\r\n\r\n"

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(refusing)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Relay(Target(base_url=url)) as relay:
            body = inner * 300_000
            head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            answer = raw(relay, head + body)
            counts = relay.counts
    assert answer.count(b"HTTP/1.1 ") == 1
    assert counts.requests + counts.unanswered == 1


def test_the_reason_arrives_though_the_suite_is_still_sending(relay, green):
    fence = Fence(within="/shop/")
    with Relay(Target(base_url=green.url, fence=fence)) as fenced:
        answer = requests.post(f"{fenced.origin}/other", data=b"x" * 20_000_000)
    assert answer.status_code == 421
    assert answer.text.startswith("Testgate relay: the request is not for green: ")


def test_a_green_that_refuses_is_told_as_the_relays_word():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with Relay(Target(base_url=f"http://127.0.0.1:{closed.getsockname()[1]}")) as relay:
            answer = requests.get(relay.base_url + "/")
    assert answer.status_code == 502
    assert answer.text.startswith("Testgate relay: green at 127.0.0.1:")
    assert "could not be reached" in relay.counts.problem
    assert (relay.counts.requests, relay.counts.unreached, relay.counts.unanswered) == (0, 1, 0)


def test_a_green_that_is_silent_is_a_timeout(monkeypatch):
    monkeypatch.setattr("testgate.runner.relay.ANSWER_TIMEOUT_S", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Relay(Target(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}")) as relay,
    ):
        answer = requests.get(relay.base_url + "/")
    assert answer.status_code == 504
    assert "did not answer in time" in answer.text
    assert (relay.counts.requests, relay.counts.unreached, relay.counts.unanswered) == (0, 0, 1)


def test_closing_ends_what_is_still_open(green):
    relay = Relay(Target(base_url=green.url))
    with requests.get(f"{relay.base_url}/stream", stream=True, timeout=120) as answer:
        pieces = answer.iter_content(None)
        assert next(pieces) == b"first"
        relay.close()
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
            list(pieces)


@pytest.fixture
def certificate(tmp_path):
    """Of green.example, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "green.example")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("green.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "green.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


# asyncio leaves the socket of a handshake that the other side broke off to the garbage collector;
# the collection at the end of the test keeps its warning from reaching another one.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("host", "status"), [("green.example", 200), ("blue.example", 502), ("", 502)]
)
def test_greens_certificate_must_name_the_host(certificate, host, status):
    seen = []
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)
    serving.sni_callback = lambda _socket, name, _context: seen.append(name)
    server = Green(serving)
    try:
        trusting = ssl.create_default_context(cafile=str(certificate))
        with Relay(Target(base_url=server.url, host=host, tls=trusting)) as relay:
            answer = requests.get(f"{relay.base_url}/")
            cookie = requests.get(f"{relay.base_url}/cookie", params={"set": "a=1; Secure"})
    finally:
        server.close()
        del server
        gc.collect()
    assert answer.status_code == status
    if status == 200:
        assert seen[0] == "green.example"
        assert cookie.headers["Set-Cookie"] == "a=1"
    else:
        assert "certificate" in answer.text.lower()
        assert relay.counts.requests == 0
