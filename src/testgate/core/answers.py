"""What a hook answers ECS, spelled in this one place.

Keys: AWS's developer guide. `callBackDelay` counts seconds; another name for it (AWS's own sample
once had `callBackDelaySeconds`) is silently ignored by ECS. Imported by the hooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

ANSWER_SCHEMA = "testgate.answer/1"  # of answer.json, which keeps what was answered
STARTED_SCHEMA = "testgate.started/1"  # of the event of a gate run that starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The deployment goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The deployment rolls back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InProgress:
    """ECS calls again after `delay_s`, handing back `details`.

    `details` must be the full union of what came and of our own keys: whether ECS merges or
    replaces changed over time and is not fully known.
    """

    delay_s: int
    details: Mapping[str, object]


HookAnswer = Succeeded | Failed | InProgress


def spell_answer(answer: HookAnswer) -> dict[str, object]:
    """The JSON object that ECS reads."""
    match answer:
        case Succeeded():
            return {"hookStatus": "SUCCEEDED"}
        case Failed():
            return {"hookStatus": "FAILED"}
        case InProgress():
            return {
                "hookStatus": "IN_PROGRESS",
                "callBackDelay": answer.delay_s,
                "hookDetails": dict(answer.details),
            }
        case _:
            assert_never(answer)
