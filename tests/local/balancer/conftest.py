"""Load balancers on moto's real elbv2 API, and targets that tell what they got."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from testgate.local.balancer import Balancer
from testgate.local.server import MotoServer

_PATIENCE_S = 120.0


class Handler(BaseHTTPRequestHandler):
    """Tells what it got; some paths misbehave."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: "Target"

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.server.leave.wait(_PATIENCE_S)
            self.close_connection = True
            return
        if self.path == "/broken":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"short")
            self.close_connection = True
            return
        if self.path == "/stream":
            self._stream()
            return
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length).decode("latin-1")
        seen = {
            "name": self.server.name,
            "path": self.path,
            "method": self.command,
            "headers": dict(self.headers),
            "body": body,
        }
        self._answer(json.dumps(seen).encode())

    do_POST = do_GET
    do_HEAD = do_GET

    def _answer(self, body: bytes) -> None:
        self.send_response(self.server.health if self.path == "/health" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n")
        self.wfile.flush()
        self.server.leave.wait(_PATIENCE_S)
        self.wfile.write(b"4\r\nlast\r\n0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Target(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.health = 200
        self.leave = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.leave.set()
        self.shutdown()
        self.server_close()


@dataclass(frozen=True)
class World:
    server: MotoServer
    balancer: Balancer

    @property
    def elbv2(self) -> Any:
        return self.server.client("elbv2")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    server, balancer = MotoServer(), Balancer(region="us-east-1")
    balancer.install()
    server.start()
    yield World(server, balancer)
    balancer.close()
    server.close()


class Place:
    """A load balancer of its own, with targets that stop with the test."""

    def __init__(self, world: World, **members: Any) -> None:
        self.elbv2 = world.elbv2
        self.name = f"b{uuid.uuid4().hex[:10]}"
        subnets = world.server.client("ec2").describe_subnets()["Subnets"][:2]
        self.vpc = subnets[0]["VpcId"]
        answer = self.elbv2.create_load_balancer(
            Name=self.name, Subnets=[subnet["SubnetId"] for subnet in subnets], **members
        )["LoadBalancers"][0]
        self.arn, self.address = answer["LoadBalancerArn"], answer["DNSName"]
        self.targets: list[Target] = []

    def group(self, **members: Any) -> str:
        answer = self.elbv2.create_target_group(
            Name=f"g{uuid.uuid4().hex[:10]}",
            **{
                "Protocol": "HTTP",
                "Port": 80,
                "VpcId": self.vpc,
                "TargetType": "ip",
                "HealthCheckPath": "/health",
                **members,
            },
        )
        return str(answer["TargetGroups"][0]["TargetGroupArn"])

    def listener(self, action: dict[str, Any], port: int | None = None) -> tuple[str, str]:
        """A listener with this default action; its ARN and URL."""
        port = port or free_port(self.address)
        answer = self.elbv2.create_listener(
            LoadBalancerArn=self.arn, Protocol="HTTP", Port=port, DefaultActions=[action]
        )
        return str(answer["Listeners"][0]["ListenerArn"]), f"http://{self.address}:{port}"

    def target(self, group: str, name: str = "t", *, healthy: bool = True) -> Target:
        """A target of the group; waits until it is healthy."""
        target = Target(name)
        self.targets.append(target)
        self.elbv2.register_targets(
            TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.server_port}]
        )
        if healthy:
            eventually(lambda: self.states(group)[target.server_port] == "healthy")
        return target

    def states(self, group: str) -> dict[int, str]:
        found = self.elbv2.describe_target_health(TargetGroupArn=group)
        return {
            each["Target"]["Port"]: each["TargetHealth"]["State"]
            for each in found["TargetHealthDescriptions"]
        }


@pytest.fixture
def place(world: World) -> Iterator[Place]:
    place = Place(world)
    yield place
    place.elbv2.delete_load_balancer(LoadBalancerArn=place.arn)
    for target in place.targets:
        target.stop()


def forward(*groups: str, weights: tuple[int, ...] = (1,)) -> dict[str, Any]:
    return {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": group, "Weight": weight}
                for group, weight in zip(groups, weights, strict=True)
            ]
        },
    }


def fixed(body: str, status: str = "200") -> dict[str, Any]:
    return {
        "Type": "fixed-response",
        "FixedResponseConfig": {
            "StatusCode": status,
            "ContentType": "text/plain",
            "MessageBody": body,
        },
    }


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.005)
