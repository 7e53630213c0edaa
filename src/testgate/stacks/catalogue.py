"""Which stacks there are, how they are named and what their templates take.

Imported by the other modules of this package and by the commands.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from testgate.core.errors import InputError


class StackKind(StrEnum):
    """A template of `infra/`, in the order of deploying; they are destroyed in the opposite one."""

    NETWORK = "network"
    CLUSTER = "cluster"
    GATE = "gate"


ARTIFACT_PARAMETERS = {
    "hook": "HookBundleKey",
    "control": "ControlBundleKey",
    "runner": "RunnerBundleKey",
    "asl": "DefinitionKey",
}
# Given by `deploy` itself, from what was built.
OWN_PARAMETERS = frozenset({"ArtifactBucket", *ARTIFACT_PARAMETERS.values()})


def stack_name(kind: StackKind, base: str) -> str:
    """The gate's stack has the plain name, the others are named after it: `testgate-network`."""
    return base if kind is StackKind.GATE else f"{base}-{kind}"


def template_path(kind: StackKind, repository: Path) -> Path:
    """Where its template lies in the repository."""
    return repository / "infra" / f"{kind}.yaml"


def read_parameters(given: Iterable[str]) -> dict[str, str]:
    """`Key=Value` arguments as a mapping. Raises InputError naming every one that is wrong."""
    pairs = [(text, *text.partition("=")) for text in given]
    problems = [
        f"--parameter: got {text!r}, expected Key=Value"
        for text, name, equals, _ in pairs
        if not (name and equals)
    ]
    names = [name for _, name, _, _ in pairs]
    problems += [
        f"--parameter: {name} is given twice"
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    problems += [
        f"--parameter: {name} is set by deploy itself" for name in sorted(OWN_PARAMETERS & {*names})
    ]
    if problems:
        raise InputError(*problems)
    return {name: value for _, name, _, value in pairs}


def check_parameters(given: Mapping[str, str], declared: Mapping[str, Sequence[str]]) -> None:
    """Refuse what none of the templates takes; `declared` is stack name to parameter names.

    Raises:
        InputError: names every unknown one and the nearest that exists.
    """
    known = sorted({name for names in declared.values() for name in names} - OWN_PARAMETERS)
    problems = []
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
            problems.append(f"--parameter: {' and '.join(declared)} take no {name}{hint}")
    if problems:
        raise InputError(*problems)
