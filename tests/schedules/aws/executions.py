"""Step Functions: executions of the real definition, and what its API says of them.

DescribeExecution, ListExecutions and the history lag behind if the schedule says so; starting and
stopping do not. Imported by the simulation alone.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.schedules.aws.caller import Caller, client_error
from tests.schedules.disturbing import Disturbing
from tests.schedules.journal import Journal, StopFact
from tests.schedules.kernel import Kernel, Process
from tests.schedules.schedule import Service
from tests.schedules.states_language.errors import StateError
from tests.schedules.states_language.interpreter import Interpreter, Invocation, Memory
from tests.schedules.wire import EXECUTIONS, STATE_MACHINE, spell_moment

REDRIVABLE = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


@dataclass(slots=True, kw_only=True)
class Execution:
    """One execution; `told` is what DescribeExecution says, by the moment since when."""

    arn: str
    input: str
    started_at: datetime
    started_s: float
    status: str = "RUNNING"
    ended_s: float | None = None
    output: str | None = None
    redrives: int = 0
    told: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)
    exits: list[tuple[float, str, Any]] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    course: Process | None = None
    interpreter: Interpreter | None = None

    @property
    def name(self) -> str:
        return self.arn.rpartition(":")[2]


InvokeFor = Callable[[str, str, Any], Invocation]  # execution ARN, function ARN, payload


class Executions:
    """The executions of one state machine."""

    def __init__(
        self,
        definition: Mapping[str, Any],
        kernel: Kernel,
        disturbing: Disturbing,
        journal: Journal,
        publish: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.by_arn: dict[str, Execution] = {}
        self.invoke: InvokeFor | None = None
        self.kernel = kernel
        self.disturbing = disturbing
        self.journal = journal
        self._definition = definition
        self._publish = publish

    def start(self, name: str, given: str) -> bool:
        """False if the name is taken by one that has ended, or has another input."""
        arn = f"{EXECUTIONS}:{name}"
        known = self.by_arn.get(arn)
        if known is not None:
            return known.status == "RUNNING" and known.input == given
        execution = Execution(
            arn=arn, input=given, started_at=self.kernel.now(), started_s=self.kernel.now_s
        )
        self.by_arn[arn] = execution
        self._set(execution, "RUNNING")
        self._go(execution)
        return True

    def stop(self, execution: Execution, error: str, cause: str) -> bool:
        """False if it has ended; its functions run on."""
        if execution.status != "RUNNING":
            return False
        self._halt(execution)
        self._set(execution, "ABORTED", error=error, cause=cause)
        return True

    def redrive(self, execution: Execution) -> None:
        """Run it on from the state in which it ended."""
        execution.redrives += 1
        execution.ended_s = None
        self._set(execution, "RUNNING")
        self._go(execution)

    def _go(self, execution: Execution) -> None:
        execution.course = self.kernel.spawn(
            f"execution {execution.name[-8:]}", lambda: self._run(execution), after_s=0.05
        )

    def _run(self, execution: Execution) -> None:
        assert self.invoke is not None
        invoke = self.invoke
        interpreter = Interpreter(
            definition=self._definition,
            context={
                "Execution": {
                    "Id": execution.arn,
                    "Input": json.loads(execution.input),
                    "Name": execution.name,
                    "RoleArn": "arn:aws:iam::123456789012:role/states",
                    "StartTime": spell_moment(execution.started_at),
                    "RedriveCount": execution.redrives,
                },
                "StateMachine": {"Id": STATE_MACHINE, "Name": STATE_MACHINE.rpartition(":")[2]},
            },
            kernel=self.kernel,
            invoke=lambda function, payload: invoke(execution.arn, function, payload),
            left=lambda name, data: execution.exits.append((self.kernel.now_s, name, data)),
            memory=execution.memory,
        )
        execution.interpreter = interpreter
        self._backstop(execution)
        try:
            output = interpreter.run(json.loads(execution.input))
        except StateError as exc:
            self._set(execution, "FAILED", error=exc.name, cause=exc.cause)
        else:
            execution.output = json.dumps(output)
            self._set(execution, "SUCCEEDED", output=execution.output)

    def _backstop(self, execution: Execution) -> None:
        def end() -> None:
            if execution.status == "RUNNING":
                self._halt(execution)
                self._set(execution, "TIMED_OUT")

        self.kernel.spawn("machine timeout", end, after_s=self._definition["TimeoutSeconds"])

    def _halt(self, execution: Execution) -> None:
        if execution.course is not None:
            self.kernel.kill(execution.course)
        if execution.interpreter is not None:
            execution.interpreter.stop_children()

    def _set(self, execution: Execution, status: str, **ending: str) -> None:
        now_s = self.kernel.now_s
        execution.status = status
        told = {
            "executionArn": execution.arn,
            "stateMachineArn": STATE_MACHINE,
            "name": execution.name,
            "status": status,
            "startDate": execution.started_at,
            "input": execution.input,
            "redriveCount": execution.redrives,
            **ending,
        }
        if status != "RUNNING":
            execution.ended_s = now_s
            told["stopDate"] = self.kernel.now()
        execution.told.append((now_s, told))
        why = f": {ending['error']}: {ending['cause']}" if "error" in ending else ""
        self.journal.note(now_s, f"execution {execution.name[-8:]} is {status}{why}")
        self._publish(
            {
                "source": "aws.states",
                "detail-type": "Step Functions Execution Status Change",
                "resources": [execution.arn],
                "detail": {"executionArn": execution.arn, "status": status},
            }
        )


class StatesClient:
    """Step Functions as one invocation reaches it."""

    def __init__(self, caller: Caller, executions: Executions) -> None:
        self._caller = caller
        self._executions = executions

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            if not self._executions.start(name, input):
                raise client_error("StartExecution", "ExecutionAlreadyExists", 400)
            return {"executionArn": f"{EXECUTIONS}:{name}"}

        return self._caller.call(Service.STATES, "StartExecution", effect)

    def describe_execution(self, *, executionArn: str) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            told = self._seen(executionArn)
            if told is None:
                raise client_error("DescribeExecution", "ExecutionDoesNotExist", 400)
            return told

        return self._caller.call(Service.STATES, "DescribeExecution", effect)

    def stop_execution(self, *, executionArn: str, error: str, cause: str) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            execution = self._executions.by_arn.get(executionArn)
            if execution is None:
                raise client_error("StopExecution", "ExecutionDoesNotExist", 400)
            if self._executions.stop(execution, error, cause):
                caller = self._caller
                fact = StopFact(
                    by=caller.function.value, execution=executionArn, at_s=caller.kernel.now_s
                )
                caller.journal.stops.append(fact)
            return {}

        return self._caller.call(Service.STATES, "StopExecution", effect)

    def get_paginator(self, operation: str) -> "_Running | _History":
        if operation == "list_executions":
            return _Running(self)
        if operation == "get_execution_history":
            return _History(self)
        raise NotImplementedError(operation)

    def running(self) -> Mapping[str, Any]:
        """ListExecutions of what runs, as far as it is seen."""

        def effect() -> Mapping[str, Any]:
            seen = [self._seen(arn) for arn in self._executions.by_arn]
            return {"executions": [told for told in seen if told and told["status"] == "RUNNING"]}

        return self._caller.call(Service.STATES, "ListExecutions", effect)

    def history(self, arn: str) -> Mapping[str, Any]:
        """GetExecutionHistory, as far as it is seen."""

        def effect() -> Mapping[str, Any]:
            until_s = self._until_s()
            exits = self._executions.by_arn[arn].exits
            events = [
                {"stateExitedEventDetails": {"name": name, "output": json.dumps(data)}}
                for at_s, name, data in exits
                if at_s <= until_s
            ]
            return {"events": events}

        return self._caller.call(Service.STATES, "GetExecutionHistory", effect)

    def _until_s(self) -> float:
        return self._caller.kernel.now_s - self._executions.disturbing.lag_s(Service.STATES)

    def _seen(self, arn: str) -> Mapping[str, Any] | None:
        execution = self._executions.by_arn.get(arn)
        until_s = self._until_s()
        seen = [told for at_s, told in (execution.told if execution else ()) if at_s <= until_s]
        return seen[-1] if seen else None


class _Running:
    def __init__(self, client: StatesClient) -> None:
        self._client = client

    def paginate(self, *, stateMachineArn: str, statusFilter: str) -> Iterator[Mapping[str, Any]]:
        yield self._client.running()


class _History:
    def __init__(self, client: StatesClient) -> None:
        self._client = client

    def paginate(self, *, executionArn: str, **_: object) -> Iterator[Mapping[str, Any]]:
        yield self._client.history(executionArn)
