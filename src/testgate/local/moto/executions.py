"""Executions that end once: the first terminal status holds, with its history, whatever follows.

moto derives the status from the interpreter's threads, which a stopped Lambda call, token wait or
Map keeps busy. Here an execution is closed first and its threads are told afterwards. Imported by
the Step Functions bridge alone.
"""

import logging
import threading
from datetime import UTC, datetime
from typing import Any, NamedTuple

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.stepfunctions.parser.api import (
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.eval.evaluation_details import (
    EvaluationDetails,
    ExecutionDetails,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from testgate.local.moto import execution_changes

_log = logging.getLogger(__name__)
_ENDING_EVENTS = {
    HistoryEventType.ExecutionSucceeded,
    HistoryEventType.ExecutionFailed,
    HistoryEventType.ExecutionAborted,
    HistoryEventType.ExecutionTimedOut,
}


class _Ending(NamedTuple):
    """A last event that the interpreter does not write itself."""

    kind: Any
    details: dict[str, Any]


class LatchedExecution(Execution):  # type: ignore[misc]
    """An execution whose terminal status, output, error, cause and history never change again.

    AWS (documented): StopExecution answers with the stop date and the execution is `ABORTED` with
    the given error and cause, its history ending in `ExecutionAborted`; a machine's
    `TimeoutSeconds` gives `TIMED_OUT` with a stop date. moto waits for the running task, forgets
    error and cause, and may end as `FAILED` or not at all.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._latch = threading.Lock()
        self._closed_history: list[dict[str, Any]] | None = None
        self.exec_worker = self._get_start_execution_worker()
        self.exec_status = ExecutionStatus.RUNNING

    @property
    def is_closed(self) -> bool:
        return self.stop_date is not None

    def start(self) -> None:
        execution_changes.tell(self)
        self.exec_worker.start()

    def begin(self, first_state: str) -> bool:
        """Let the interpreter enter `first_state`; False if the execution is already stopped."""
        with self._latch:
            if not self.is_closed:
                self.exec_worker.env.next_state_name = first_state
            return not self.is_closed

    def stop(
        self, stop_date: datetime, error: str | None, cause: str | None, *, told: bool = True
    ) -> None:
        """Close as `ABORTED` at once; a closed execution keeps its status (as AWS, assumed).

        `told` is False when the local AWS itself ends: then nobody hears of it.
        """
        details: dict[str, str] = {}
        if error is not None:
            details["error"] = error
        if cause is not None:
            details["cause"] = cause
        ending = _Ending(
            HistoryEventType.ExecutionAborted, {"executionAbortedEventDetails": details}
        )
        self._close(
            ExecutionStatus.ABORTED, stop_date, error=error, cause=cause, ending=ending, told=told
        )
        self._interrupt(stop_date)

    def finish(self) -> None:
        """Close with what the interpreter came to."""
        state = self.exec_worker.env.program_state()
        now = datetime.now(UTC)
        if isinstance(state, ProgramEnded):
            output = to_json_str(self.exec_worker.env.states.get_input(), separators=(",", ":"))
            self._close(ExecutionStatus.SUCCEEDED, now, output=output)
        elif isinstance(state, ProgramTimedOut):
            ending = _Ending(
                HistoryEventType.ExecutionTimedOut, {"executionTimedOutEventDetails": {}}
            )
            self._close(ExecutionStatus.TIMED_OUT, now, ending=ending)
            self._interrupt(now)
        elif isinstance(state, ProgramError):
            details = state.error or {}
            error, cause = details.get("error"), details.get("cause")
            self._close(ExecutionStatus.FAILED, now, error=error, cause=cause)
        elif not self.is_closed:
            self.fail(f"the interpreter ended in an unknown state: {state!r}")

    def fail(self, cause: str) -> None:
        """Close as `FAILED` with `States.Runtime`: the interpreter itself broke down."""
        details = {"error": "States.Runtime", "cause": cause}
        ending = _Ending(HistoryEventType.ExecutionFailed, {"executionFailedEventDetails": details})
        now = datetime.now(UTC)
        self._close(ExecutionStatus.FAILED, now, error="States.Runtime", cause=cause, ending=ending)

    def to_history_output(self) -> dict[str, Any]:
        """`{"events": […]}`, oldest first; a closed execution's last event says how it ended."""
        with self._latch:
            return {"events": self._closed_history or self._history()}

    def await_threads(self, timeout_s: float) -> bool:
        """Wait until nothing of this execution runs; False if `timeout_s` was too short."""
        return bool(self.exec_worker.await_end(timeout_s))

    def _close(
        self,
        status: ExecutionStatus,
        stop_date: datetime,
        *,
        output: str | None = None,
        error: str | None = None,
        cause: str | None = None,
        ending: _Ending | None = None,
        told: bool = True,
    ) -> None:
        with self._latch:
            if self.is_closed:
                return
            self._closed_history = _ended_by(self._history(), ending, stop_date)
            self.output, self.error, self.cause = output, error, cause
            # Last: who sees the status finds all the rest.
            self.stop_date = stop_date
            self.exec_status = status
        if told:
            execution_changes.tell(self)

    def _history(self) -> list[dict[str, Any]]:
        """The events so far, shared and not copied: nobody changes one once it is written."""
        manager = self.exec_worker.env.event_manager
        with manager._mutex:
            return list(manager._history_event_list)

    def _interrupt(self, stop_date: datetime) -> None:
        """Wake what waits; a call under way returns to an environment that runs no more."""
        env = self.exec_worker.env
        env.set_stop(stop_date=stop_date, error=None, cause=None)
        for endpoint in list(env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()

    def get_start_execution_details(self) -> ExecutionDetails:
        """`$$.Execution.StartTime` as AWS writes it: UTC with milliseconds and `Z`."""
        details = super().get_start_execution_details()
        details.start_time = iso_8601_datetime_with_milliseconds(self.start_date)
        return details

    def _get_start_execution_worker(self) -> "_Worker":
        return _Worker(
            execution=self,
            evaluation_details=EvaluationDetails(
                aws_execution_details=self._get_start_aws_execution_details(),
                execution_details=self.get_start_execution_details(),
                state_machine_details=self.get_start_state_machine_details(),
            ),
            exec_comm=self._get_start_execution_worker_comm(),
            cloud_watch_logging_session=self._cloud_watch_logging_session,
            activity_store=self._activity_store,
        )


class _Worker(ExecutionWorker):  # type: ignore[misc]
    """Interprets one execution in a thread; its environment and history exist from the start."""

    def __init__(self, *, execution: LatchedExecution, **settings: Any) -> None:
        super().__init__(**settings)
        self._execution = execution
        self._thread: threading.Thread | None = None
        self.env = self._get_evaluation_environment()
        self.env.event_manager.add_event(
            context=self.env.event_history_context,
            event_type=HistoryEventType.ExecutionStarted,
            event_details=EventDetails(
                executionStartedEventDetails=ExecutionStartedEventDetails(
                    input=execution.execution_input,
                    inputDetails=HistoryEventExecutionDataDetails(truncated=False),
                    roleArn=execution.role_arn,
                )
            ),
            update_source_event_id=False,
        )

    def start(self) -> None:
        name = f"execution-{self._execution.name}"
        self._thread = threading.Thread(target=self._execution_logic, name=name, daemon=True)
        self._thread.start()

    def await_end(self, timeout_s: float) -> bool:
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _execution_logic(self) -> None:
        try:
            program = self._get_evaluation_entrypoint()
            if self._execution.begin(program.start_at.start_at_name):
                program.eval(self.env)
        except Exception as exc:  # noqa: BLE001 - a thread's end: the execution must not stay RUNNING
            if not self._execution.is_closed:
                _log.exception("the interpreter broke down in %s", self._execution.exec_arn)
                self._execution.fail(repr(exc))
            return
        self._execution.finish()


def _ended_by(
    events: list[dict[str, Any]],
    ending: _Ending | None,
    stop_date: datetime,
) -> list[dict[str, Any]]:
    """`events` up to the one that ended the execution, or up to now and then `ending`."""
    types = [event["type"] for event in events]
    end = next((i for i, kind in enumerate(types) if kind in _ENDING_EVENTS), len(events))
    if ending is None:
        return events[: end + 1]
    last_id = events[end - 1]["id"]
    last: dict[str, Any] = {
        **ending.details,
        "id": last_id + 1,
        "previousEventId": 0 if ending.kind == HistoryEventType.ExecutionAborted else last_id,
        "type": ending.kind,
        "timestamp": iso_8601_datetime_with_milliseconds(stop_date),
    }
    return [*events[:end], last]
