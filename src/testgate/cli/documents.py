"""Stored documents as they are found: whole, half-written, or of a newer version of Testgate.

Pure. Imported by `runs`; each problem says what was found and what to do.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.core.outcomes import Outcome

_VERSIONED = re.compile(r"testgate\.[a-z]+/(\d{1,6})")
_OUTCOMES = tuple(outcome.value for outcome in Outcome)
_MODES = ("enforce", "observe")
# What shows a record looks for; one that lacks it shows nothing there.
_OF_RECORD: Mapping[str, Any] = {
    "suites": [],
    "stage": "",
    "gate": "",
    "identity": {"says": ""},
    "started_at": "",
    "ended_at": "",
    "deadline": "",
    "execution_arn": "",
}
_OF_ANSWER: Mapping[str, Any] = {"hook_status": "", "mode": "", "answered_at": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What can be used of a document, None for nothing; and its problem, "" if it has none."""

    value: Mapping[str, Any] | None
    problem: str = ""


def read_record_document(key: str, body: bytes, schema: str) -> Document:
    """A `record.json`."""
    return _read(key, body, schema, _OF_RECORD)


def read_answer_document(key: str, body: bytes, schema: str) -> Document:
    """An `answer.json`."""
    return _read(key, body, schema, _OF_ANSWER)


def _read(key: str, body: bytes, schema: str, defaults: Mapping[str, Any]) -> Document:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return Document(
            value=None,
            problem=f"{key} is no whole JSON object ({len(body)} bytes): it was cut off, or "
            "something else has written it; what else is stored of the gate run is told",
        )
    newer = _newer(value.get("schema"), schema)
    known = value.get("outcome") in _OUTCOMES and isinstance(value.get("sentence"), str)
    if newer and known:
        kept = {name: value[name] for name in ("outcome", "sentence")}
        if value.get("mode") in _MODES and isinstance(value.get("hook_status"), str):
            kept |= {name: value[name] for name in ("mode", "hook_status")}
        return Document(value={**defaults, **kept}, problem=_upgrade(key, value["schema"], schema))
    if newer:
        return Document(value=None, problem=_upgrade(key, value["schema"], schema))
    if not known:
        return Document(
            value=None,
            problem=f"{key} lacks an outcome or a sentence that this version knows: something else "
            "has written it; what else is stored of the gate run is told",
        )
    return Document(value={**defaults, **value})


def _upgrade(key: str, found: str, schema: str) -> str:
    return (
        f"{key} is of {found}, newer than the {schema} that this Testgate reads: only its outcome "
        "and sentence are told; upgrade testgate to see all of it"
    )


def _newer(found: object, schema: str) -> bool:
    """Whether a document's schema is a later version of the one that is known."""
    theirs = _VERSIONED.fullmatch(found) if isinstance(found, str) else None
    ours = _VERSIONED.fullmatch(schema)
    return bool(theirs and ours and int(theirs[1]) > int(ours[1]))
