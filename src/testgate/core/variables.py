"""`${NAME}` in a check: the run's variables and its parameters, by the names that suites know them,
and the suite's own environment and secrets.

Standard library only; imported by the checks of an http suite.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from testgate.core.errors import InputError
from testgate.core.nearest import nearest_key

PARAMETER = "TESTGATE_PARAMETER_"
VARIABLES = frozenset(
    f"TESTGATE_{name}"
    for name in (
        *("BASE_URL", "SUITE", "ATTEMPT", "RUN_ID", "DEADLINE", "TEST_HOST"),
        *("CLUSTER", "SERVICE", "DEPLOYMENT_ID", "REVISION", "IMAGE", "STAGE"),
    )
)
_PARAMETER = re.compile(f"{PARAMETER}[A-Z][A-Z0-9_]{{0,62}}")
_OWN = re.compile(r"(?!TESTGATE_)[A-Za-z_][A-Za-z0-9_]{0,127}")
_PIECE = re.compile(r"\$\$\{|\$\{(?P<name>[^{}]*)\}|\$\{")
_LITERAL = "$${"


def variables_problem(text: str) -> str | None:
    """Why what it asks for cannot be known; None if it can, or if it asks for nothing."""
    for match in _PIECE.finditer(text):
        if match.group() == _LITERAL:
            continue
        name = match["name"]
        if name is None:
            return f"{text[:80]!r} has a ${{ without its }}; write {_LITERAL} for the characters"
        if not (name in VARIABLES or _PARAMETER.fullmatch(name) or _OWN.fullmatch(name)):
            return f"${{{name[:80]}}} is no variable of a run{_nearest(name)}"
    return None


def unknown_variables(texts: Iterable[str], own: Collection[str]) -> list[str]:
    """Why names that are not the run's are not the suite's `own` either, each once."""
    names = {
        match["name"]
        for text in texts
        for match in _PIECE.finditer(text)
        if match["name"] and _OWN.fullmatch(match["name"])
    }
    return [
        f"checks ask for ${{{name}}}, which is neither in environment nor in secrets and no "
        f"variable of a run{_nearest(name)}"
        for name in sorted(names - set(own))
    ]


def _nearest(name: str) -> str:
    return nearest_key(name.upper(), {*VARIABLES, f"{PARAMETER}NAME"})


def filled(
    text: str, values: Mapping[str, str], spelled: Callable[[str], str] = lambda value: value
) -> str:
    """The text with the value of each variable as `spelled` has it. Raises InputError for one that
    has no value in this run."""

    def value_of(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "${"
        if name in values:
            return spelled(values[name])
        how = f": give {name.removeprefix(PARAMETER)} in PARAMETERS"
        raise InputError(
            f"${{{name}}} has no value in this run{how if name.startswith(PARAMETER) else ''}"
        )

    return _PIECE.sub(value_of, text)
