"""Passes a WebSocket through a listener to a target, message by message.

Kept apart from the proxy because neither side of a WebSocket has a response to stream. Imported
by `testgate.local.balancer` alone.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
from aiohttp import web
from yarl import URL

_HANDSHAKE_HEADERS = frozenset(
    {
        "content-length",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
    }
)
_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


def is_websocket(request: web.BaseRequest) -> bool:
    """True if the client asks to upgrade to a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def carry_websocket(
    request: web.BaseRequest,
    session: aiohttp.ClientSession,
    *,
    url: URL,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    """Connect to the target first: if it refuses, the client gets 502 and no upgrade."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    protocols = tuple(name.strip() for name in offered.split(",") if name.strip())
    kept = {k: v for k, v in headers.items() if k.lower() not in _HANDSHAKE_HEADERS}
    try:
        connection = session.ws_connect(url, headers=kept, protocols=protocols, max_msg_size=0)
        async with connection as target:
            chosen = (target.protocol,) if target.protocol else ()
            client = web.WebSocketResponse(protocols=chosen, max_msg_size=0)
            await client.prepare(request)
            await asyncio.gather(_pump(client, target), _pump(target, client))
            return client
    except aiohttp.ClientError:
        return web.Response(status=502)


async def _pump(source: _Socket, sink: _Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
    await sink.close(code=source.close_code or aiohttp.WSCloseCode.OK)
