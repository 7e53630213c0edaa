"""`${NAME}` in a check: the run's variables and its parameters, by the names that suites know them.

Standard library only; imported by the checks of an http suite.
"""

import re
from collections.abc import Callable, Mapping

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
        if name not in VARIABLES and not _PARAMETER.fullmatch(name):
            known = {*VARIABLES, f"{PARAMETER}NAME"}
            return f"${{{name[:80]}}} is no variable of a run{nearest_key(name.upper(), known)}"
    return None


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
