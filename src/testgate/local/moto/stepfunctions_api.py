"""The Step Functions operations whose requests or answers moto cuts short, in full.

Fields of StopExecution, SendTaskFailure, DescribeExecution, ListExecutions and the pages of
GetExecutionHistory. Imported by the installation of the bridges alone.
"""

import base64
import binascii
from typing import Any

import moto.stepfunctions.urls as states_urls
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import InvalidToken, ValidationException
from moto.stepfunctions.parser.api import InvalidToken as ParserInvalidToken
from moto.stepfunctions.responses import StepFunctionResponse

_MAX_ERROR_CHARACTERS = 256
_MAX_CAUSE_CHARACTERS = 32_768
_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1000
_EXECUTION_DATA = ("input", "output", "parameters")


class InvalidPageToken(AWSError):  # type: ignore[misc]
    TYPE = "InvalidToken"


class StatesResponse(StepFunctionResponse):  # type: ignore[misc]
    """moto's operations, with those that drop parameters or fields done in full."""

    def stop_execution(self) -> ActionResult:
        """AWS (documented): error and cause are kept, `stopDate` is answered. moto drops them."""
        error, cause = self._error_and_cause()
        arn = self._get_param("executionArn")
        execution = self.stepfunction_backend.stop_execution(arn, error=error, cause=cause)
        return ActionResult({"stopDate": execution.stop_date})

    def send_task_failure(self) -> ActionResult:
        """AWS (documented): the cause becomes the state's. moto drops it."""
        error, cause = self._error_and_cause()
        token = self._get_param("taskToken")
        try:
            self.stepfunction_backend.send_task_failure(token, error=error, cause=cause)
        except ParserInvalidToken as exc:
            raise InvalidToken("Invalid token") from exc
        return EmptyResult()

    def describe_execution(self) -> ActionResult:
        """AWS (documented): `stopDate` of every closed execution, and what redriving it could do.

        moto leaves out the stop date of a timed out execution. The local AWS does not redrive.
        """
        answer: dict[str, Any] = dict(super().describe_execution().result)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        answer["redriveCount"] = 0
        answer["redriveStatus"] = "NOT_REDRIVABLE"
        answer["redriveStatusReason"] = "The local AWS does not redrive executions"
        if execution.stop_date is not None:
            answer["stopDate"] = execution.stop_date
        return ActionResult(answer)

    def list_executions(self) -> ActionResult:
        """AWS (documented): needs a machine or map run ARN; gives the stop date of closed ones."""
        if not self._get_param("stateMachineArn"):
            raise ValidationException(
                "Must provide a state machine ARN (the local AWS: no map run)"
            )
        answer: dict[str, Any] = dict(super().list_executions().result)
        for item in answer["executions"]:
            execution = self.stepfunction_backend.describe_execution(item["executionArn"])
            if execution.stop_date is not None:
                item["stopDate"] = execution.stop_date
        return ActionResult(answer)

    def get_execution_history(self) -> ActionResult:
        """AWS (documented): pages of 100 events unless `maxResults` (at most 1000) says otherwise.

        `reverseOrder` starts at the newest, `includeExecutionData` false leaves out inputs and
        outputs. moto gives all events in one answer and ignores the rest.
        """
        answer = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))
        events = answer["events"]
        if self._get_param("reverseOrder"):
            events = events[::-1]
        if self._get_param("includeExecutionData") is False:
            events = [_without_data(event) for event in events]
        size = min(self._get_param("maxResults") or _DEFAULT_PAGE, _LARGEST_PAGE)
        start = _decode(self._get_param("nextToken"))
        page: dict[str, Any] = {"events": events[start : start + size]}
        if start + size < len(events):
            page["nextToken"] = _encode(start + size)
        return ActionResult(page)

    def _error_and_cause(self) -> tuple[str | None, str | None]:
        error, cause = self._get_param("error"), self._get_param("cause")
        for name, text, limit in (
            ("error", error, _MAX_ERROR_CHARACTERS),
            ("cause", cause, _MAX_CAUSE_CHARACTERS),
        ):
            if text is not None and len(text) > limit:
                raise ValidationException(
                    f"1 validation error detected: Value at '{name}' failed to satisfy constraint: "
                    f"Member must have length less than or equal to {limit}"
                )
        return error, cause


def install() -> None:
    """Let moto's server dispatch the states API to `StatesResponse`; repeating is harmless."""
    states_urls.url_paths["{0}/$"] = StatesResponse.dispatch


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {k: v for k, v in value.items() if k not in _EXECUTION_DATA}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }


def _encode(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _decode(token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except (ValueError, binascii.Error) as exc:
        raise InvalidPageToken(f"Invalid Token: '{token}'") from exc
