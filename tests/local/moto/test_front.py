"""The front alone: routes in order, then moto, and failures that clients understand."""

import io
import json
from typing import Any

import pytest
from werkzeug.test import Client, create_environ
from werkzeug.wrappers import Request, Response

from testgate.local.front import Front, aws_error

JSON_CALL = {"X-Amz-Target": "Service_1.DoIt", "Content-Type": "application/x-amz-json-1.1"}
S3_CALL = {"Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request, x"}


def moto(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("x-from", "moto")])
    return [environ["wsgi.input"].read() or b"empty"]


def missing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise NotImplementedError("The do_it action has not been implemented")


def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise KeyError("cluster")


def test_the_first_route_that_answers_wins() -> None:
    front = Front(moto)
    asked: list[str] = []

    def route(name: str, answer: str | None) -> Any:
        def ask(request: Request) -> Response | None:
            asked.append(name)
            return None if answer is None else Response(answer)

        return ask

    front.add_route(route("first", None))
    front.add_route(route("second", "two"))
    front.add_route(route("third", "three"))
    assert Client(front).get("/").text == "two"
    assert asked == ["first", "second"]


def test_moto_gets_the_body_that_routes_have_read() -> None:
    front = Front(moto)
    read: list[bytes] = []

    def route(request: Request) -> None:
        read.append(request.get_data())
        request.environ["wsgi.input"].read()

    front.add_route(route)
    response = Client(front).post("/", data=b"body")
    assert (response.data, response.headers["x-from"], read) == (b"body", "moto", [b"body"])


def test_a_body_in_chunks_reaches_routes_and_moto() -> None:
    environ = {"wsgi.input": io.BytesIO(b"body"), "wsgi.input_terminated": True}
    assert Client(Front(moto)).post("/", environ_overrides=environ).data == b"body"


@pytest.mark.parametrize(
    ("app", "status", "code"),
    [(missing, 400, "UnknownOperationException"), (broken, 500, "InternalFailure")],
)
def test_a_failure_inside_is_an_aws_error(app: Any, status: int, code: str) -> None:
    response = Client(Front(app)).post("/", headers=JSON_CALL, data=b"{}")
    assert response.status_code == status
    document = json.loads(response.data)
    assert document["__type"] == code
    assert "Service_1.DoIt" in document["message"]


def test_a_route_that_raises_is_an_internal_failure() -> None:
    front = Front(moto)

    def route(request: Request) -> Response:
        raise RuntimeError("boom")

    front.add_route(route)
    response = Client(front).post("/", headers=JSON_CALL, data=b"{}")
    assert response.status_code == 500
    assert json.loads(response.data)["__type"] == "InternalFailure"


def test_errors_are_xml_for_query_services() -> None:
    response = Client(Front(broken)).post("/", data={"Action": "CreateStack"})
    assert "<Code>InternalFailure</Code>" in response.text
    assert "CreateStack" in response.text


def test_errors_are_xml_for_s3() -> None:
    response = Client(Front(broken)).get("/bucket/key", headers=S3_CALL)
    assert response.text.startswith("<Error><Code>InternalFailure</Code>")


def test_errors_are_cbor_where_asked() -> None:
    request = Request.from_values(headers={"Smithy-Protocol": "rpc-v2-cbor"})
    response = aws_error(request, 400, "Bad", "no")
    assert response.headers["Smithy-Protocol"] == "rpc-v2-cbor"
    assert response.data.startswith(b"\xa2")
    assert b"Bad" in response.data


def test_observers_see_each_answer_and_cannot_change_it() -> None:
    front = Front(moto)
    seen: list[tuple[str, int]] = []

    def failing(request: Request, response: Response) -> None:
        raise RuntimeError("boom")

    front.add_observer(failing)
    front.add_observer(lambda request, response: seen.append((request.path, response.status_code)))
    assert Client(front).get("/x").status_code == 200
    assert seen == [("/x", 200)]


class Reset(io.RawIOBase):
    """The body of a request whose client was killed in the middle of it."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: Any) -> int:
        raise ConnectionResetError(104, "Connection reset by peer")


def test_a_client_that_goes_away_in_the_middle_of_a_call_is_a_dropped_connection() -> None:
    """Which the server passes by; any other error it would print."""
    environ = create_environ(method="POST", input_stream=io.BytesIO())
    environ |= {"CONTENT_LENGTH": "1000", "wsgi.input": io.BufferedReader(Reset())}
    front = Front(lambda *_: [])
    with pytest.raises(ConnectionAbortedError):
        front(environ, lambda *_: None)
