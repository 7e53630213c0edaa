"""How values of `hookDetails` are read: one rule for every hook.

An unknown key is refused with the nearest known one, and all problems are told at once. Standard
library only; imported by the configuration of each hook.
"""

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

Parser = Callable[[object], object]
Fields = Mapping[str, tuple[str, Parser]]
_Choice = TypeVar("_Choice", bound=StrEnum)

_KINDS: Mapping[type, str] = {
    list: "an array",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    dict: "an object",
    type(None): "null",
}


def parse_fields(
    values: Mapping[str, object], fields: Fields, where: str = "hookDetails"
) -> tuple[dict[str, object], list[str]]:
    """What was read, by the fields' own names, and every problem."""
    read: dict[str, object] = {}
    problems: list[str] = []
    for key in sorted(values):
        if key not in fields:
            problems.append(f"unknown key {key[:100]!r} in {where}{nearest(key, fields)}")
            continue
        name, parse = fields[key]
        try:
            read[name] = parse(values[key])
        except ValueError as exc:
            problems.append(f"{key}: {exc}")
    return read, problems


def nearest(key: str, known: Mapping[str, object]) -> str:
    """What to say behind an unknown key."""
    import difflib  # only a refusal pays for it

    folded = {name.upper(): name for name in sorted(known)}
    close = difflib.get_close_matches(key.upper(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"; did you mean {folded[close[0]]}?"
    return f"; known keys: {', '.join(sorted(known))}"


def kind_of(value: object) -> str:
    """What a JSON value is, for a sentence."""
    return _KINDS.get(type(value), type(value).__name__)


def text(value: object) -> str:
    """Text that is not empty and can be stored. These parsers raise ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {kind_of(value)}")
    if not value:
        raise ValueError("is empty")
    return encodable(value)


def encodable(value: str) -> str:
    """JSON can spell half a character (a lone surrogate); nothing that is stored can."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{ascii(value)[:100]} holds half a character (a lone surrogate)"
        ) from None
    return value


def flag(value: object) -> bool:
    """true or false, which infrastructure tools like to hand over as text."""
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {shown(value)}")
    return value


def matching(pattern: re.Pattern[str], expected: str) -> Callable[[object], str]:
    """Text that is of a form as a whole."""

    def parse(value: object) -> str:
        read = text(value)
        if not pattern.fullmatch(read):
            raise ValueError(f"got {read[:100]!r}, expected {expected}")
        return read

    return parse


def whole(least: int, most: int, unit: str = "") -> Callable[[object], int]:
    """A whole number within bounds, also as text."""
    counted = f" {unit}" if unit else ""

    def parse(value: object) -> int:
        number: object = value
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            number = int(value[:20])
        elif isinstance(value, float) and value.is_integer():
            number = int(value)
        if isinstance(number, bool) or not isinstance(number, int):
            of = f" of {unit}" if unit else ""
            raise ValueError(f"expected a whole number{of}, got {shown(value)}")
        if not least <= number <= most:
            raise ValueError(f"got {number}, expected {least} to {most}{counted}")
        return number

    return parse


def choice(of: type[_Choice]) -> Callable[[object], _Choice]:
    """A member of an enumeration, by its value."""

    def parse(value: object) -> _Choice:
        for member in of:
            if value == member.value:
                return member
        expected = " or ".join(member.value for member in of)
        raise ValueError(f"got {shown(value)}, expected {expected}")

    return parse


def texts(value: object) -> tuple[str, ...]:
    """Texts as a list, or as one text with commas; at least one, none twice."""
    items = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(items, list) or not items:
        raise ValueError(f"expected a list, or text with commas, got {shown(value)}")
    read = tuple(text(item) for item in items)
    if len(set(read)) != len(read):
        raise ValueError("names one thing twice")
    return read


def shown(value: object) -> str:
    """As it was spelled, so far as that fits into a sentence."""
    return repr(value[:100]) if isinstance(value, str) else json.dumps(value)[:100]
