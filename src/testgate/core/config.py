"""The user's half of `hookDetails`: every key a deployment may set, parsed once.

An unknown key is refused with the nearest known one, because a typo must never weaken a gate.
Standard library only; imported by the hook, the steps and the command line.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from testgate.core.canonical import canonical_json
from testgate.core.errors import ConfigError
from testgate.core.fields import (
    Fields,
    choice,
    encodable,
    kind_of,
    matching,
    parse_fields,
    text,
    whole,
)
from testgate.core.headers import parse_headers

EXECUTION_KEY = "SFN_EXECUTION_ARN"
STATE_KEY = "TESTGATE_STATE"
OUR_KEYS = frozenset({EXECUTION_KEY, STATE_KEY})

DEFAULT_TIMEOUT_S = 1800
MIN_TIMEOUT_S = 10
MAX_TIMEOUT_S = 82_800  # an hour inside the 24 hours that ECS gives a lifecycle stage
MAX_PARAMETERS_BYTES = 1024

_GATE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}(@sha256:[0-9a-f]{64})?")
_SUITE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_PARAMETER = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_PORT = r"6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3}"
_WHERE = r"\[[0-9A-Fa-f:.]{2,45}\]|[\w-]{1,63}(?:\.[\w-]{1,63})*\.?"
_PATH = r"/[!\"$->@-~]*"  # what a request's first line may hold
_ENDPOINT = re.compile(rf"https?://(?:{_WHERE})(?::(?:{_PORT}))?(?:{_PATH})?", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*(?!\d+$){_LABEL}", re.IGNORECASE)


class Mode(StrEnum):
    """Whether a refusal stops the deployment or is only recorded."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class OnCreate(StrEnum):
    """What a gate does on a service's first deployment."""

    RUN = "run"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateConfig:
    """What a service asks of its gate. `gate` and `test_suites` exclude each other.

    `test_headers` has names in lower case; its values may be credentials, and are shown nowhere.
    """

    gate: str | None = None
    test_suites: tuple[str, ...] = ()
    test_endpoint: str | None = None
    test_host: str | None = None
    test_headers: Mapping[str, str] = field(default_factory=dict)
    container: str | None = None
    mode: Mode = Mode.ENFORCE
    timeout_s: int = DEFAULT_TIMEOUT_S
    on_create: OnCreate = OnCreate.RUN
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_details(raw: object) -> Mapping[str, object]:
    """`hookDetails` as an object, whether ECS hands over an object, JSON text or nothing.

    Raises ConfigError for anything else. The API type is a free JSON document, and CloudFormation
    documents its property as text, so both forms must be expected (AWS's ECS API model).
    """
    if raw is None:
        return {}
    value = raw
    if isinstance(raw, str):
        try:
            value = json.loads(raw)
        except RecursionError:
            raise ConfigError("hookDetails is text that is nested too deeply") from None
        except ValueError as exc:  # the text itself may hold credentials
            raise ConfigError(f"hookDetails is text that is not JSON: {exc}") from None
    if not isinstance(value, dict):
        raise ConfigError(f"hookDetails must be a JSON object, got {kind_of(value)}")
    return value


def parse_config(details: Mapping[str, object]) -> GateConfig:
    """The gate's configuration. Raises ConfigError that lists every problem at once."""
    values, problems = parse_fields(users_own(details), _FIELDS)
    problems += _choice_problems(details)
    if problems:
        raise ConfigError(*problems)
    return GateConfig(**values)  # type: ignore[arg-type]


def users_own(details: Mapping[str, object]) -> dict[str, object]:
    """Without the keys that are ours."""
    return {key: value for key, value in details.items() if key not in OUR_KEYS}


def wants_observe(details: Mapping[str, object]) -> bool:
    """Whether MODE readably says `observe`, whatever else is wrong; unreadable enforces."""
    return details.get("MODE") == Mode.OBSERVE.value


def spell_config(config: GateConfig) -> dict[str, object]:
    """The keys that make the question, defaults spelled out. MODE is not one: it changes what a
    refusal does, not what is asked."""
    spelled: dict[str, object] = {
        "TIMEOUT_SECONDS": config.timeout_s,
        "ON_CREATE": config.on_create.value,
    }
    if config.gate is not None:
        spelled["GATE"] = config.gate
    if config.test_suites:
        spelled["TEST_SUITES"] = list(config.test_suites)
    if config.test_endpoint is not None:
        spelled["TEST_ENDPOINT"] = config.test_endpoint
    if config.test_host is not None:
        spelled["TEST_HOST"] = config.test_host
    if config.test_headers:
        spelled["TEST_HEADERS"] = dict(config.test_headers)
    if config.container is not None:
        spelled["CONTAINER"] = config.container
    if config.parameters:
        spelled["PARAMETERS"] = dict(config.parameters)
    return spelled


def show_config(config: GateConfig) -> dict[str, object]:
    """As `spell_config`, for people: of TEST_HEADERS the names alone."""
    shown = spell_config(config)
    return shown | ({"TEST_HEADERS": sorted(config.test_headers)} if config.test_headers else {})


def _choice_problems(details: Mapping[str, object]) -> list[str]:
    if "GATE" in details and "TEST_SUITES" in details:
        return ["GATE and TEST_SUITES exclude each other: set one of them"]
    if "GATE" not in details and "TEST_SUITES" not in details:
        return [
            "hookDetails names no tests: set GATE (a published gate) or TEST_SUITES "
            "(published suites)"
        ]
    return []


def _host(value: object) -> str:
    return matching(_HOST, "a host's name, without port")(value).lower()


def _suites(value: object) -> tuple[str, ...]:
    names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        got = "an empty list" if names == [] else kind_of(value)
        raise ValueError(f"expected names of suites, as a list or with commas, got {got}")
    for name in names:
        if not isinstance(name, str) or not _SUITE.fullmatch(name):
            raise ValueError(
                f"{str(name)[:100]!r} is not the name of a suite: lower-case letters, digits, - "
                "and _"
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"names suite {twice[0]!r} twice")
    return tuple(names)


def _parameters(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object of texts, got {kind_of(value)}")
    for name, said in value.items():
        if not _PARAMETER.fullmatch(name):
            raise ValueError(f"{name[:100]!r} is not a name of capitals, digits and _")
        if not isinstance(said, str):
            raise ValueError(f"{name} must be text, got {kind_of(said)}")
        encodable(said)
    size = len(canonical_json(value).encode())
    if size > MAX_PARAMETERS_BYTES:
        raise ValueError(f"is {size} bytes as JSON, at most {MAX_PARAMETERS_BYTES} are allowed")
    return dict(value)


_FIELDS: Fields = {
    "GATE": ("gate", matching(_GATE, "name or name@sha256:<64 hex>")),
    "TEST_SUITES": ("test_suites", _suites),
    "TEST_ENDPOINT": ("test_endpoint", matching(_ENDPOINT, "http(s)://host[:port][/path]")),
    "TEST_HOST": ("test_host", _host),
    "TEST_HEADERS": ("test_headers", parse_headers),
    "CONTAINER": ("container", text),
    "MODE": ("mode", choice(Mode)),
    "TIMEOUT_SECONDS": ("timeout_s", whole(MIN_TIMEOUT_S, MAX_TIMEOUT_S, "seconds")),
    "ON_CREATE": ("on_create", choice(OnCreate)),
    "PARAMETERS": ("parameters", _parameters),
}
KNOWN_KEYS = frozenset(_FIELDS)
