"""Rules, weights and failures act on real requests."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import pytest
import requests
from aiohttp import web

from tests.local.balancer.conftest import Place, eventually, fixed, forward


def test_request_and_answer_pass_unchanged(place: Place):
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    answer = requests.post(
        f"{url}/a%2Fb/?q=%20x&q=2", data=b"\x00\xff body", headers={"X-Own": "1"}, timeout=60
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
    chained = requests.get(url, headers={"X-Forwarded-For": "10.0.0.1"}, timeout=60).json()
    assert chained["headers"]["X-Forwarded-For"] == "10.0.0.1, 127.0.0.1"
    head = requests.head(url, timeout=60)
    assert (head.status_code, head.content) == (200, b"")


def test_large_bodies_pass(place: Place):
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    body = b"x" * 3_000_000
    assert len(requests.post(url, data=body, timeout=120).json()["body"]) == len(body)


def test_answers_are_streamed(place: Place):
    group = place.group()
    target = place.target(group)
    _, url = place.listener(forward(group))
    with requests.get(f"{url}/stream", stream=True, timeout=60) as answer:
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
            return set(pool.map(lambda _: requests.get(url, timeout=60).json()["name"], range(40)))

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
    assert requests.get(url, timeout=60).status_code == 503


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
    assert requests.get(f"{url}/abc", timeout=60).text == "10"
    assert requests.get(f"{url}/abc", headers={"X-T": "1"}, timeout=60).text == "5"
    assert requests.get(f"{url}/?v=GREEN", timeout=60).text == "20"
    assert requests.get(url, headers={"Host": "green.shop"}, timeout=60).text == "30"
    assert requests.put(url, timeout=60).text == "40"
    assert requests.get(url, timeout=60).text == "default"


def test_redirect_answers_with_a_location(place: Place):
    action = {"Type": "redirect", "RedirectConfig": {"Port": "444", "StatusCode": "HTTP_301"}}
    _, url = place.listener(action)
    answer = requests.get(f"{url}/x?y=1", allow_redirects=False, timeout=60)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"http://{place.address}:444/x?y=1"


def test_no_healthy_target_is_503_and_a_dead_one_502(place: Place):
    group = place.group()
    _, url = place.listener(forward(group))
    assert requests.get(url, timeout=60).status_code == 503
    target = place.target(group)
    target.stop()
    place.targets.remove(target)
    assert requests.get(url, timeout=60).status_code == 502
    eventually(lambda: place.states(group)[target.server_port] == "unhealthy")
    assert requests.get(url, timeout=60).status_code == 503


def test_a_target_that_does_not_answer_in_time_is_504(place: Place):
    place.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=place.arn,
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "1"}],
    )
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    assert requests.get(f"{url}/slow", timeout=60).status_code == 504


def test_an_answer_that_breaks_off_breaks_off_for_the_client(place: Place):
    group = place.group()
    place.target(group)
    _, url = place.listener(forward(group))
    with pytest.raises(requests.RequestException):
        requests.get(f"{url}/broken", timeout=60)


def test_websockets_pass(place: Place):
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
