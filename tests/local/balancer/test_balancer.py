"""Listeners are real ports; rules, weights and health act on real requests."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import pytest
import requests
from aiohttp import web
from botocore.exceptions import ClientError

from testgate.local.balancer import Balancer
from testgate.local.server import MotoServer

_PATIENCE_S = 10.0


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

    def __init__(self, world: World) -> None:
        self.elbv2 = world.elbv2
        self.name = f"b{uuid.uuid4().hex[:10]}"
        subnets = world.server.client("ec2").describe_subnets()["Subnets"][:2]
        self.vpc = subnets[0]["VpcId"]
        answer = self.elbv2.create_load_balancer(
            Name=self.name, Subnets=[subnet["SubnetId"] for subnet in subnets]
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


def test_load_balancer_has_an_address_of_its_own(world: World, place: Place):
    assert place.address.startswith("127.")
    other = Place(world)
    assert other.address != place.address
    other.elbv2.delete_load_balancer(LoadBalancerArn=other.arn)


def test_request_and_answer_pass_unchanged(place: Place):
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    answer = requests.post(
        f"{url}/a%2Fb/?q=%20x&q=2", data=b"\x00\xff body", headers={"X-Own": "1"}, timeout=5
    )
    seen = answer.json()
    assert (seen["method"], seen["path"]) == ("POST", "/a%2Fb/?q=%20x&q=2")
    assert seen["body"] == b"\x00\xff body".decode("latin-1")
    assert seen["headers"]["X-Own"] == "1"
    assert seen["headers"]["Host"] == url.removeprefix("http://")
    assert seen["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert seen["headers"]["X-Forwarded-Proto"] == "http"
    assert seen["headers"]["X-Forwarded-Port"] == url.rpartition(":")[2]
    assert answer.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    chained = requests.get(url, headers={"X-Forwarded-For": "10.0.0.1"}, timeout=5).json()
    assert chained["headers"]["X-Forwarded-For"] == "10.0.0.1, 127.0.0.1"
    head = requests.head(url, timeout=5)
    assert (head.status_code, head.content) == (200, b"")


def test_large_bodies_pass(place: Place):
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    body = b"x" * 3_000_000
    assert len(requests.post(url, data=body, timeout=10).json()["body"]) == len(body)


def test_answers_are_streamed(place: Place):
    group = place.group()
    target = place.target(group)
    _, url = place.listener(forward(group))
    with requests.get(f"{url}/stream", stream=True, timeout=5) as answer:
        chunks = answer.iter_content(chunk_size=None)
        assert next(chunks) == b"first"
        target.leave.set()
        assert b"".join(chunks) == b"last"


def test_weights_act_at_once_and_zero_gets_nothing(place: Place):
    blue, green = place.group(), place.group()
    place.target(blue, "blue")
    place.target(green, "green")
    arn, url = place.listener(forward(blue, green, weights=(100, 0)))

    def names() -> set[str]:
        with ThreadPoolExecutor(8) as pool:
            return set(pool.map(lambda _: requests.get(url, timeout=5).json()["name"], range(40)))

    assert names() == {"blue"}
    place.elbv2.modify_listener(
        ListenerArn=arn, DefaultActions=[forward(blue, green, weights=(0, 100))]
    )
    assert names() == {"green"}
    place.elbv2.modify_listener(
        ListenerArn=arn, DefaultActions=[forward(blue, green, weights=(50, 50))]
    )
    assert names() == {"blue", "green"}
    place.elbv2.modify_listener(
        ListenerArn=arn, DefaultActions=[forward(blue, green, weights=(0, 0))]
    )
    assert requests.get(url, timeout=5).status_code == 503


def test_rules_are_asked_by_priority(place: Place):
    arn, url = place.listener(fixed("default"))
    header = {"HttpHeaderName": "X-T", "Values": ["1"]}
    conditions: dict[int, list[dict[str, Any]]] = {
        5: [{"Field": "http-header", "HttpHeaderConfig": header}],
        10: [{"Field": "path-pattern", "Values": ["/a*"]}],
        20: [{"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "green"}]}}],
        30: [{"Field": "host-header", "HostHeaderConfig": {"Values": ["green.*"]}}],
        40: [{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT"]}}],
        50: [{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}],
    }
    for priority, each in conditions.items():
        place.elbv2.create_rule(
            ListenerArn=arn, Priority=priority, Conditions=each, Actions=[fixed(str(priority))]
        )
    assert requests.get(f"{url}/abc", timeout=5).text == "10"
    assert requests.get(f"{url}/abc", headers={"X-T": "1"}, timeout=5).text == "5"
    assert requests.get(f"{url}/?v=GREEN", timeout=5).text == "20"
    assert requests.get(url, headers={"Host": "green.shop"}, timeout=5).text == "30"
    assert requests.put(url, timeout=5).text == "40"
    assert requests.get(url, timeout=5).text == "default"


def test_redirect_answers_with_a_location(place: Place):
    action = {"Type": "redirect", "RedirectConfig": {"Port": "444", "StatusCode": "HTTP_301"}}
    _, url = place.listener(action)
    answer = requests.get(f"{url}/x?y=1", allow_redirects=False, timeout=5)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"http://{place.address}:444/x?y=1"


def test_no_healthy_target_is_503_and_a_dead_one_502(place: Place):
    group = place.group()
    _, url = place.listener(forward(group))
    assert requests.get(url, timeout=5).status_code == 503
    target = place.target(group)
    target.stop()
    place.targets.remove(target)
    assert requests.get(url, timeout=5).status_code == 502
    eventually(lambda: place.states(group)[target.server_port] == "unhealthy")
    assert requests.get(url, timeout=5).status_code == 503


def test_a_target_that_does_not_answer_in_time_is_504(place: Place):
    place.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=place.arn,
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "1"}],
    )
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    assert requests.get(f"{url}/slow", timeout=5).status_code == 504


def test_an_answer_that_breaks_off_breaks_off_for_the_client(place: Place):
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    with pytest.raises(requests.RequestException):
        requests.get(f"{url}/broken", timeout=5)


def test_health_is_told_as_it_is(place: Place):
    group = place.group()
    place.listener(forward(group))
    port = free_port("127.0.0.1")
    registration = {"TargetGroupArn": group, "Targets": [{"Id": "127.0.0.1", "Port": port}]}
    place.elbv2.register_targets(**registration)
    assert place.states(group) == {port: "initial"}
    target = place.target(group)
    assert place.states(group) == {port: "initial", target.server_port: "healthy"}
    target.health = 500
    eventually(lambda: place.states(group)[target.server_port] == "unhealthy")
    found = place.elbv2.describe_target_health(
        TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.server_port}]
    )["TargetHealthDescriptions"]
    assert found[0]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [500]",
    }
    place.elbv2.deregister_targets(**registration)
    assert place.states(group) == {target.server_port: "unhealthy"}
    found = place.elbv2.describe_target_health(**registration)["TargetHealthDescriptions"]
    assert found[0]["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_matcher_of_the_group_decides_what_is_healthy(place: Place):
    group = place.group(Matcher={"HttpCode": "200-299,503"})
    target = place.target(group, healthy=False)
    target.health = 503
    eventually(lambda: place.states(group)[target.server_port] == "healthy")


def test_draining_lasts_as_long_as_the_attribute_says(place: Place):
    group = place.group()
    target = place.target(group)
    place.elbv2.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
    )
    place.elbv2.deregister_targets(
        TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.server_port}]
    )
    assert place.states(group) == {target.server_port: "draining"}


def test_a_port_in_use_is_refused_and_leaves_no_listener(place: Place):
    with socket.socket() as taken:
        taken.bind((place.address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ClientError, match=f"cannot listen on {place.address}:{port}: Address"):
            place.listener(fixed("x"), port)
    assert place.elbv2.describe_listeners(LoadBalancerArn=place.arn)["Listeners"] == []
    _, url = place.listener(fixed("now"), port)
    assert requests.get(url, timeout=5).text == "now"


def test_two_load_balancers_may_use_one_port_but_a_listener_not_twice(world: World, place: Place):
    other = Place(world)
    _, url = place.listener(fixed("one"))
    port = int(url.rpartition(":")[2])
    _, other_url = other.listener(fixed("two"), port)
    assert requests.get(url, timeout=5).text == "one"
    assert requests.get(other_url, timeout=5).text == "two"
    with pytest.raises(ClientError, match="DuplicateListener"):
        place.listener(fixed("again"), port)
    other.elbv2.delete_load_balancer(LoadBalancerArn=other.arn)


def test_listener_moves_and_goes_with_its_api_calls(place: Place):
    arn, url = place.listener(fixed("here"))
    port = free_port(place.address)
    place.elbv2.modify_listener(ListenerArn=arn, Port=port)
    assert requests.get(f"http://{place.address}:{port}", timeout=5).text == "here"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    place.elbv2.delete_listener(ListenerArn=arn)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{place.address}:{port}", timeout=5)


@pytest.mark.parametrize(
    ("protocol", "code"), [("HTTPS", "UnsupportedProtocol"), ("TCP", "ValidationError")]
)
def test_other_protocols_are_refused(place: Place, protocol, code):
    with pytest.raises(ClientError) as caught:
        place.elbv2.create_listener(
            LoadBalancerArn=place.arn,
            Protocol=protocol,
            Port=free_port(place.address),
            DefaultActions=[fixed("x")],
        )
    assert caught.value.response["Error"]["Code"] == code


def test_a_default_rule_cannot_be_modified_as_a_rule(place: Place):
    arn, _ = place.listener(fixed("x"))
    (rule,) = place.elbv2.describe_rules(ListenerArn=arn)["Rules"]
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        place.elbv2.modify_rule(RuleArn=rule["RuleArn"], Actions=[fixed("y")])


def test_a_group_lists_its_load_balancer_once(place: Place):
    group = place.group()
    arn, _ = place.listener(forward(group))
    place.elbv2.create_rule(
        ListenerArn=arn,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=[forward(group)],
    )
    found = place.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert found["LoadBalancerArns"] == [place.arn]


def test_cloudformation_makes_the_same_listeners(world: World):
    address_of = {"Fn::GetAtt": ["Balancer", "DNSName"]}
    ec2 = world.server.client("ec2")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    port = free_port("127.0.0.1")
    group = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"VpcId": subnets[0]["VpcId"], "Port": 80, "Protocol": "HTTP"},
    }
    template = {
        "Resources": {
            "Balancer": {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "Properties": {"Name": "cfn", "Subnets": [s["SubnetId"] for s in subnets]},
            },
            "One": group,
            "Two": group,
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "Balancer"},
                    "Port": port,
                    "Protocol": "HTTP",
                    "DefaultActions": [
                        forward({"Ref": "One"}, {"Ref": "Two"}, weights=(100, 0))  # type: ignore[arg-type]
                    ],
                },
            },
        },
        "Outputs": {"Address": {"Value": address_of}},
    }
    cloudformation = world.server.client("cloudformation")
    cloudformation.create_stack(StackName="lb", TemplateBody=json.dumps(template))
    (stack,) = cloudformation.describe_stacks(StackName="lb")["Stacks"]
    address = stack["Outputs"][0]["OutputValue"]
    assert requests.get(f"http://{address}:{port}", timeout=5).status_code == 503
    cloudformation.delete_stack(StackName="lb")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{address}:{port}", timeout=5)


def test_websockets_pass(place: Place):
    import asyncio

    async def scenario() -> list[str]:
        async def echo(request: web.Request) -> web.StreamResponse:
            if request.path == "/health":
                return web.Response(text="ok")
            socket = web.WebSocketResponse(protocols=("chat",))
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"{request.headers['X-Forwarded-For']} {message.data}")
            return socket

        app = web.Application()
        app.router.add_get("/{tail:.*}", echo)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        group = place.group()
        _, url = place.listener(forward(group))
        place.elbv2.register_targets(
            TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": port}]
        )
        while place.states(group)[port] != "healthy":
            await asyncio.sleep(0.01)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, protocols=("chat",)) as client,
        ):
            await client.send_str("hello")
            said = [client.protocol or "", await client.receive_str()]
        await runner.cleanup()
        return said

    assert asyncio.run(scenario()) == ["chat", "127.0.0.1 hello"]


def test_a_closed_balancer_leaves_nothing_listening():
    from moto.elbv2.models import ELBv2Backend, elbv2_backends

    before = elbv2_backends.backend
    balancer = Balancer(region="us-east-1")
    balancer.install()
    balancer.install()
    assert elbv2_backends.backend is not before
    balancer.close()
    assert elbv2_backends.backend is ELBv2Backend
    elbv2_backends.backend = before
