"""What stands for a suite's secrets and role where no gate runs: the variables of who runs it.

Pure, but for what it is handed. Imported by the commands `run` and `publish`.
"""

from collections.abc import Iterator, Mapping, Sequence

from testgate.core.errors import InputError
from testgate.core.masking import MIN_SECRET_CHARS
from testgate.core.plan import Suite

STAND_IN = "no-secret-where-nothing-answers"


def own_grants(suites: Sequence[Suite], environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By suite: secrets from variables of the same names, and for one with a role the AWS_* of
    `environ`. Raises InputError naming every secret that has no variable."""
    missing = [
        f"suite {suite.name!r} needs the secret {name}: set the variable {name}, as "
        f"{reference} has it"
        for suite in suites
        for name, reference in suite.secrets.items()
        if name not in environ
    ]
    short = [
        f"secret {name} of suite {suite.name!r} has fewer than {MIN_SECRET_CHARS} characters, "
        "which could not be kept out of reports"
        for suite in suites
        for name in suite.secrets
        if len(environ.get(name, STAND_IN)) < MIN_SECRET_CHARS
    ]
    if missing or short:
        raise InputError(*missing, *short)
    return {suite.name: dict(_of(suite, environ)) for suite in suites}


def stand_ins(suites: Sequence[Suite], environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """As `own_grants`, for the proof, where a secret opens nothing: what is missing is made up."""
    made_up = {name: STAND_IN for suite in suites for name in suite.secrets if name not in environ}
    return own_grants(suites, {**environ, **made_up})


def _of(suite: Suite, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in suite.secrets:
        yield name, environ[name]
    if suite.role:
        yield from ((name, text) for name, text in environ.items() if name.startswith("AWS_"))
