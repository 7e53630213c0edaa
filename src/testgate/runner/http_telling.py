"""A check told to people: its request, a curl command that repeats it, and what came back.

Imported by `testgate.runner.http_suite`.
"""

import shlex

from testgate.core.checks import Check
from testgate.core.redaction import MARK
from testgate.runner.http_asking import Reply
from testgate.runner.http_judging import Told, UnreadableError, text_of
from testgate.runner.http_order import Green, address_of

MAX_SHOWN_CHARS = 2_000


def curl_line(check: Check, green: Green) -> str:
    """What repeats the request in a shell. Values of the headers that the relay adds are left out,
    for they may be credentials."""
    url, connect_to = address_of(green)
    words = ["curl", "-i", "-g", "--max-time", str(check.timeout_s)]
    if check.method == "HEAD":
        words.append("--head")
    elif check.method != "GET" or check.sent is not None:
        words += ["-X", check.method]
    if connect_to:
        words += ["--connect-to", f"::{connect_to}"]
    for name, value in _headers(check):
        words += ["-H", f"{name}: {value}"]
    added = {name.lower() for name in green.headers}
    words += [word for name in sorted(added) for word in ("-H", f"{name}: {MARK}")]
    sent = check.sent
    if sent is not None:
        words += ["--data-raw", sent.decode()]
        if not any(name.lower() == "content-type" for name, _ in _headers(check)):
            words += ["-H", "Content-Type:"]  # curl would say that it is a form
    return shlex.join([*words, url + check.path])


def trace_of(check: Check, green: Green, reply: Reply | None, told: Told = str) -> str:
    """Request, command and answer. The check is one that may be shown; of the answer, every text is
    told by `told` before it is cut."""
    lines = [f"{check.method} {check.path}", *(f"{n}: {v}" for n, v in _headers(check))]
    if check.sent is not None:
        lines += ["", check.sent.decode()[:MAX_SHOWN_CHARS]]
    lines += ["", "To repeat it:", curl_line(check, green), ""]
    if reply is None:
        return "\n".join([*lines, "There was no answer."])
    lines += [f"Answered {reply.status} after {reply.took_ms:.0f} ms:"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\n".join([*lines, "", _shown_body(reply, told)])


def _headers(check: Check) -> list[tuple[str, str]]:
    given = {name.lower() for name, _ in check.headers}
    own = [("Content-Type", "application/json")] if check.json is not None else []
    return [pair for pair in own if pair[0].lower() not in given] + list(check.headers)


def _shown_body(reply: Reply, told: Told) -> str:
    try:
        text = told(text_of(reply))
    except UnreadableError:
        text = told(reply.body.decode(errors="replace"))
    more = f"\n… {len(reply.body)} bytes were read" if len(text) > MAX_SHOWN_CHARS else ""
    return text[:MAX_SHOWN_CHARS] + more
