"""What the answer to a check must be: its status, headers, JSON, body and time.

Standard library only; imported by checks.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from testgate.core.conditions import Condition, read_condition, texts_in
from testgate.core.errors import PlanError
from testgate.core.headers import is_token
from testgate.core.nearest import nearest_key
from testgate.core.variables import variables_problem

EXPECT_KEYS = ("status", "headers", "json", "body", "max_latency_ms")
MAX_CONDITIONS = 100
MAX_EXPRESSION_CHARS = 512
_CODE = range(200, 600)
_CLASS = re.compile(r"[2-5]xx")
_ANY_SUCCESS = ("2xx",)

Conditions = tuple[tuple[str, Condition], ...]
Tell = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """`status` holds codes and classes, one of which it must be; `headers` are by name, `json` by
    JMESPath. The time runs from the request to the end of the answer."""

    status: tuple[int | str, ...] = _ANY_SUCCESS
    headers: Conditions = ()
    json: Conditions = ()
    body: Condition | None = None
    max_latency_ms: int | None = None

    def spell(self) -> dict[str, object]:
        """As it stands in a plan, and could stand in a gate file."""
        optional: dict[str, object] = {
            "headers": {name: each.spell() for name, each in self.headers},
            "json": {path: each.spell() for path, each in self.json},
            "body": None if self.body is None else self.body.spell(),
            "max_latency_ms": self.max_latency_ms,
        }
        return {key: value for key, value in optional.items() if value not in ({}, None)} | {
            "status": list(self.status)
        }

    def with_conditions(self, turn: Callable[[Condition], Condition]) -> "Expect":
        """With each condition turned."""
        return replace(
            self,
            headers=tuple((name, turn(each)) for name, each in self.headers),
            json=tuple((path, turn(each)) for path, each in self.json),
            body=None if self.body is None else turn(self.body),
        )

    def status_wrong(self, status: int) -> str | None:
        """`status is 500, expected 201 or 2xx`; None if it is one of them."""
        if status in self.status or f"{status // 100}xx" in self.status:
            return None
        return f"status is {status}, expected {' or '.join(map(str, self.status))}"


def read_expect(raw: object, method: object, tell: Tell) -> Expect | None:
    """A check's `expect`; None once `tell` was told of a problem, and where within the check."""
    told: list[str] = []

    def add(text: str, *place: str) -> None:
        told.append(text)
        tell(text, "expect", *place)

    if not isinstance(raw, Mapping):
        add(f"expect is {shown_value(raw)}, expected a table")
        return None
    for key in sorted(set(raw) - set(EXPECT_KEYS)):
        add(f"unknown key {key!r} of expect{nearest_key(key, EXPECT_KEYS)}", key)
    status = _status(raw.get("status", list(_ANY_SUCCESS)), add)
    headers = _conditions(raw, "headers", add)
    found = _conditions(raw, "json", add)
    body = _condition(raw["body"], "expect.body", add, "body") if "body" in raw else None
    latency_ms = raw.get("max_latency_ms")
    if latency_ms is not None and (type(latency_ms) is not int or latency_ms < 1):
        add(f"max_latency_ms is {shown_value(latency_ms)}, expected 1 or more", "max_latency_ms")
    if method == "HEAD" and (found or body):
        add("an answer to HEAD has no body that anything could be expected of")
    if told:
        return None
    return Expect(status=status, headers=headers, json=found, body=body, max_latency_ms=latency_ms)


def shown_value(value: object) -> str:
    """A value of a gate file, as far as that tells anything; a key that is not there is missing."""
    if value is None:
        return "missing"
    return str(value).lower() if isinstance(value, bool) else repr(value)[:100]


def _status(raw: object, add: Tell) -> tuple[int | str, ...]:
    listed = raw if isinstance(raw, list) and raw else [raw]
    for each in listed:
        is_code = type(each) is int and each in _CODE
        if not is_code and not (isinstance(each, str) and _CLASS.fullmatch(each)):
            expected = 'expected a code from 200 to 599, a class like "2xx", or a list of them'
            add(f"status is {shown_value(each)}, {expected}", "status")
            return ()
    return tuple(listed)


def _conditions(raw: Mapping[str, object], key: str, add: Tell) -> Conditions:
    table = raw.get(key, {})
    if not isinstance(table, Mapping):
        what = "headers" if key == "headers" else "JMESPath expressions"
        add(f"expect.{key} is {shown_value(table)}, expected a table by {what}", key)
        return ()
    if len(table) > MAX_CONDITIONS:
        add(f"expect.{key} has {len(table)} entries, at most {MAX_CONDITIONS} are allowed", key)
    found = []
    for name, value in table.items():
        problem = _name_problem(key, name)
        if problem:
            add(problem, key, name)
        condition = _condition(
            value, f"expect.{key} {name[:80]!r}", add, key, name, of_text=key == "headers"
        )
        if condition is not None:
            found.append((name, condition))
    return tuple(found)


def _name_problem(key: str, name: str) -> str | None:
    if key == "headers":
        return None if is_token(name) else f"{name[:80]!r} is not the name of a header"
    if "${" in name:
        return f"expression {name[:80]!r} holds a variable; those stand in expected values alone"
    if not 0 < len(name) <= MAX_EXPRESSION_CHARS:
        return f"an expression has {len(name)} characters, expected 1 to {MAX_EXPRESSION_CHARS}"
    return None


def _condition(
    raw: object, where: str, add: Tell, *place: str, of_text: bool = True
) -> Condition | None:
    try:
        condition = read_condition(raw, of_text=of_text)
    except PlanError as exc:
        for problem in exc.problems:
            add(f"{where}: {problem}", *place)
        return None
    for text in texts_in(raw):
        unknown = variables_problem(text)
        if unknown:
            add(f"{where}: {unknown}", *place)
    return condition
