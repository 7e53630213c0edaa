"""What a suite is given besides its contract: variables, secrets by reference, a role, and what it
may leave besides its reports.

Only references stand here and in plans; what they refer to is read where the suite runs. Standard
library only; imported by the gate file, the plan and the runner.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Template

from testgate.core.errors import PlanError

MAX_VARIABLES = 50
MAX_VARIABLE_CHARS = 2_000
MAX_GLOBS = 20
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")
_REFERENCE = re.compile(r"(?P<store>[a-z]+):(?P<name>[^#\s]{1,1024})(?:#(?P<key>[^#\s]{1,256}))?")
# Set by Testgate, or by which a suite would run something else than it says.
_OURS = frozenset(
    {
        *("BASE_URL", "PYTEST_BASE_URL", "PLAYWRIGHT_TEST_BASE_URL", "CYPRESS_BASE_URL"),
        *("LOCUST_HOST", "CI", "HOME", "TMPDIR", "PYTHONPATH"),
    }
)
_OURS_BEGIN = ("TESTGATE_", "AWS_", "LD_")


class SecretStore(StrEnum):
    """Where secrets are kept."""

    SECRETS_MANAGER = "secretsmanager"
    PARAMETER_STORE = "ssm"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """One secret: `secretsmanager:shop/test-user#password`, `ssm:/shop/token`. `name` may be an
    ARN; `key` is of the JSON object that the secret then is."""

    store: SecretStore
    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.store.value}:{self.name}" + (f"#{self.key}" if self.key else "")


def parse_secret(raw: object) -> SecretReference:
    """A reference as a gate file or a plan spells it. Raises PlanError."""
    match = _REFERENCE.fullmatch(raw) if isinstance(raw, str) else None
    if match is None or match["store"] not in [store.value for store in SecretStore]:
        raise PlanError(
            f"{str(raw)[:80]!r} is no reference to a secret: expected secretsmanager:NAME, "
            "secretsmanager:NAME#KEY or ssm:NAME"
        )
    return SecretReference(
        store=SecretStore(match["store"]), name=match["name"], key=match["key"] or ""
    )


def variable_problems(
    environment: Mapping[str, str], secrets: Mapping[str, SecretReference]
) -> Iterator[str]:
    """What is wrong with the variables that a suite is to see, each problem once."""
    for what, names in (("environment", environment), ("secrets", secrets)):
        if len(names) > MAX_VARIABLES:
            yield f"{what} has {len(names)} variables, at most {MAX_VARIABLES} are allowed"
        for name in names:
            if not _VARIABLE.fullmatch(name):
                yield f"{what} names {name[:80]!r}, which is no name of a variable"
            elif name in _OURS or name.upper().startswith(_OURS_BEGIN):
                yield f"{what} sets {name}, which is for Testgate to set"
    for name in sorted(set(environment) & set(secrets)):
        yield f"environment and secrets both set {name}"
    for name, text in environment.items():
        problem = _text_problem(text)
        if problem:
            yield f"environment {name[:80]} {problem}"


def filled(text: str, told: Mapping[str, str]) -> str:
    """The text with `${TESTGATE_…}` as the run's variables have it. Raises PlanError."""
    try:
        return Template(text).substitute(told)
    except KeyError as exc:
        raise PlanError(
            f"environment asks for ${{{exc.args[0]}}}, which this run does not have"
        ) from None


def role_problem(role: str) -> str | None:
    """Why that is no role; None if it is one, or there is none."""
    if not role or _ROLE.fullmatch(role):
        return None
    return f"role is {role[:100]!r}, expected a role's ARN: arn:aws:iam::123456789012:role/NAME"


def glob_problems(globs: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the patterns of artifacts."""
    if len(globs) > MAX_GLOBS:
        yield f"artifacts has {len(globs)} patterns, at most {MAX_GLOBS} are allowed"
    for glob in globs:
        parts = glob.split("/")
        if not glob or glob.startswith("/") or ".." in parts or "" in parts or len(glob) > 200:
            yield (
                f"artifacts holds {glob[:80]!r}, expected a pattern below TESTGATE_RESULTS_DIR, "
                "like screenshots/*.png"
            )


def _text_problem(text: str) -> str | None:
    if len(text) > MAX_VARIABLE_CHARS:
        return f"has {len(text)} characters, at most {MAX_VARIABLE_CHARS} are allowed"
    if "\x00" in text:
        return "holds a NUL character"
    template = Template(text)
    if not template.is_valid():
        return "has a $ that names nothing: write $$ for a dollar sign"
    strange = [name for name in template.get_identifiers() if not name.startswith("TESTGATE_")]
    if strange:
        return f"asks for ${{{strange[0]}}}: only ${{TESTGATE_…}} can be asked for"
    return None
