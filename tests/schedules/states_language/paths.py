"""JSONPath and intrinsic functions of the States Language, each text compiled once.

Subset: definite paths (`$.a['b'][0]`, `$$.…`), no filters, slices or wildcards.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.schedules.states_language.errors import RUNTIME, StateError, UnknownFeatureError

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\['([^']+)'\]|\[(\d+)\]")
_PLAIN = re.compile(r"true|false|null|-?\d+(\.\d+)?([eE][-+]?\d+)?")
_CALL = re.compile(r"States\.(\w+)\(")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may read: the state's input, and the context object."""

    data: Any
    context: Mapping[str, Any]


Expression = Callable[[Scope], Any]


def read(text: str, scope: Scope) -> Any:
    """The value of a path or an intrinsic function. Raises StateError (States.Runtime)."""
    return compile_expression(text)(scope)


def is_present(text: str, scope: Scope) -> bool:
    """Whether a path leads anywhere."""
    try:
        compile_expression(text)(scope)
    except StateError:
        return False
    return True


@cache
def compile_expression(text: str) -> Expression:
    """Raises UnknownFeatureError for what this subset lacks."""
    expression, rest = _parse(text.strip())
    if rest.strip():
        raise UnknownFeatureError(f"{rest!r} at the end of {text!r}")
    return expression


@cache
def steps_of(path: str) -> tuple[str | int, ...]:
    """The names and indices of a path below `$`."""
    steps, rest = _steps(path[1:])
    if not path.startswith("$") or rest:
        raise UnknownFeatureError(f"path {path!r}")
    return steps


def resolve(template: Any, scope: Scope) -> Any:
    """A payload template with its `.$` keys replaced."""
    if isinstance(template, dict):
        return {
            key.removesuffix(".$"): read(value, scope)
            if key.endswith(".$")
            else resolve(value, scope)
            for key, value in template.items()
        }
    if isinstance(template, list):
        return [resolve(item, scope) for item in template]
    return template


def _parse(text: str) -> tuple[Expression, str]:
    call = _CALL.match(text)
    if call:
        return _parse_call(call.group(1), text[call.end() :])
    if text.startswith("$$"):
        return _parse_path(text[2:], text, lambda scope: scope.context)
    if text.startswith("$"):
        return _parse_path(text[1:], text, lambda scope: scope.data)
    return _parse_literal(text)


def _parse_path(rest: str, text: str, root: Expression) -> tuple[Expression, str]:
    steps, rest = _steps(rest)
    if rest[:1] in (".", "[", "@", "?", "*"):
        raise UnknownFeatureError(f"path {text!r}")

    def evaluate(scope: Scope) -> Any:
        value = root(scope)
        for step in steps:
            try:
                if isinstance(value, dict) is not isinstance(step, str):
                    raise KeyError(step)
                value = value[step]
            except (KeyError, IndexError, TypeError):
                raise StateError(RUNTIME, f"the path {text!r} leads nowhere") from None
        return value

    return evaluate, rest


def _steps(text: str) -> tuple[tuple[str | int, ...], str]:
    steps: list[str | int] = []
    while match := _STEP.match(text):
        name, quoted, index = match.groups()
        steps.append(int(index) if index is not None else name or quoted)
        text = text[match.end() :]
    return tuple(steps), text


def _parse_literal(text: str) -> tuple[Expression, str]:
    if text.startswith("'"):
        literal, rest = _quoted(text)
        return (lambda _: literal), rest
    plain = _PLAIN.match(text)
    if plain is None:
        raise UnknownFeatureError(f"expression {text!r}")
    parsed = json.loads(plain.group())
    return (lambda _: parsed), text[plain.end() :]


def _quoted(text: str) -> tuple[str, str]:
    """A text in single quotes; a backslash takes the next character as it is."""
    literal, at = "", 1
    while text[at] != "'":
        if text[at] == "\\":
            # Format reads escaped braces itself.
            literal += text[at] if text[at + 1] in "{}" else ""
            at += 1
        literal += text[at]
        at += 1
    return literal, text[at + 1 :]


def _parse_call(name: str, rest: str) -> tuple[Expression, str]:
    if name not in _FUNCTIONS:
        raise UnknownFeatureError(f"intrinsic function States.{name}")
    arguments: list[Expression] = []
    rest = rest.lstrip()
    while not rest.startswith(")"):
        argument, rest = _parse(rest.lstrip(", "))
        arguments.append(argument)
        rest = rest.lstrip()
    function = _FUNCTIONS[name]

    def evaluate(scope: Scope) -> Any:
        try:
            return function(*[argument(scope) for argument in arguments])
        except (TypeError, ValueError, IndexError, AttributeError) as exc:
            raise StateError("States.IntrinsicFailure", f"States.{name}: {exc}") from None

    return evaluate, rest[1:]


def _format(template: str, *values: Any) -> str:
    parts = re.split(r"(?<!\\)\{\}", template)
    if len(parts) != len(values) + 1:
        raise ValueError("as many {} as values are needed")
    texts = [_spell(value) for value in values]
    whole = parts[0] + "".join(text + part for text, part in zip(texts, parts[1:], strict=True))
    return whole.replace("\\{", "{").replace("\\}", "}")


def _spell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _element(items: list[Any], index: int) -> Any:
    if index < 0:
        raise IndexError(index)
    return items[index]


def _add(one: Any, other: Any) -> int:
    if not isinstance(one, int) or not isinstance(other, int):
        raise TypeError("MathAdd needs whole numbers")
    return one + other


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Format": _format,
    "Array": lambda *items: list(items),
    "ArrayContains": lambda items, wanted: wanted in items,
    "ArrayGetItem": _element,
    "ArrayLength": len,
    "ArrayRange": lambda first, last, step: list(range(first, last + 1, step)),
    "JsonMerge": lambda one, other, _deep: {**one, **other},
    "JsonToString": lambda value: json.dumps(value, separators=(",", ":")),
    "MathAdd": _add,
    "StringToJson": json.loads,
}
