"""The checks of an http suite: requests and what their answers must be, as data.

A gate file and a plan spell them alike, and one reader reads both. Standard library only; imported
by gate files, plans and the runner, which asks them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from testgate.core.canonical import canonical_json
from testgate.core.check_expectations import Expect, read_expect, shown_value
from testgate.core.conditions import (
    Condition,
    Op,
    empty_problem,
    json_problem,
    texts_in,
    with_texts,
)
from testgate.core.errors import InputError, PlanError
from testgate.core.headers import header_problem
from testgate.core.nearest import nearest_key
from testgate.core.redaction import redact
from testgate.core.storing import plain
from testgate.core.variables import filled, variables_problem

CHECK_KEYS = (
    *("name", "method", "path", "headers", "body", "json", "expect", "retries", "timeout_s"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_CHECKS = 200  # of a suite: its plan is read by every step
MAX_NAME_CHARS = 200
MAX_TEXT_CHARS = 2_000
MAX_BODY_CHARS = 65_536
MAX_HEADERS = 50
MAX_RETRIES = 5
MAX_CHECK_S = 120
_PATH = re.compile(r"/[!-\"$-~]*")

Tell = Callable[..., None]  # a problem, and the place of its key within the table


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One request, and what its answer must be. `json` is the body as canonical JSON; of `body` and
    `json` one is set at most. `retries` are for connections that broke before an answer came."""

    name: str
    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    json: str | None = None
    expect: Expect = field(default_factory=Expect)
    retries: int = 2
    timeout_s: int = 10

    def spell(self) -> dict[str, object]:
        """As it stands in a plan, and could stand in a gate file."""
        optional: dict[str, object] = {
            "headers": dict(self.headers) or None,
            "body": self.body,
            "json": None if self.json is None else json.loads(self.json),
        }
        return {key: value for key, value in optional.items() if value is not None} | {
            "name": self.name,
            "method": self.method,
            "path": self.path,
            "expect": self.expect.spell(),
            "retries": self.retries,
            "timeout_s": self.timeout_s,
        }

    @property
    def sent(self) -> bytes | None:
        """The body's bytes; None without a body."""
        text = self.body if self.json is None else self.json
        return None if text is None else text.encode()

    def filled(self, values: Mapping[str, str]) -> "Check":
        """With the value of each variable in its place. Raises InputError for one without a value,
        and for a value that cannot stand where it is asked for."""

        def fill(text: str) -> str:
            return filled(text, values)

        check = replace(
            self,
            path=filled(self.path, values, lambda value: quote(value, safe="")),
            headers=tuple((name, fill(text)) for name, text in self.headers),
            body=None if self.body is None else fill(self.body),
            json=None if self.json is None else _json_filled(self.json, fill),
            expect=self.expect.with_conditions(lambda each: _condition_filled(each, values)),
        )
        wrong = [_path_problem(check.path), *_header_problems(check.headers)]
        problem = next(filter(None, wrong), None)
        if problem:
            raise InputError(f"check {self.name!r}: {problem}")
        return check


def read_check(raw: object) -> Check:
    """A check as a plan spells it. Raises PlanError with every problem."""
    problems: list[str] = []
    check = tell_check(raw, lambda text, *_: problems.append(text))
    if problems or check is None:
        raise PlanError(*problems)
    return check


def tell_check(raw: object, tell: Tell) -> Check | None:
    """A check as a gate file or a plan spells it; None once `tell` was told of a problem."""
    told: list[str] = []

    def add(text: str, *place: str) -> None:
        told.append(text)
        tell(text, *place)

    if not isinstance(raw, Mapping):
        add("it is no table")
        return None
    for key in sorted(set(raw) - set(CHECK_KEYS)):
        add(f"unknown key {key!r}{nearest_key(key, CHECK_KEYS)}", key)
    for key, problem in _value_problems(raw):
        add(problem, key)
    expect = read_expect(raw.get("expect", {}), raw.get("method", "GET"), add)
    if told or expect is None:
        return None
    given = {key: raw[key] for key in CHECK_KEYS if key in raw}
    read: dict[str, Any] = {"headers": tuple(raw.get("headers", {}).items()), "expect": expect}
    read |= {"json": canonical_json(raw["json"])} if "json" in raw else {}
    return Check(**(given | read))


def checks_problems(checks: tuple[Check, ...]) -> list[str]:
    """What is wrong with a suite's checks together."""
    names = [check.name for check in checks]
    problems = [f"check {name!r} is named twice" for name in sorted(_twice(names))]
    if len(checks) > MAX_CHECKS:
        problems.append(f"it has {len(checks)} checks, at most {MAX_CHECKS} are allowed")
    return problems


def _value_problems(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each key whose value cannot be meant, and why."""
    yield from _name_problems(raw.get("name"))
    method = raw.get("method", "GET")
    if method not in METHODS:
        yield "method", f"method is {shown_value(method)}, expected {' or '.join(METHODS)}"
    path = raw.get("path")
    problem = _path_problem(path) if isinstance(path, str) else _no_path(path)
    if problem:
        yield "path", problem
    for key, highest in (("retries", MAX_RETRIES), ("timeout_s", MAX_CHECK_S)):
        lowest = 0 if key == "retries" else 1
        value = raw.get(key, lowest)
        if type(value) is not int or not lowest <= value <= highest:
            yield key, f"{key} is {shown_value(value)}, expected {lowest} to {highest}"
    yield from _headers_problems(raw.get("headers", {}))
    yield from _body_problems(raw)
    for key in ("path", "headers", "body", "json"):
        for text in texts_in(raw.get(key)):
            unknown = variables_problem(text)
            if unknown:
                yield key, unknown


def _name_problems(name: object) -> Iterator[tuple[str, str]]:
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= MAX_NAME_CHARS
        or name != " ".join(name.split())
        or plain(name) != name
    ):
        expected = f"expected a line of 1 to {MAX_NAME_CHARS} characters"
        yield "name", f"name is {shown_value(name)}, {expected}"
    elif redact(name) != name:
        yield "name", "its name looks like a credential, which a report would not show"


def _path_problem(path: str) -> str | None:
    segments = path.partition("?")[0].split("/")
    if _PATH.fullmatch(path) and not {".", ".."} & set(segments) and len(path) <= MAX_TEXT_CHARS:
        return None
    return _no_path(path)


def _no_path(path: object) -> str:
    return f"path is {shown_value(path)}, expected one like /health, without dots and spaces"


def _headers_problems(headers: object) -> Iterator[tuple[str, str]]:
    if not isinstance(headers, Mapping) or not all(isinstance(v, str) for v in headers.values()):
        yield "headers", f"headers is {shown_value(headers)}, expected a table of texts"
        return
    for problem in _header_problems(tuple(headers.items())):
        yield "headers", problem


def _header_problems(headers: tuple[tuple[str, str], ...]) -> Iterator[str]:
    names = [name.lower() for name, _ in headers]
    yield from (f"header {name} is given twice" for name in sorted(_twice(names)))
    yield from filter(None, (header_problem(name, text) for name, text in headers))
    if len(headers) > MAX_HEADERS:
        yield f"it has {len(headers)} headers, at most {MAX_HEADERS} are allowed"


def _body_problems(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "body" in raw and "json" in raw:
        yield "json", "body and json are both given; a request has one body"
    body = raw.get("body", "")
    if not isinstance(body, str):
        yield "body", f"body is {shown_value(body)}, expected text; json takes a table"
    problem = json_problem(raw["json"]) if "json" in raw else None
    if problem:
        yield "json", f"json: {problem}; give the text itself as body"
    sent = str(raw.get("json", body))
    if len(sent) > MAX_BODY_CHARS:
        yield "body", f"its body has {len(sent)} characters, at most {MAX_BODY_CHARS} are allowed"


def _json_filled(text: str, fill: Callable[[str], str]) -> str:
    return canonical_json(with_texts(json.loads(text), fill))


def _condition_filled(condition: Condition, values: Mapping[str, str]) -> Condition:
    """A value within a regular expression stands for itself."""

    def fill(op: Op, text: str) -> str:
        return filled(text, values, re.escape if op is Op.MATCHES else lambda value: value)

    condition = Condition(
        tests=tuple(
            (op, canonical_json(with_texts(json.loads(text), lambda each, op=op: fill(op, each))))  # type: ignore[misc]
            for op, text in condition.tests
        )
    )
    problem = empty_problem(condition)
    if problem is not None:
        raise InputError(f"{problem}: a variable of it is empty in this run")
    return condition


def _twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
