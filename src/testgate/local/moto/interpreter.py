"""Errors in the States Language as AWS names and matches them, where moto's interpreter differs.

Subclasses of the interpreter's own components, put in their place. Imported by the installation of
the bridges alone.
"""

import json
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import (
    ExecutionFailedEventDetails,
    HistoryEventType,
    TaskTimedOutEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (  # noqa: E501
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
    ComparisonVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import (
    NoSuchVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
    LambdaFunctionErrorException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (  # noqa: E501
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from testgate.local.moto.interpreter_clients import INTERPRETER
from testgate.local.moto.replacement import replace_everywhere

_RUNTIME = StatesErrorNameType.StatesRuntime.to_name()
_DATA_LIMIT = StatesErrorNameType.StatesStatesDataLimitExceeded.to_name()
_TIMEOUT = StatesErrorNameType.StatesTimeout.to_name()
_HEARTBEAT = StatesErrorNameType.StatesHeartbeatTimeout.to_name()
_ALL = StatesErrorNameType.StatesALL.to_name()
_TASK_FAILED = StatesErrorNameType.StatesTaskFailed.to_name()


class ErrorEquals(ErrorEqualsDecl):  # type: ignore[misc]
    """The `ErrorEquals` of a Retry or Catch.

    AWS (documented): `States.ALL` matches neither `States.DataLimitExceeded` nor `States.Runtime`;
    `States.Runtime` always fails the execution; `States.TaskFailed` matches any error but
    `States.Timeout`; `States.Timeout` also means a missed heartbeat. moto lets `States.ALL` match
    everything and a heartbeat only by its own name.
    """

    def _eval_body(self, env: Any) -> None:
        reported = env.stack.pop()
        name = reported.error_name if reported is not None else None
        wanted = {error.error_name for error in self.error_names}
        env.stack.append(_matches(wanted, name))


class Choice(StateChoice):  # type: ignore[misc]
    """A Choice state.

    AWS (documented): no rule matches and there is no `Default`: `States.NoChoiceMatched`. moto says
    `States.Runtime`.
    """

    def _eval_state(self, env: Any) -> None:
        for rule in self.choices_decl.rules:
            rule.eval(env)
            if env.stack.pop() is True:
                env.stack.append(rule.next_stmt.name)
                return
        if self.default_state is None:
            raise FailureEventException(self._no_choice_matched(env))
        env.stack.append(self.default_state.state_name)

    def _no_choice_matched(self, env: Any) -> FailureEvent:
        cause = (
            f"An error occurred while executing the state '{self.name}': no rule of the Choice "
            "matches its input and it has no Default."
        )
        return _failure(env, StatesErrorNameType.StatesNoChoiceMatched, cause)


class ChoiceVariable(ComparisonVariable):  # type: ignore[misc]
    """A rule's comparison with its `Variable`.

    AWS (seen): a path that leads nowhere fails the execution with `States.Runtime`, unless the rule
    asks `IsPresent`. moto takes such a rule for one that is not met.
    """

    def _eval_body(self, env: Any) -> None:
        self.variable.eval(env)
        found, compared = env.stack[-1], self.comparison_function
        asks = compared.operator_type is ComparisonOperatorType.IsPresent
        if isinstance(found, NoSuchVariable) and not asks:
            cause = f"Invalid path: the choice state's condition leads nowhere: {found.path}"
            raise FailureEventException(_failure(env, StatesErrorNameType.StatesRuntime, cause))
        compared.eval(env)


class LambdaTask(StateTaskServiceLambda):  # type: ignore[misc]
    """A task of `arn:aws:states:::lambda:invoke`.

    AWS (documented): an error document without `errorType` is `Lambda.Unknown`. moto says
    `Exception`, which a Catch written for AWS would miss. A machine whose role may not invoke gets
    `Lambda.AWSLambdaException` (seen); moto says `Lambda.AccessDeniedException`.
    """

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        event = super()._from_error(env, ex)
        error = _lambda_error(ex)
        if error is None:
            return event
        details = {**event.event_details["taskFailedEventDetails"], "error": error}
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(error),
            event_type=event.event_type,
            event_details=EventDetails(taskFailedEventDetails=details),
        )


def install() -> None:
    """Put the corrected components in the place of moto's; repeating is harmless."""
    replace_everywhere(INTERPRETER, ErrorEqualsDecl, ErrorEquals)
    replace_everywhere(INTERPRETER, StateChoice, Choice)
    replace_everywhere(INTERPRETER, ComparisonVariable, ChoiceVariable)
    replace_everywhere(INTERPRETER, StateTaskServiceLambda, LambdaTask)
    StateTask._from_error = _task_error


_moto_task_error = StateTask._from_error


def _task_error(task: Any, env: Any, ex: Exception) -> FailureEvent:
    """The failure of a task that raised `ex`.

    AWS (documented): a missed heartbeat is `States.HeartbeatTimeout`. moto says `States.Timeout`.
    """
    event = _moto_task_error(task, env, ex)
    if not isinstance(ex, HeartbeatTimeoutError):
        return event
    details = {**event.event_details["taskTimedOutEventDetails"], "error": _HEARTBEAT}
    return FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=StatesErrorNameType.StatesHeartbeatTimeout),
        event_type=HistoryEventType.TaskTimedOut,
        event_details=EventDetails(taskTimedOutEventDetails=TaskTimedOutEventDetails(**details)),
    )


def _matches(wanted: set[str | None], name: str | None) -> bool:
    if name == _RUNTIME:
        return False
    if name in wanted or (name == _HEARTBEAT and _TIMEOUT in wanted):
        return True
    if name == _DATA_LIMIT:
        return False
    return _ALL in wanted or (_TASK_FAILED in wanted and name != _TIMEOUT)


def _failure(env: Any, kind: StatesErrorNameType, cause: str) -> FailureEvent:
    details = ExecutionFailedEventDetails(error=kind.to_name(), cause=cause)
    return FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=kind),
        event_type=HistoryEventType.ExecutionFailed,
        event_details=EventDetails(executionFailedEventDetails=details),
    )


def _lambda_error(ex: Exception) -> str | None:
    """How AWS names an error that moto names otherwise; None for every other."""
    if isinstance(ex, LambdaFunctionErrorException) and not _has_error_type(ex.payload):
        return "Lambda.Unknown"
    if isinstance(ex, ClientError) and ex.response["Error"]["Code"] == "AccessDeniedException":
        return "Lambda.AWSLambdaException"
    return None


def _has_error_type(payload: str) -> bool:
    document = json.loads(payload)
    return isinstance(document, dict) and "errorType" in document
