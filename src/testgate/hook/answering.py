"""A hook's final answer, told in every place where somebody may look for it.

Record, structured log line and event: none of them may change the answer. Imported by the shells.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from testgate.aws.events import STARTED, EventBus
from testgate.aws.s3 import Bucket
from testgate.core.answers import (
    ANSWER_SCHEMA,
    Failed,
    HookAnswer,
    InProgress,
    Succeeded,
    spell_answer,
)
from testgate.core.config import EXECUTION_KEY, STATE_KEY
from testgate.core.decision import Allow, Refuse, Wait
from testgate.core.errors import PortError
from testgate.core.events import SHIFT_STAGES, HookEvent
from testgate.core.kinds import TEST_GATE, HookKind
from testgate.core.layout import RunPlace, error_key, place_of
from testgate.core.outcomes import Outcome
from testgate.core.storing import cap_sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """As much as could be read of what was asked; `event` None means not even that.

    `run_name` is where the answer lies under its deployment, None if that is not known.
    """

    kind: HookKind
    event: HookEvent | None = None
    observe: bool = False
    run_name: str | None = None
    execution_arn: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def place(self) -> RunPlace | None:
        """Where the answer lies: a hook without an execution has its kind to be found by."""
        if self.event is None:
            return None
        unnamed = None if self.kind is TEST_GATE else self.kind.name
        return place_of(self.event.deployment, self.run_name or unnamed)

    @property
    def troubles(self) -> int:
        """Calls in a row that AWS failed, as far as ECS handed our count back."""
        state = self.details.get(STATE_KEY)
        count = state.get("troubles") if isinstance(state, dict) else 0
        return count if type(count) is int and count >= 0 else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Where answers are told. `decided` hears a final one first, while there is still time;
    `abandoned` says that the watchdog has answered already."""

    bucket: Bucket
    bus: EventBus
    request_id: str
    now: Callable[[], datetime]
    abandoned: Callable[[], bool]
    decided: Callable[[HookAnswer], None]

    def wait(self, asked: Asked, wait: Wait, troubles: int) -> HookAnswer:
        """IN_PROGRESS with the full union of what came and what is ours."""
        details = dict(asked.details)
        details[STATE_KEY] = {**wait.state, "troubles": troubles}
        if asked.execution_arn:
            details[EXECUTION_KEY] = asked.execution_arn
        log(
            "wait",
            {
                "hook": asked.kind.name,
                "deployment": str(asked.event.deployment) if asked.event else None,
                "execution_arn": asked.execution_arn,
                "delay_s": wait.delay_s,
                "trouble": wait.trouble,
                "says": wait.says,
            },
        )
        return InProgress(delay_s=wait.delay_s, details=details)

    def begin(self, told: Mapping[str, object], deployment: str) -> None:
        """Tell that a gate run has started; never a reason not to wait for it."""
        log("start", told)
        try:
            self.bus.emit(told, [deployment], STARTED)
        except PortError as exc:
            log("trouble", {"says": str(exc)})

    def finish(self, asked: Asked, verdict: Allow | Refuse) -> HookAnswer:
        """SUCCEEDED or FAILED; in observe mode a refusal is told, and lets pass."""
        refused = isinstance(verdict, Refuse)
        answer = Failed() if refused and not asked.observe else Succeeded()
        told = self._tell(asked, verdict, answer)
        log("answer", told)
        if self.abandoned():
            return answer
        self.decided(answer)
        for act in (self._store, self._emit):
            try:
                act(asked, told)
            except PortError as exc:
                log("trouble", {"says": str(exc)})
        return answer

    def _tell(self, asked: Asked, verdict: Allow | Refuse, answer: HookAnswer) -> dict[str, Any]:
        outcome = verdict.outcome if isinstance(verdict, Refuse) else Outcome.PASSED
        withheld = asked.observe and isinstance(verdict, Refuse)
        sentence = ("would have refused: " if withheld else "") + verdict.sentence
        event = asked.event
        evidence = {} if verdict.evidence is None else {"evidence": verdict.evidence}
        return {
            "schema": ANSWER_SCHEMA,
            "hook": asked.kind.name,
            "outcome": outcome.value,
            "sentence": cap_sentence(sentence),
            "hook_status": spell_answer(answer)["hookStatus"],
            "mode": "observe" if asked.observe else "enforce",
            "deployment": str(event.deployment) if event else None,
            "revision": event.target_revision if event else None,
            "stage": event.stage if event else None,
            "execution_arn": asked.execution_arn,
            "answered_at": self.now().isoformat(),
            "request_id": self.request_id,
        } | evidence

    def _store(self, asked: Asked, told: Mapping[str, Any]) -> None:
        place = asked.place
        if asked.event is None or place is None:
            self.bucket.put_json_once(error_key(self.request_id, self.now()), told)
            return
        first = self.bucket.put_json_once(place.answer, told)
        if not first:
            self._store_another(place, told)
        elif asked.event.stage not in SHIFT_STAGES and not self._is_recorded(asked, place):
            # Without this entry, nobody would find the run: there is no Judge, or it never came.
            key = place.index(Outcome(told["outcome"]), self.now())
            self.bucket.put_once(key, b"", "text/plain")

    def _is_recorded(self, asked: Asked, place: RunPlace) -> bool:
        """Whether Judge has written its own entry."""
        return asked.execution_arn is not None and self.bucket.exists(place.record)

    def _store_another(self, place: RunPlace, told: Mapping[str, Any]) -> None:
        """Two hooks may ask one question, one of them only observing: what ECS was told otherwise
        is kept beside the first answer."""
        stored = self.bucket.find_json(place.answer) or {}
        if stored.get("hook_status") != told["hook_status"]:
            self.bucket.put_json_once(place.another_answer(self.request_id), told)

    def _emit(self, asked: Asked, told: Mapping[str, Any]) -> None:
        # Evidence is for those who look: it may be long, and an event must not be.
        event = {name: value for name, value in told.items() if name != "evidence"}
        self.bus.emit(event, [str(asked.event.deployment)] if asked.event else [])


def log(kind: str, line: Mapping[str, object]) -> None:
    """One structured line in the function's log."""
    text = json.dumps({"testgate": kind, **line}, ensure_ascii=False, default=str)
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")
    sys.stdout.flush()
