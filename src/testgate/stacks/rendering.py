"""Templates of JSON documents, filled from what stacks bring.

`${network.SubnetOneId}` is an output of the network's stack, `${other-stack.Output}` of any other,
`${region}` and `${account}` where it is all deployed; `$$` is a dollar sign. Pure; imported by the
command `render`.
"""

import difflib
import json
import string
from collections.abc import Iterator, Mapping

from testgate.core.errors import InputError


class _Template(string.Template):
    idpattern = r"[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9]+)?"


def placeholders(text: str) -> list[str]:
    """The names of a template's placeholders, each once. Raises InputError for a lone `$`."""
    template = _Template(text)
    if not template.is_valid():
        lone = next(
            found for found in template.pattern.finditer(text) if found.group("invalid") is not None
        )
        line = text.count("\n", 0, lone.start()) + 1
        raise InputError(f"line {line}: a $ without a placeholder; $$ is a dollar sign")
    return template.get_identifiers()


def render(text: str, values: Mapping[str, str]) -> str:
    """The document, as JSON. Values are put in as the inside of JSON text.

    Raises:
        InputError: names every placeholder that has no value, with its line; or the place where
            the filled template is not JSON.
    """
    problems = [
        f"line {line}: there is no {name}{_near(name, values)}"
        for name, line in _places(text, placeholders(text))
        if name not in values
    ]
    if problems:
        raise InputError(*problems)
    inside = {name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in values.items()}
    filled = _Template(text).substitute(inside)
    try:
        document = json.loads(filled)
    except ValueError as exc:
        raise InputError(f"not JSON once it is filled: {exc}") from exc
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _places(text: str, names: list[str]) -> Iterator[tuple[str, int]]:
    for name in names:
        yield name, text.count("\n", 0, text.index(name)) + 1


def _near(name: str, values: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, list(values), n=1)
    return f"; did you mean {near[0]}?" if near else ""
