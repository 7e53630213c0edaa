"""What a definition may hold: every field is known, or loading it fails."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.schedules.states_language.choices import check_rule
from tests.schedules.states_language.errors import UnknownFeatureError
from tests.schedules.states_language.paths import compile_expression, steps_of

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "state_machines" / "test_gate.asl.json"
INVOKE = "arn:aws:states:::lambda:invoke"

_ANY = {"Type", "Comment", "Next", "End", "InputPath", "OutputPath"}
_SHAPED = {"Parameters", "ResultPath"}
_GUARDED = {"Retry", "Catch", "ResultSelector"}
_FIELDS: dict[str, set[str]] = {
    "Pass": _ANY | _SHAPED | {"Result"},
    "Task": _ANY | _SHAPED | _GUARDED | {"Resource", "TimeoutSeconds", "TimeoutSecondsPath"},
    "Choice": _ANY - {"Next", "End"} | {"Choices", "Default"},
    "Wait": _ANY | {"Seconds", "SecondsPath"},
    "Succeed": _ANY - {"Next", "End"},
    "Fail": {"Type", "Comment", "Error", "ErrorPath", "Cause", "CausePath"},
    "Map": _ANY
    | {"ResultPath"}
    | _GUARDED
    | {"ItemsPath", "ItemSelector", "MaxConcurrency", "MaxConcurrencyPath", "ItemProcessor"},
    "Parallel": _ANY | _SHAPED | _GUARDED | {"Branches"},
}
_RETRY = {"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxDelaySeconds", "MaxAttempts"}
_CATCH = {"ErrorEquals", "ResultPath", "Next", "Comment"}
_MACHINE = {"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"}
_PATHS = (
    "InputPath",
    "OutputPath",
    "ItemsPath",
    "MaxConcurrencyPath",
    "TimeoutSecondsPath",
    "SecondsPath",
)
_ERRORS = ("ErrorPath", "CausePath")
_INLINE = {"Mode": "INLINE"}


def load_shipped() -> dict[str, Any]:
    """The shipped definition, each placeholder replaced by the ARN of a function of its name."""
    return parse_definition(SHIPPED.read_text())


def parse_definition(text: str) -> dict[str, Any]:
    """A definition, checked. Raises UnknownFeatureError."""
    parts = text.replace("${Partition}", "aws").split("${")
    filled = parts[0] + "".join(
        f"arn:aws:lambda:us-east-1:123456789012:function:{name}{rest}"
        for name, _, rest in (part.partition("}") for part in parts[1:])
    )
    definition: dict[str, Any] = json.loads(filled)
    if definition.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise UnknownFeatureError(f"query language {definition['QueryLanguage']}")
    _check_states(definition, _MACHINE)
    return definition


def functions_of(machine: Mapping[str, Any]) -> Iterator[str]:
    """The names of the functions that a machine invokes."""
    for state in machine["States"].values():
        if state["Type"] == "Task":
            yield str(state["Parameters"]["FunctionName"]).rpartition(":")[2]
        for inner in inner_machines(state):
            yield from functions_of(inner)


def inner_machines(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The machines within a Map or Parallel state."""
    return [
        *state.get("Branches", ()),
        *([state["ItemProcessor"]] if "ItemProcessor" in state else []),
    ]


def _check_states(machine: Mapping[str, Any], fields: set[str]) -> None:
    _known(machine, fields, "the machine")
    for name, state in machine["States"].items():
        _check_state(name, state)


def _check_state(name: str, state: Mapping[str, Any]) -> None:
    kind = state["Type"]
    if kind not in _FIELDS:
        raise UnknownFeatureError(f"state {name} is of type {kind}")
    _known(state, _FIELDS[kind], f"state {name}")
    if kind == "Task" and state["Resource"] != INVOKE:
        raise UnknownFeatureError(f"state {name} has resource {state['Resource']}")
    if "Next" in _FIELDS[kind] and ("Next" in state) == (state.get("End") is True):
        raise UnknownFeatureError(f"state {name} needs Next or End")
    for rule in state.get("Choices", ()):
        check_rule(rule)
    for retrier in state.get("Retry", ()):
        _known(retrier, _RETRY, f"a Retry of state {name}")
    for catcher in state.get("Catch", ()):
        _known(catcher, _CATCH, f"a Catch of state {name}")
    _check_expressions(state)
    for inner in inner_machines(state):
        if inner.get("ProcessorConfig", _INLINE) != _INLINE:
            raise UnknownFeatureError(f"state {name} has {inner['ProcessorConfig']}")
        _check_states(inner, {"StartAt", "States", "ProcessorConfig", "Comment"})


def _check_expressions(state: Mapping[str, Any]) -> None:
    for key in (*_PATHS, *_ERRORS):
        if state.get(key) is not None:
            compile_expression(state[key])
    for holder in (state, *state.get("Catch", ())):
        if holder.get("ResultPath") is not None:
            steps_of(holder["ResultPath"])
    for key in ("Parameters", "ResultSelector", "ItemSelector"):
        _check_template(state.get(key))


def _check_template(template: Any) -> None:
    if isinstance(template, dict):
        for key, value in template.items():
            if key.endswith(".$"):
                compile_expression(value)
            else:
                _check_template(value)
    elif isinstance(template, list):
        for item in template:
            _check_template(item)


def _known(given: Mapping[str, Any], fields: set[str], where: str) -> None:
    unknown = sorted(set(given) - fields)
    if unknown:
        raise UnknownFeatureError(f"{where} has {', '.join(unknown)}")
