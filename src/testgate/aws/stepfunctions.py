"""Step Functions, as far as gates need it: start, look at, list and stop executions."""

from collections.abc import Iterator, Mapping
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.errors import AlreadyExistsError, NotFoundError
from testgate.core.facts import ExecutionFacts

_MAX_ERROR_CHARS, _MAX_CAUSE_CHARS = 256, 32_768  # limits of StopExecution


class StepFunctions:
    """Executions of one account. Raises PortError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def start(self, state_machine_arn: str, name: str, input_json: str) -> bool:
        """Start an execution; idempotent while it runs. False if that name has already ended."""
        try:
            with port_errors("starting the gate's execution"):
                self._client.start_execution(
                    stateMachineArn=state_machine_arn, name=name, input=input_json
                )
        except AlreadyExistsError:
            return False
        return True

    def describe(self, execution_arn: str) -> ExecutionFacts | None:
        """The execution, or None if it is not there (or, for a moment, not yet visible)."""
        try:
            with port_errors("looking at the gate's execution"):
                answer = self._client.describe_execution(executionArn=execution_arn)
        except NotFoundError:
            return None
        return ExecutionFacts(
            status=answer["status"],
            started_at=answer["startDate"],
            stopped_at=answer.get("stopDate"),
            input=answer.get("input"),
            output=answer.get("output"),
            error=answer.get("error") or "",
            cause=answer.get("cause") or "",
            redrives=answer.get("redriveCount") or 0,
        )

    def stop(self, execution_arn: str, error: str, cause: str) -> None:
        """Stop the execution; one that has ended stays as it ended."""
        with port_errors("stopping the gate's execution"):
            self._client.stop_execution(
                executionArn=execution_arn,
                error=error[:_MAX_ERROR_CHARS],
                cause=cause[:_MAX_CAUSE_CHARS],
            )

    def running(self, state_machine_arn: str) -> Iterator[tuple[str, str]]:
        """ARN and name of each running execution of the machine."""
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=state_machine_arn, statusFilter="RUNNING"
        )
        with port_errors("listing the running executions"):
            for page in pages:
                yield from ((item["executionArn"], item["name"]) for item in page["executions"])

    def history(self, execution_arn: str) -> Iterator[Mapping[str, Any]]:
        """Every event of the execution, oldest first, with inputs and outputs."""
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn,
            includeExecutionData=True,
            PaginationConfig={"PageSize": 500},
        )
        with port_errors("reading the execution's history"):
            for page in pages:
                yield from page["events"]
