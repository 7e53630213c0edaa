"""What a value of an answer must be: a plain value is compared, a table has the comparisons.

`"EUR"` means `{ equals = "EUR" }`. What is not there meets no condition but `{ exists = false }`.
Standard library only; imported by checks, which read them, and by the runner, which asks them.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from testgate.core.canonical import canonical_json
from testgate.core.errors import PlanError
from testgate.core.nearest import nearest_key

MAX_SHOWN = 200


class Op(StrEnum):
    """The comparisons. `matches` looks for a regular expression anywhere in a text; `min` and `max`
    may be reached."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    MIN = "min"
    MAX = "max"
    MATCHES = "matches"
    CONTAINS = "contains"
    EXISTS = "exists"


_WORDS = {
    Op.EQUALS: "",
    Op.NOT_EQUALS: "anything but ",
    Op.MIN: "at least ",
    Op.MAX: "at most ",
    Op.MATCHES: "a text that matches ",
    Op.CONTAINS: "something that contains ",
}
OF_TEXT = frozenset({Op.EQUALS, Op.NOT_EQUALS, Op.MATCHES, Op.CONTAINS, Op.EXISTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """All of its comparisons must hold; each with what is expected, as canonical JSON."""

    tests: tuple[tuple[Op, str], ...]

    def spell(self) -> object:
        """As it stands in a plan, and could stand in a gate file."""
        table = {op.value: json.loads(text) for op, text in self.tests}
        plain = table.get(Op.EQUALS.value)
        return table if len(table) > 1 or plain is None or isinstance(plain, dict) else plain

    def wrong(self, what: str, value: object, told: Callable[[str], str] = str) -> str | None:
        """`json total is 41, expected at least 42`; None if it is as it must be. `value` is None
        for what is not there; `told` is how a text is told that may hold a secret."""
        for op, text in self.tests:
            expected = json.loads(text)
            if op is Op.EXISTS:
                if (value is not None) is not expected:
                    must = "to be there" if expected else "not to be there"
                    return f"{what} is {shown(value, told)}, expected {must}"
            elif value is None or not _holds(op, value, expected):
                must = f"{_WORDS[op]}{shown(expected, told)}"
                return f"{what} is {shown(value, told)}, expected {must}"
        return None


def empty_problem(condition: Condition) -> str | None:
    """Why a condition, its variables filled in, could refuse nothing; None if it could."""
    told = (_empty_problem(op, json.loads(text)) for op, text in condition.tests)
    return next(filter(None, told), None)


def read_condition(raw: object, *, of_text: bool = False) -> Condition:
    """A condition of a gate file or a plan; `of_text`: what is compared is always a text. Raises
    PlanError with every problem."""
    table = raw if isinstance(raw, Mapping) else {Op.EQUALS.value: raw}
    known = [op for op in Op if op in OF_TEXT or not of_text]
    problems = [
        f"unknown comparison {key!r}{nearest_key(str(key), known)}"
        for key in sorted(set(table) - set(known))
    ]
    tests = []
    for op in known:
        if op.value not in table:
            continue
        problem = _operand_problem(op, table[op.value], of_text)
        if problem:
            problems.append(problem)
        else:
            tests.append((op, canonical_json(table[op.value])))
    if not table:
        problems.append(f"a table without a comparison; known: {', '.join(known)}")
    if len(tests) > 1 and (Op.EXISTS, "false") in tests:
        problems.append("exists = false stands alone: what is not there cannot be compared")
    if problems:
        raise PlanError(*problems)
    return Condition(tests=tuple(tests))


def json_problem(value: object) -> str | None:
    """Why JSON cannot hold a value of TOML; None if it can."""
    if isinstance(value, str | bool) or _is_number(value):
        return None
    if isinstance(value, Mapping):
        return next(filter(None, map(json_problem, value.values())), None)
    if isinstance(value, list):
        return next(filter(None, map(json_problem, value)), None)
    return f"{str(value)[:80]} is none of JSON's values"


def same(left: object, right: object) -> bool:
    """Whether two JSON values are one: 1 is 1.0, and true is neither."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def shown(value: object, told: Callable[[str], str] = str) -> str:
    """As JSON has it, and short; told before it is cut."""
    if value is None:
        return "not there"
    text = told(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def texts_in(value: object) -> Iterator[str]:
    """Every text in a JSON value, names of keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def with_texts(value: object, turn: Callable[[str], str]) -> object:
    """A JSON value with each of those texts turned."""
    if isinstance(value, str):
        return turn(value)
    if isinstance(value, dict):
        return {key: with_texts(item, turn) for key, item in value.items()}
    if isinstance(value, list):
        return [with_texts(item, turn) for item in value]
    return value


def _holds(op: Op, value: object, expected: object) -> bool:
    match op:
        case Op.EQUALS:
            return same(value, expected)
        case Op.NOT_EQUALS:
            return not same(value, expected)
        case Op.MIN:
            return _is_number(value) and value >= expected  # type: ignore[operator]
        case Op.MAX:
            return _is_number(value) and value <= expected  # type: ignore[operator]
        case Op.MATCHES:
            return isinstance(value, str) and re.search(str(expected), value) is not None
        case Op.CONTAINS if isinstance(value, str):
            return isinstance(expected, str) and expected in value
        case Op.CONTAINS:
            return isinstance(value, list) and any(same(item, expected) for item in value)
        case _:
            return False


def _operand_problem(op: Op, operand: object, of_text: bool) -> str | None:
    if op is Op.EXISTS:
        return None if isinstance(operand, bool) else _unlike(op, operand, "true or false")
    if op in (Op.MIN, Op.MAX):
        return None if _is_number(operand) else _unlike(op, operand, "a number")
    if op is Op.MATCHES and operand != "":
        return _pattern_problem(operand)
    if of_text and not isinstance(operand, str):
        return _unlike(op, operand, "text, or a table of comparisons")
    return _empty_problem(op, operand) or json_problem(operand)


def _empty_problem(op: Op, operand: object) -> str | None:
    if op in (Op.MATCHES, Op.CONTAINS) and operand == "":
        return f"{op.value} is empty, which holds of every text"
    return None


def _pattern_problem(operand: object) -> str | None:
    if not isinstance(operand, str):
        return _unlike(Op.MATCHES, operand, "a regular expression")
    try:
        re.compile(operand)
    except (re.error, OverflowError, RecursionError) as exc:
        return f"matches {operand[:80]!r} is no regular expression: {exc}"
    return None


def _unlike(op: Op, operand: object, expected: str) -> str:
    return f"{op.value} is {str(operand)[:80]!r}, expected {expected}"


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)
