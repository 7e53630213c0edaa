"""The user's half of `hookDetails`: every key a deployment may set, parsed once.

An unknown key is refused with the nearest known one, because a typo must never weaken a gate.
Standard library only; imported by the hook, the steps and the command line.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from testgate.core.canonical import canonical_json
from testgate.core.errors import ConfigError
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
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
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
        except (ValueError, RecursionError) as exc:  # the text itself may hold credentials
            raise ConfigError(f"hookDetails is text that is not JSON: {exc}") from None
    if not isinstance(value, dict):
        raise ConfigError(f"hookDetails must be a JSON object, got {kind_of(value)}")
    return value


def parse_config(details: Mapping[str, object]) -> GateConfig:
    """The gate's configuration. Raises ConfigError that lists every problem at once."""
    problems: list[str] = []
    values: dict[str, object] = {}
    for key in sorted(details):
        if key in OUR_KEYS:
            continue
        if key not in _PARSERS:
            problems.append(f"unknown key {key[:100]!r} in hookDetails{_nearest(key)}")
        else:
            name, parse = _PARSERS[key]
            try:
                values[name] = parse(details[key])
            except ValueError as exc:
                problems.append(f"{key}: {exc}")
    problems += _choice_problems(details)
    if problems:
        raise ConfigError(*problems)
    return GateConfig(**values)  # type: ignore[arg-type]


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


def kind_of(value: object) -> str:
    """What JSON calls it, with its article."""
    names: dict[type, str] = {
        list: "an array",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "text",
        dict: "an object",
    }
    return names.get(type(value), "null" if value is None else type(value).__name__)


def _shown(value: object) -> str:
    """As it was spelled, so far as that fits into a sentence."""
    return repr(value[:100]) if isinstance(value, str) else json.dumps(value)[:100]


def _nearest(key: str) -> str:
    import difflib  # only a refusal pays for it

    known = sorted(_PARSERS)
    close = difflib.get_close_matches(key.upper(), known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known keys: {', '.join(known)}"


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected text, got {kind_of(value)}" if value != "" else "is empty")
    return _encodable(value)


def _encodable(text: str) -> str:
    """JSON can spell half a character (a lone surrogate); nothing that is stored can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{ascii(text)[:100]} holds half a character") from None
    return text


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value)
        if not pattern.fullmatch(text):
            raise ValueError(f"got {text[:100]!r}, expected {expected}")
        return text

    return parse


def _host(value: object) -> str:
    return _matching(_HOST, "a host's name, without port")(value).lower()


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


def _timeout(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError(f"expected a whole number of seconds, got {_shown(value)}")
    if not MIN_TIMEOUT_S <= number <= MAX_TIMEOUT_S:
        raise ValueError(f"got {number}, expected {MIN_TIMEOUT_S} to {MAX_TIMEOUT_S} seconds")
    return number


def _mode(value: object) -> Mode:
    if value not in [mode.value for mode in Mode]:
        raise ValueError(f"got {_shown(value)}, expected enforce or observe")
    return Mode(value)


def _on_create(value: object) -> OnCreate:
    if value not in [choice.value for choice in OnCreate]:
        raise ValueError(f"got {_shown(value)}, expected run or skip")
    return OnCreate(value)


def _parameters(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object of texts, got {kind_of(value)}")
    for name, text in value.items():
        if not _PARAMETER.fullmatch(name):
            raise ValueError(f"{name[:100]!r} is not a name of capitals, digits and _")
        if not isinstance(text, str):
            raise ValueError(f"{name} must be text, got {kind_of(text)}")
        _encodable(text)
    size = len(canonical_json(value).encode())
    if size > MAX_PARAMETERS_BYTES:
        raise ValueError(f"is {size} bytes as JSON, at most {MAX_PARAMETERS_BYTES} are allowed")
    return dict(value)


_PARSERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "GATE": ("gate", _matching(_GATE, "name or name@sha256:<64 hex>")),
    "TEST_SUITES": ("test_suites", _suites),
    "TEST_ENDPOINT": ("test_endpoint", _matching(_ENDPOINT, "http(s)://host[:port][/path]")),
    "TEST_HOST": ("test_host", _host),
    "TEST_HEADERS": ("test_headers", parse_headers),
    "CONTAINER": ("container", _text),
    "MODE": ("mode", _mode),
    "TIMEOUT_SECONDS": ("timeout_s", _timeout),
    "ON_CREATE": ("on_create", _on_create),
    "PARAMETERS": ("parameters", _parameters),
}
KNOWN_KEYS = frozenset(_PARSERS)
