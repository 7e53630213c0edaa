"""How green is reached: what the rule under test asks of a request, and what the user says of it.

Everything that the rule needs and that can be read from it is sent with every request; the rest
the user must give. Then each condition is checked against what will be sent, wherever it came from:
a request that the rule does not take is answered by something else than green. Pure; standard
library only. Imported by the port that finds green.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from testgate.core.canonical import canonical_json, digest_of
from testgate.core.config import GateConfig
from testgate.core.errors import InputError
from testgate.core.fence import Fence
from testgate.core.headers import header_problem
from testgate.core.routing import (
    ANY_PATH,
    HEADER,
    HOST,
    PATH,
    Bar,
    Condition,
    Sent,
    is_plain,
    matches,
    must_meet,
    path_beginning,
)

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where a load balancer listens. `name` is its DNS name."""

    arn: str
    protocol: str
    name: str
    port: int
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`base_url` without a slash at its end; `host` is sent as Host and SNI in place of the URL's
    own ("" for: not), `headers` with every request. `seen_host` is what arrives at the rule, ""
    if that cannot be known."""

    base_url: str
    seen_host: str
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fence: Fence = field(default_factory=Fence)

    @property
    def sent(self) -> Sent:
        """What is known of every request."""
        return Sent(host=self.seen_host, within=self.fence.within, headers=self.headers)

    @property
    def digest(self) -> str:
        """Changes whenever what is sent does; tells no value of a header."""
        headers = dict(self.headers)
        return digest_of(canonical_json([self.base_url, self.host, headers, self.fence.spell()]))


def find_reach(config: GateConfig, conditions: Sequence[Condition], listener: Listener) -> Reach:
    """How requests to green are sent. Raises InputError with every problem: which condition, and
    which key mends it.

    A TEST_ENDPOINT that is not the listener's own address may stand before it and change requests:
    then only what the user says that the rule gets is checked.
    """
    endpoint = config.test_endpoint
    url = _listener_url(listener) if endpoint is None else endpoint.rstrip("/")
    direct = endpoint is None or address_of(endpoint) == (listener.name.lower(), listener.port)
    own = (urlsplit(url).hostname or "").lower()
    host = config.test_host or (_host(conditions, own, url) if direct else "")
    base_path = urlsplit(url).path
    within = _within(conditions, None if endpoint is None else base_path) if direct else ANY_PATH
    reach = Reach(
        base_url=url if endpoint is not None else url + within.rstrip("/"),
        seen_host=host or own,
        host=host,
        headers=_headers(conditions, config.test_headers),
        fence=Fence(within=within),
    )
    problems = [
        _problem(condition, config)
        for condition in conditions
        if (direct or _is_said(condition, config)) and not must_meet(condition, reach.sent)
    ]
    problems += _listener_problems(listener, reach, config)
    if problems:
        raise InputError(*problems)
    return reach if direct else _through_others(reach, conditions)


def with_bars(reach: Reach, bars: Sequence[Bar]) -> Reach:
    """The same, with requests fenced that another rule would take, in whatever order they came."""
    ordered = tuple(sorted(bars, key=lambda bar: (bar.rule, bar.header)))
    return replace(reach, fence=replace(reach.fence, bars=ordered))


def address_of(url: str) -> tuple[str, int]:
    """Host and port that a URL leads to."""
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or _PORTS[parts.scheme]


def _listener_url(listener: Listener) -> str:
    return f"{listener.protocol.lower()}://{listener.name}:{listener.port}"


def _host(conditions: Sequence[Condition], own: str, url: str) -> str:
    """A name that the rule asks for; "" where the URL's own will do."""
    asked = [c for c in conditions if c.field == HOST]
    names = [p.lower() for c in asked for p in c.patterns or () if is_plain(p)]
    secure = url.startswith("https:")
    if not asked or own in names or (not secure and _all_match(asked, own)):
        return ""
    return next((name for name in names if _all_match(asked, name)), "")


def _within(conditions: Sequence[Condition], base_path: str | None) -> str:
    """How every path begins that the rule takes and a suite may ask for; as TEST_ENDPOINT's path
    has it, where there is one."""
    patterns = [p for c in conditions if c.field == PATH for p in c.patterns or ()]
    beginnings = [begin for p in patterns if (begin := path_beginning(p)) is not None]
    if base_path is not None:
        beginnings = [begin for begin in beginnings if f"{base_path}/".startswith(begin)]
    return min(beginnings, key=len, default=ANY_PATH)


def _headers(conditions: Sequence[Condition], given: Mapping[str, str]) -> dict[str, str]:
    """What the user gives, and of the rest what the rule names in plain words."""
    headers = dict(given)
    for name in sorted({c.name.lower() for c in conditions if c.field == HEADER} - set(given)):
        asked = [c for c in conditions if c.field == HEADER and c.name.lower() == name]
        values = [p for c in asked for p in c.patterns or () if is_plain(p)]
        sendable = [v for v in values if _all_match(asked, v) and not header_problem(name, v)]
        if sendable:
            headers[name] = sendable[0]
    return headers


def _all_match(conditions: Sequence[Condition], text: str) -> bool:
    return all(any(matches(p, text) for p in c.patterns or ()) for c in conditions)


def _is_said(condition: Condition, config: GateConfig) -> bool:
    """Whether the user says what a request has for this condition, so that it can be checked."""
    if condition.patterns is None:
        return False
    if condition.field == HOST:
        return config.test_host is not None
    return condition.field == HEADER and condition.name.lower() in config.test_headers


def _through_others(reach: Reach, conditions: Sequence[Condition]) -> Reach:
    """What arrives at the rule after a proxy is known to meet its host condition, and no more."""
    asked = [c for c in conditions if c.field == HOST]
    return reach if _all_match(asked, reach.seen_host) else replace(reach, seen_host="")


def _problem(condition: Condition, config: GateConfig) -> str:
    """Which condition the rule under test has, and what to do. A header's values stay untold: some
    of them are what keeps strangers out."""
    name = condition.name.lower()
    match condition.field if condition.patterns is not None else "":
        case "host-header" if config.test_host is not None:
            return (
                f"TEST_HOST is {config.test_host}, and the rule under test only takes requests "
                f"with host-header {_listed(condition)}: something else than green would answer"
            )
        case "host-header":
            return (
                f"the rule under test only takes requests with host-header {_listed(condition)}, "
                "which names no host: set TEST_HOST to one that it matches"
            )
        case "http-header" if name in config.test_headers:
            return (
                f"TEST_HEADERS gives {name} a value that the http-header condition of the rule "
                "under test does not match: something else than green would answer"
            )
        case "http-header":
            return (
                f"the rule under test only takes requests with a certain http-header {name}, and "
                "names no plain value of it: set TEST_HEADERS to one that it matches"
            )
        case "path-pattern" if config.test_endpoint is not None:
            return (
                f"the rule under test only takes requests with path-pattern {_listed(condition)}, "
                f"and not all below TEST_ENDPOINT {config.test_endpoint}: add its path"
            )
        case _:
            return (
                "the rule under test only takes requests with "
                f"{condition.field} {_listed(condition)}, "
                "which cannot be had for all that a suite may send: set TEST_ENDPOINT to an "
                "address that leads to this rule, or give the test its own rule"
            )


def _listed(condition: Condition) -> str:
    return " or ".join(condition.patterns or ("a regular expression",))


def _listener_problems(listener: Listener, reach: Reach, config: GateConfig) -> list[str]:
    """Where the listener's own address is used: whether a suite can reach it, and trust it."""
    if config.test_endpoint is not None:
        return []
    problems = []
    if listener.protocol not in ("HTTP", "HTTPS"):
        problems.append(f"the listener under test speaks {listener.protocol}: set TEST_ENDPOINT")
    elif listener.protocol == "HTTPS" and not reach.host:
        problems.append(
            "the listener under test speaks HTTPS, and no certificate names the load balancer's "
            f"own address {listener.name}: set TEST_HOST to a name that its certificate has"
        )
    if listener.internal:
        problems.append(
            f"load balancer {listener.name} is internal, and suites run outside its network: set "
            "TEST_ENDPOINT to an address that they can reach"
        )
    return problems
