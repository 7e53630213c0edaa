"""Asks green who it is, at every address of its load balancer, as the relay would ask.

The answers are facts; whether they are green's is judged elsewhere. Imported by run_suite; the
command line checks expressions with it.
"""

import json
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import jmespath
from jmespath.exceptions import JMESPathError

from testgate.core.deadlines import ASK_S
from testgate.core.fence import fence_problem
from testgate.core.identity_answers import TIMES, Answer
from testgate.core.identity_check import IdentityCheck
from testgate.core.masking import hidden_values, mask
from testgate.core.redaction import redact
from testgate.runner.incoming import EndedEarlyError, Incoming, MessageError
from testgate.runner.messages import (
    AnswerHead,
    answer_framing,
    read_answer_head,
    read_body,
    spell_head,
)
from testgate.runner.relay import Target, upstream_of
from testgate.runner.relay_headers import request_headers
from testgate.runner.upstream import Green, Upstream

MAX_ADDRESSES = 16
MAX_BODY_BYTES = 1_000_000
MAX_VALUE_CHARS = 600
TRIES = 3  # of a connection that breaks; an answer, whatever it is, is never asked for again
_PAUSE_S = 0.5
_PATIENCE_S = 5.0
_OWN = (("Accept", "*/*"), ("User-Agent", "testgate"))

Resolve = Callable[[str, int], Sequence[str]]


def expression_problem(check: IdentityCheck) -> str | None:
    """Why its JMESPath cannot be used; None if it can, or if a header is looked at."""
    problem = jmespath_problem(check.jmespath or "@")
    return f"identity: {problem}" if problem else None


def jmespath_problem(expression: str) -> str | None:
    """Why a JMESPath cannot be used; None if it can."""
    try:
        jmespath.compile(expression)
    except JMESPathError as exc:
        return f"jmespath {expression!r} cannot be read: {' '.join(str(exc).split())}"
    return None


def addresses_of(host: str, port: int) -> list[str]:
    """Every address of a name, each once. Raises OSError.

    Those that this machine has no route to (IPv6 where there is none) are left out as long as any
    is left: no suite can get there either.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    every = list(dict.fromkeys((family, str(address[0])) for family, *_, address in found))
    routed = [address for family, address in every if _has_route(family, address, port)]
    return routed or [address for _, address in every]


def _has_route(family: int, address: str, port: int) -> bool:
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((address, port))  # sends nothing, only looks for the way
        except OSError:
            return False
    return True


def ask_green(
    target: Target,
    check: IdentityCheck,
    within_s: float = ASK_S,
    resolve: Resolve = addresses_of,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Answer, ...]:
    """What each address answers, TIMES each. Whatever goes wrong is an answer that tells it."""
    upstream = upstream_of(target)
    until_s = time.monotonic() + within_s
    try:
        addresses = resolve(*upstream.address)
    except (OSError, UnicodeError) as exc:  # the latter of a name that cannot be looked up
        told = Answer(address=upstream.address[0], problem=f"it cannot be resolved: {exc}")
        return (told,) * TIMES
    if len(addresses) > MAX_ADDRESSES:
        problem = f"it has {len(addresses)} addresses, at most {MAX_ADDRESSES} can be asked"
        return (Answer(address=upstream.address[0], problem=problem),) * TIMES
    path = urlsplit(target.base_url).path.rstrip("/") + check.path
    misdirected = fence_problem(target.fence, path, ())
    if misdirected:
        return (Answer(address=upstream.address[0], problem=misdirected),) * TIMES
    questions = [
        _Question(
            upstream=replace(upstream, address=(address, upstream.address[1])),
            path=path,
            check=check,
            until_s=until_s,
            sleep=sleep,
        )
        for address in addresses
    ]
    with ThreadPoolExecutor(max_workers=len(questions)) as pool:
        answers = pool.map(lambda question: [question.ask() for _ in range(TIMES)], questions)
        return tuple(_shown(answer, target) for some in answers for answer in some)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One address to ask, until a moment of the monotonic clock."""

    upstream: Upstream
    path: str
    check: IdentityCheck
    until_s: float
    sleep: Callable[[float], None]

    def ask(self) -> Answer:
        """One answer, over a connection of its own."""
        address = self.upstream.address[0]
        problem = "there was no time left to ask"
        for attempt in range(TRIES):
            left_s = self.until_s - time.monotonic()
            if left_s <= 0:
                break
            if attempt:
                self.sleep(min(_PAUSE_S, left_s))
            try:
                return self._answer(address)
            except EndedEarlyError as exc:
                problem = f"its answer {exc}"
            except MessageError as exc:
                return Answer(address=address, problem=f"its answer {exc}")
            except OSError as exc:
                problem = f"{type(exc).__name__}: {exc}".rstrip(": ")
        return Answer(address=address, problem=problem)

    def _answer(self, address: str) -> Answer:
        left_s = max(0.1, self.until_s - time.monotonic())
        patience_s = min(_PATIENCE_S, left_s)
        upstream = replace(self.upstream, connect_timeout_s=patience_s, answer_timeout_s=patience_s)
        headers = [
            *request_headers(_OWN, upstream.host, upstream.headers),
            ("Connection", "close"),
        ]
        with Green(upstream) as green:
            green.reach()
            green.send(spell_head(f"GET {self.path} HTTP/1.1", headers))
            incoming = Incoming(lambda most_bytes: self._receive(green, most_bytes))
            answer = read_answer_head(incoming)
            value, problem = _looked_for(answer, incoming, self.check)
            return Answer(address=address, status=answer.status, value=value, problem=problem)

    def _receive(self, green: Green, most_bytes: int) -> bytes:
        """As a socket does, within what is left of the time: bytes that trickle win none."""
        left_s = self.until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("it did not end in time")
        green.socket.settimeout(min(_PATIENCE_S, left_s))
        return green.socket.recv(most_bytes)


def _looked_for(
    answer: AnswerHead, incoming: Incoming, check: IdentityCheck
) -> tuple[str | None, str]:
    if not 200 <= answer.status < 300:
        return None, f"status {answer.status}"
    if check.header:
        values = answer.of(check.header.lower())
        return (", ".join(values), "") if values else (None, "no such header")
    body = bytearray()
    try:
        for piece in read_body(incoming, answer_framing(answer, "GET")):
            body += piece
            if len(body) > MAX_BODY_BYTES:
                return None, f"a body of more than {MAX_BODY_BYTES} bytes"
    except TimeoutError:
        return None, "a body that does not end in time"
    return value_in(bytes(body), check.jmespath)


def value_in(body: bytes, expression: str) -> tuple[str | None, str]:
    """What a JMESPath finds in a JSON body, as text, or None and why not."""
    try:
        found = jmespath.search(expression, json.loads(body, parse_constant=_no_number))
    except JMESPathError as exc:  # some of them are ValueErrors, too
        return None, f"the expression fails on its body: {exc}"
    except (ValueError, RecursionError):
        return None, "a body that is not JSON"
    if isinstance(found, str):
        return found, ""
    if isinstance(found, bool | int | float):
        return json.dumps(found), ""
    return None, "nothing there" if found is None else "a list or an object there"


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _shown(answer: Answer, target: Target) -> Answer:
    """What travels and is recorded: short, and without what green should not tell."""

    def clean(text: str) -> str:
        return redact(mask(" ".join(text.split()), hidden_values(target.headers)))[:MAX_VALUE_CHARS]

    value = answer.value if answer.value is None else clean(answer.value)
    return replace(answer, value=value, problem=clean(answer.problem))
