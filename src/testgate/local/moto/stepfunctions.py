"""Step Functions as AWS answers: names, inputs and idempotency of machines and executions.

A backend in the place of moto's executing one; what an execution does once started is in
`executions` and `interpreter`. Imported by the installation of the bridges and by `cloudformation`.
"""

import copy
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import moto.stepfunctions.parser.models as parser_models
from moto.core.base_backend import BackendDict
from moto.core.exceptions import AWSError
from moto.stepfunctions.exceptions import (
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    InvalidExecutionInput,
    InvalidName,
)
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.api import InvalidDefinition as ParserInvalidDefinition
from moto.stepfunctions.parser.utils import TMP_THREADS

from testgate.local.moto.executions import LatchedExecution

MAX_INPUT_BYTES = 262_144
MAX_NAME_CHARACTERS = 80
_FORBIDDEN_IN_NAMES = frozenset(' \t\n<>{}[]?*"#%\\^|~`$&,;:/')
_FORBIDDEN_CODE_POINTS = (
    range(0x20),
    range(0x7F, 0xA0),
    range(0xD800, 0xE000),
    range(0xFFFE, 0x10000),
    range(0x10FFFF, 0x110000),
)
_STOP_PATIENCE_S = 2.0


class StateMachineAlreadyExists(AWSError):  # type: ignore[misc]
    TYPE = "StateMachineAlreadyExists"


class InvalidDefinition(AWSError):  # type: ignore[misc]
    TYPE = "InvalidDefinition"


class ExecutingBackend(parser_models.StepFunctionsParserBackend):  # type: ignore[misc]
    """moto's executing backend with AWS's rules for starting, stopping and naming."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._starting = threading.Lock()
        self._executions: dict[str, LatchedExecution] = {}

    def start_execution(
        self,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> LatchedExecution:
        """The execution of `name`, started now or running already with the same input.

        AWS (documented): no name gives a UUID; 1 to 80 characters without white space, brackets,
        wildcards, control and some special characters; the same name and input as a running
        execution is idempotent, any other use of the name within 90 days `ExecutionAlreadyExists`;
        the input is JSON of at most 262,144 bytes. moto checks none of it but the repetition.
        """
        text = "{}" if execution_input is None else execution_input
        state_machine = self.describe_state_machine(state_machine_arn)
        name = str(uuid.uuid4()) if name is None else _checked_name(name)
        _check_input(text)
        with self._starting:
            arn = self._execution_arn(state_machine.name, name)
            existing = self._executions.get(arn)
            if existing is not None:
                return _same_start(existing, text)
            execution = self._new_execution(state_machine, arn, name, text, trace_header)
            self._executions[arn] = execution
            state_machine.executions.append(execution)
            execution.start()
            return execution

    def stop_execution(
        self, execution_arn: str, error: str | None = None, cause: str | None = None
    ) -> LatchedExecution:
        execution = self.describe_execution(execution_arn)
        execution.stop(stop_date=datetime.now(UTC), error=error, cause=cause)
        return execution

    def describe_execution(self, execution_arn: str) -> LatchedExecution:
        """The execution, also of a deleted machine (as AWS, where it can be read for 90 days)."""
        self._validate_execution_arn(execution_arn)
        try:
            return self._executions[execution_arn]
        except KeyError:
            message = f"Execution Does Not Exist: '{execution_arn}'"
            raise ExecutionDoesNotExist(message) from None

    def create_state_machine(self, name: str, definition: str, **settings: Any) -> StateMachine:
        """The new machine, or the one that exists already with the same definition and type.

        AWS (documented): other `roleArn` and `tags` are ignored then, another definition, type or
        logging configuration is `StateMachineAlreadyExists`. moto returns the old machine.
        """
        existing = self._revision_by_name(name)
        if existing is not None and not _same_machine(existing, definition, settings):
            raise StateMachineAlreadyExists(f"State Machine Already Exists: '{existing.arn}'")
        with _definition_errors():
            return super().create_state_machine(name=name, definition=definition, **settings)

    def update_state_machine(self, *args: Any, **changes: Any) -> StateMachine:
        with _definition_errors():
            return super().update_state_machine(*args, **changes)

    def stop_all(self) -> None:
        """Stop every running execution, and wait a little for what they are doing to end."""
        running = list(self._running())
        for execution in running:
            execution.stop(stop_date=datetime.now(UTC), error=None, cause=None, told=False)
        deadline = datetime.now(UTC).timestamp() + _STOP_PATIENCE_S
        for execution in running:
            execution.await_threads(max(0.0, deadline - datetime.now(UTC).timestamp()))

    def _get_executions(
        self, execution_status: ExecutionStatus | None = None
    ) -> list[LatchedExecution]:
        # moto looks for task tokens here: not in the executions of deleted machines.
        if execution_status == ExecutionStatus.RUNNING:
            return list(self._running())
        return list(self._executions.values())

    def _running(self) -> Iterator[LatchedExecution]:
        return (each for each in list(self._executions.values()) if not each.is_closed)

    def _execution_arn(self, machine_name: str, name: str) -> str:
        return (
            f"arn:{self.partition}:states:{self.region_name}:{self.account_id}"
            f":execution:{machine_name}:{name}"
        )

    def _new_execution(
        self, machine: Any, arn: str, name: str, text: str, trace_header: str | None
    ) -> LatchedExecution:
        # A snapshot: later updates of the machine must not reach a running execution. What holds
        # threads and locks is shared, not copied.
        shared = {id(machine.executions): [], id(machine.backend): machine.backend}
        snapshot = copy.deepcopy(machine, shared)
        return LatchedExecution(
            name=name,
            sm_type=snapshot.sm_type,
            role_arn=snapshot.roleArn,
            exec_arn=arn,
            account_id=self.account_id,
            region_name=self.region_name,
            state_machine=snapshot,
            start_date=datetime.now(UTC),
            cloud_watch_logging_session=None,
            input_data=text,
            trace_header=trace_header,
            activity_store={},
        )


def install() -> None:
    """Let moto keep executing machines in `ExecutingBackend`; repeating is harmless."""
    if parser_models.stepfunctions_parser_backends.backend is not ExecutingBackend:
        backends = BackendDict(ExecutingBackend, "stepfunctions")
        parser_models.stepfunctions_parser_backends = backends


def stop_all() -> None:
    """Stop the running executions of every account and region."""
    for _, _, backend in list(parser_models.stepfunctions_parser_backends.iter_backends()):
        if isinstance(backend, ExecutingBackend):
            backend.stop_all()
    # moto keeps every thread it ever started in this list, and never reads it.
    TMP_THREADS.clear()


@contextmanager
def _definition_errors() -> Iterator[None]:
    """Raise moto's complaint about a definition in a form that keeps its code over the wire."""
    try:
        yield
    except ParserInvalidDefinition as exc:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{exc.message}'") from exc


def _checked_name(name: str) -> str:
    forbidden = any(
        character in _FORBIDDEN_IN_NAMES
        or any(ord(character) in points for points in _FORBIDDEN_CODE_POINTS)
        for character in name
    )
    if forbidden or not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidName(f"Invalid Name: '{name}'")
    return name


def _check_input(text: str) -> None:
    size_bytes = len(text.encode())
    if size_bytes > MAX_INPUT_BYTES:
        raise InvalidExecutionInput(
            f"Invalid State Machine Execution Input: {size_bytes} bytes, at most {MAX_INPUT_BYTES}"
        )
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except ValueError as exc:
        message = f"Invalid State Machine Execution Input: '{exc}'"
        raise InvalidExecutionInput(message) from exc


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _same_start(existing: LatchedExecution, text: str) -> LatchedExecution:
    if existing.is_closed or existing.execution_input != text:
        raise ExecutionAlreadyExists(f"Execution Already Exists: '{existing.exec_arn}'")
    return existing


def _same_machine(existing: StateMachine, definition: str, settings: dict[str, Any]) -> bool:
    asked_type = settings.get("sm_type") or "STANDARD"
    logging = settings.get("loggingConfiguration") or {"level": "OFF"}
    asked = (definition, asked_type, logging)
    return asked == (existing.definition, existing.type, existing.loggingConfiguration)
