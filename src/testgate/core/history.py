"""What had happened in an execution, read from its history: Prepare's answer and the results.

For executions that ended past every Catch, whose state is gone. Pure; standard library only.
Imported by `finish`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from testgate.core.errors import InputError
from testgate.core.evidence import Crash
from testgate.core.handoff import Pointer, parse_result


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """`prepared` is what Prepare answered, empty if it never did; `results` what shards left."""

    prepared: Mapping[str, Any]
    results: tuple[Pointer | Crash, ...]


def read_history(events: Iterable[Mapping[str, Any]]) -> Traces:
    """The traces in the events of GetExecutionHistory, with execution data.

    States are told by the shape of what they put out, so that those who add states keep them.
    """
    prepared: Mapping[str, Any] = {}
    results: dict[object, Pointer | Crash] = {}
    for event in events:
        output = _output_of(event)
        found = output.get("prepare")
        if isinstance(found, dict) and isinstance(found.get("payload"), dict):
            prepared = found["payload"]
        result = _result_in(output)
        if result is not None:
            results[result.run] = result
    return Traces(prepared=prepared, results=tuple(results.values()))


def _output_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a state that was left put out; empty for any other event, or another shape."""
    details = event.get("stateExitedEventDetails") or {}
    try:
        output = json.loads(details.get("output") or "null")
    except ValueError:
        return {}
    return output if isinstance(output, dict) else {}


def _result_in(output: Mapping[str, Any]) -> Pointer | Crash | None:
    """A shard's run stands where RunSuite, or its Catch, has put it."""
    ran = output.get("ran")
    if not isinstance(ran, dict):
        return None
    try:
        return parse_result(ran.get("payload"))
    except InputError:
        return None
