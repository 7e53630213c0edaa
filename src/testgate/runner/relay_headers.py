"""Which headers pass a relay, and how those that name an origin are turned: pure functions.

Hop-by-hop headers stay on their hop (RFC 9110, 7.6.1). Imported by
`testgate.runner.messages` and those that ask green.
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from testgate.core.headers import HOP_BY_HOP

Headers = Sequence[tuple[str, str]]

OWN_ANSWER = "Testgate-Relay"  # says that the relay answers, and not green
_NOT_SENT_ON = HOP_BY_HOP | {"host", "expect", "content-length"}


def listed(headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """What Connection names, in lower case: headers that belong to this hop too, or `close`."""
    values = [value for name, value in headers if name.lower() == "connection"]
    return frozenset(part.strip().lower() for value in values for part in value.split(","))


def wants_upgrade(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a request asks to speak another protocol from here on, such as WebSocket."""
    named = {name.lower(): value for name, value in headers}
    return "upgrade" in named and "upgrade" in listed(headers)


def request_headers(received: Headers, host: str, added: Mapping[str, str]) -> Headers:
    """What green is sent: the suite's own, with Host and what is added in place of theirs."""
    dropped = _NOT_SENT_ON | listed(received) | {name.lower() for name in added}
    kept = [(name, value) for name, value in received if name.lower() not in dropped]
    if wants_upgrade(received):
        upgrade = [pair for pair in received if pair[0].lower() == "upgrade"]
        kept += [("Connection", "Upgrade"), *upgrade]
    return [("Host", host), *kept, *added.items()]


def response_headers(
    received: Headers, *, upgraded: bool, green: str, hosts: frozenset[str], origin: str
) -> Headers:
    """What the suite is told: `hosts` are green's names, `origin` is the relay's own."""
    dropped = HOP_BY_HOP | (listed(received) - {"upgrade"}) | {OWN_ANSWER.lower()}
    kept = [
        (name, _turned(name, value, green, hosts, origin))
        for name, value in received
        if name.lower() not in dropped
    ]
    if upgraded:
        kept += [("Connection", "Upgrade")]
        kept += [pair for pair in received if pair[0].lower() == "upgrade"]
    return kept


def own_headers(status: int, body: bytes) -> Headers:
    """Of an answer that the relay gives itself, and says so: a check takes none for green's."""
    return [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        (OWN_ANSWER, str(status)),
    ]


def local_location(location: str, hosts: frozenset[str], origin: str) -> str:
    """A redirect to green's own host, on the relay's origin; any other as it is."""
    try:
        parts = urlsplit(location.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return location
    if host not in hosts or parts.scheme not in ("", "http", "https"):
        return location
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{origin}{parts.path or '/'}{query}{fragment}"


def local_cookie(cookie: str, green: str, hosts: frozenset[str]) -> str:
    """A cookie that the suite's client keeps for the relay: without green's Domain, and without
    Secure where TLS ends at the relay. Every other attribute stays."""
    kept = []
    for index, part in enumerate(cookie.split(";")):
        name, _, value = part.strip().partition("=")
        domain = value.strip().lstrip(".").lower()
        ours = any(host == domain or host.endswith("." + domain) for host in hosts)
        if index and name.lower() == "domain" and domain and ours:
            continue
        if index and name.lower() == "secure" and green == "https":
            continue
        kept.append(part)
    return ";".join(kept)


def _turned(name: str, value: str, green: str, hosts: frozenset[str], origin: str) -> str:
    match name.lower():
        case "location":
            return local_location(value, hosts, origin)
        case "set-cookie":
            return local_cookie(value, green, hosts)
        case _:
            return value
