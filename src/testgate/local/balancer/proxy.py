"""Carries one HTTP request from a listener to a target and the answer back, streamed.

Answers of its own look as an Application Load Balancer's do: 502, 503 and 504 with a short page.
Imported by `testgate.local.balancer` alone.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from testgate.local.balancer.routing import (
    FixedResponse,
    Forward,
    Redirect,
    RequestFacts,
    Rule,
    UnsupportedAction,
    choose_group,
    redirect_location,
    select_rule,
)
from testgate.local.balancer.targets import TargetTable
from testgate.local.balancer.websocket import carry_websocket, is_websocket

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 64 * 1024
_CONNECT_TIMEOUT_S = 10.0
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NOT_TO_ADD = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_REASONS = {
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerView:
    """What a listener is at the moment of a request."""

    port: int
    rules: list[Rule]
    idle_timeout_s: float


class Proxy:
    """Answers requests of all listeners on one event loop."""

    def __init__(self, targets: TargetTable, session: aiohttp.ClientSession) -> None:
        self._targets = targets
        self._session = session

    async def answer(
        self, request: web.BaseRequest, view: Callable[[], ListenerView | None]
    ) -> web.StreamResponse:
        """Route by the rules as they are now; whatever fails inside is a logged 500."""
        try:
            listener = view()
            if listener is None:
                return _page(503)
            return await self._route(request, listener)
        except (ConnectionResetError, asyncio.CancelledError):
            raise  # the client went away
        except Exception:  # noqa: BLE001 - one request must not end the listener
            _log.exception("the local load balancer failed to route %s", request.path_qs)
            return _page(500)

    async def _route(self, request: web.BaseRequest, listener: ListenerView) -> web.StreamResponse:
        facts = read_facts(request)
        rule = select_rule(listener.rules, facts)
        if rule is None:
            return _page(503)
        match rule.action:
            case Forward(groups):
                return await self._forward(request, choose_group(groups, random.random()), listener)
            case FixedResponse(status=status, content_type=content_type, body=body):
                return web.Response(status=status, text=body, content_type=content_type)
            case Redirect() as redirect:
                query = request.rel_url.raw_query_string
                location = redirect_location(
                    redirect, facts=facts, protocol=request.scheme, port=listener.port, query=query
                )
                return web.Response(status=redirect.status, headers={"Location": location})
            case UnsupportedAction(kind):
                _log.warning("rule %s has actions not supported locally: %s", rule.arn, kind)
                return _page(501)
            case _:
                assert_never(rule.action)

    async def _forward(
        self, request: web.BaseRequest, group_arn: str | None, listener: ListenerView
    ) -> web.StreamResponse:
        target = self._targets.take(group_arn) if group_arn else None
        if target is None:
            return _page(503)
        headers = forwarded_headers(request, port=listener.port)
        url = URL(f"http://{target.host}:{target.port}{request.raw_path}", encoded=True)
        if is_websocket(request):
            return await carry_websocket(request, self._session, url=url, headers=headers)
        return await self._exchange(request, url, headers, listener.idle_timeout_s)

    async def _exchange(
        self, request: web.BaseRequest, url: URL, headers: CIMultiDict[str], idle_timeout_s: float
    ) -> web.StreamResponse:
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            upstream = await self._session.request(
                request.method,
                url,
                data=request.content if request.can_read_body else None,
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=_NOT_TO_ADD,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_TIMEOUT_S, sock_read=idle_timeout_s
                ),
            )
        except TimeoutError:
            return _page(504)
        except aiohttp.ClientError as exc:
            _log.info("target %s did not answer: %s", url, exc)
            return _page(502)
        async with upstream:
            return await _hand_back(request, upstream)


async def _hand_back(
    request: web.BaseRequest, upstream: aiohttp.ClientResponse
) -> web.StreamResponse:
    headers = _without_hop_by_hop(upstream.headers.items(), upstream.headers.get("Connection"))
    response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=headers)
    await response.prepare(request)
    try:
        async for chunk in upstream.content.iter_chunked(_CHUNK_BYTES):
            await response.write(chunk)
    except (aiohttp.ClientError, TimeoutError) as exc:
        # The status line is gone: only a broken connection can tell the client.
        _log.info("target %s broke off its answer: %s", upstream.url, exc)
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def read_facts(request: web.BaseRequest) -> RequestFacts:
    """What the rules may look at, from a request."""
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in request.headers.items():
        headers[name.lower()] = (*headers.get(name.lower(), ()), value)
    return RequestFacts(
        method=request.method,
        path=request.rel_url.raw_path,
        host=request.host.partition(":")[0],
        source_ip=request.remote or "127.0.0.1",
        headers=headers,
        query=tuple(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)),
    )


def forwarded_headers(request: web.BaseRequest, *, port: int) -> CIMultiDict[str]:
    """The client's headers for the target, with X-Forwarded-For, -Port and -Proto."""
    headers = _without_hop_by_hop(request.headers.items(), request.headers.get("Connection"))
    client = request.remote or "127.0.0.1"
    before = headers.get("X-Forwarded-For")
    headers["X-Forwarded-For"] = f"{before}, {client}" if before else client
    headers["X-Forwarded-Proto"] = request.scheme
    headers["X-Forwarded-Port"] = str(port)
    return headers


def _without_hop_by_hop(
    headers: Iterable[tuple[str, str]], connection: str | None
) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in (connection or "").split(",")}
    dropped = _HOP_BY_HOP | named
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers:
        if name.lower() not in dropped:
            kept.add(name, value)
    return kept


def _page(status: int) -> web.Response:
    title = f"{status} {_REASONS[status]}"
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return web.Response(
        status=status,
        reason=_REASONS[status],
        text=text,
        content_type="text/html",
        headers={"Server": "awselb/2.0"},
    )
