"""The server: its life, its clients, its reset, and what it leaves behind."""

import os
import socket
import threading
import urllib.request
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testgate.local.server import MotoServer, PortInUseError

from .conftest import States

WAITING = '{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": true}}}'


def test_clients_are_made_once_and_reach_the_server(server: MotoServer) -> None:
    sts = server.client("sts")
    assert sts is server.client("sts")
    assert sts.get_caller_identity()["Account"] == "123456789012"


def test_calls_are_answered_in_parallel(server: MotoServer) -> None:
    inside = threading.Barrier(3, timeout=120)

    def route(request: Any) -> None:
        if request.path == "/testgate-barrier":
            inside.wait()

    server.front.add_route(route)
    with_errors: list[Exception] = []

    def call() -> None:
        try:
            urllib.request.urlopen(f"{server.url}/testgate-barrier").read()
        except urllib.error.HTTPError:
            pass
        except Exception as exc:  # noqa: BLE001 - shown by the assertion below
            with_errors.append(exc)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert with_errors == []


def test_a_large_object_survives_the_way(server: MotoServer) -> None:
    s3, name = server.client("s3"), f"b-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    body = os.urandom(3_000_000)
    s3.put_object(Bucket=name, Key="k", Body=body, Metadata={"under_score": "kept"})
    found = s3.get_object(Bucket=name, Key="k")
    assert found["Body"].read() == body
    assert found["Metadata"] == {"under_score": "kept"}
    assert s3.head_object(Bucket=name, Key="k")["ContentLength"] == len(body)


def test_an_operation_moto_lacks_is_refused_without_retry(states: States) -> None:
    execution = states.start(states.machine({"Done": {"Type": "Succeed"}}))
    with pytest.raises(ClientError) as caught:
        states.client.redrive_execution(executionArn=execution)
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_port_in_use_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} on 127.0.0.1 is in use"):
            MotoServer(port=port).start()


def test_the_url_is_unknown_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="before start"):
        _ = MotoServer().url


class TestASecondServer:
    """Servers of one process share moto's state; these run beside the session's own."""

    def test_leaves_environment_and_configuration_as_they_were(
        self, server: MotoServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
        monkeypatch.setenv("NO_PROXY", "example.com")
        before = dict(os.environ)
        second = MotoServer()
        second.start()
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["NO_PROXY"].startswith("example.com,")
        assert second.url != server.url
        second.client("sts").get_caller_identity()
        second.close()
        second.close()
        assert dict(os.environ) == before
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(second_port(second))), timeout=1).close()


def second_port(server: MotoServer) -> int:
    return server._port
