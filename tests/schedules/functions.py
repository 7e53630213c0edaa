"""Lambda: runs the project's functions, and what may go wrong with an invocation.

The steps are the real classes over real ports; only `run_suite` is a model (`suites`). What the
handlers do besides, reading the environment, is done here. Imported by the simulation alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from state_machines.steps.cancel import Cancel
from state_machines.steps.check import Check
from state_machines.steps.finish import Finish
from state_machines.steps.judge import Judge
from state_machines.steps.prepare import Prepare
from testgate.aws.discovery import Discovery
from testgate.aws.ecs import Ecs
from testgate.aws.elbv2 import Elbv2
from testgate.aws.s3 import Bucket
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.aws_events import execution_of, service_of
from testgate.core.handoff import parse_execution
from tests.schedules.aws.balancer import ElbClient
from tests.schedules.aws.caller import Caller, TimeoutInFunctionError
from tests.schedules.aws.deployments import EcsClient
from tests.schedules.aws.executions import StatesClient
from tests.schedules.aws.storage import S3Client
from tests.schedules.kernel import KilledError
from tests.schedules.schedule import Function, InvokeFaultKind
from tests.schedules.states_language.errors import StateError
from tests.schedules.states_language.interpreter import Invocation
from tests.schedules.suites import SuiteModel
from tests.schedules.wire import BUCKET, HOOK_FUNCTION, STATE_MACHINE
from tests.schedules.world import World

# As infra/gate.yaml has them; test_simulation.py compares.
TIMEOUTS_S = {
    Function.HOOK: 60,
    Function.PREPARE: 60,
    Function.CHECK: 60,
    Function.RUN_SUITE: 900,
    Function.JUDGE: 60,
    Function.FINISH: 60,
    Function.CANCEL: 60,
}
# The definition's placeholders, without `FunctionArn`.
PLACEHOLDERS = {
    "Prepare": Function.PREPARE,
    "Check": Function.CHECK,
    "RunSuite": Function.RUN_SUITE,
    "Judge": Function.JUDGE,
}
_START_S = 0.05
_UNHEARD = frozenset({InvokeFaultKind.LOST})
_DEAD = frozenset({InvokeFaultKind.EXITED, InvokeFaultKind.OUT_OF_MEMORY})


@dataclass(slots=True)
class Outcome:
    """What an invocation came to: an answer, or an error that the state machine sees."""

    answer: Any = None
    error: StateError | None = None


class Functions:
    """The functions of the stack, run in a world."""

    def __init__(self, world: World, suites: SuiteModel) -> None:
        self._world = world
        self._suites = suites
        self._steps: Mapping[Function, Callable[[Caller, Any], Any]] = {
            Function.PREPARE: self._prepare,
            Function.CHECK: self._check,
            Function.RUN_SUITE: suites.run,
            Function.JUDGE: self._judge,
            Function.FINISH: self._finish,
            Function.CANCEL: self._cancel,
        }

    def invoke_from_machine(self, execution: str, function_arn: str, payload: Any) -> Invocation:
        """As an execution invokes: with the faults that the schedule has for it."""
        name = function_arn.rpartition(":")[2].removesuffix("FunctionArn")
        function = PLACEHOLDERS[name]
        nth, fault = self._world.disturbing.invocation(function)
        outcome = Outcome()
        if fault is not None:
            self._world.note(f"invocation {nth} of {function}: {fault}")
        event = json.loads(json.dumps(payload))
        caller = self._caller(function)
        caller.execution = execution
        process = self._world.kernel.spawn(
            function.value, lambda: self._invoke(caller, event, fault, outcome), _START_S
        )

        def answer() -> Any:
            if outcome.error is not None:
                raise outcome.error
            for look in caller.looks:
                look.heard = True
            return outcome.answer

        return Invocation(process, answer)

    def run(self, function: Function, event: Any) -> Any:
        """As an event invokes: what it answers. Raises what the function raises, KilledError."""
        caller = self._caller(function)
        return self._steps[function](caller, event)

    def _invoke(
        self, caller: Caller, event: Any, fault: InvokeFaultKind | None, outcome: Outcome
    ) -> None:
        function = caller.function
        if fault is InvokeFaultKind.FROZEN:
            self._world.kernel.sleep(TIMEOUTS_S[function])
            outcome.error = _timed_out(function)
        elif fault in _DEAD:
            outcome.error = _function_error(str(fault), "Runtime exited")
        elif fault is not None and fault not in _UNHEARD:
            outcome.error = StateError(str(fault), "the service could not run the function")
        else:
            self._work(caller, event, outcome)
            if fault in _UNHEARD:
                outcome.error = StateError(str(fault), "Unable to execute HTTP request")

    def _work(self, caller: Caller, event: Any, outcome: Outcome) -> None:
        try:
            answer = self._steps[caller.function](caller, event)
            outcome.answer = json.loads(json.dumps(answer))
        except TimeoutInFunctionError:
            outcome.error = _timed_out(caller.function)
        except KilledError:
            outcome.error = _function_error("Runtime.ExitError", "Runtime exited with error")
        except Exception as exc:  # noqa: BLE001 - as Lambda turns any error into its document
            outcome.error = _function_error(type(exc).__name__, str(exc))

    def _caller(self, function: Function) -> Caller:
        caller = self._world.caller(function)
        caller.ends_at_s = self._world.kernel.now_s + TIMEOUTS_S[function]
        return caller

    def _prepare(self, caller: Caller, event: Any) -> Any:
        execution = parse_execution(event["execution"])
        ecs = Ecs(EcsClient(caller, self._world.deployments))
        step = Prepare(
            ecs=ecs,
            discovery=Discovery(ecs=ecs, elbv2=Elbv2(ElbClient(caller, self._world.balancer))),
            bucket=Bucket(S3Client(caller, self._world.storage), BUCKET),
            hook_function_arn=HOOK_FUNCTION,
            now=self._world.kernel.now,
        )
        return step.prepare(execution, event["input"])

    def _check(self, caller: Caller, event: Any) -> Any:
        step = Check(
            ecs=Ecs(EcsClient(caller, self._world.deployments)),
            bucket=Bucket(S3Client(caller, self._world.storage), BUCKET),
        )
        execution = parse_execution(event["execution"])
        return step.check(execution, event["input"], event["plan_digest"], event["so_far"])

    def _judge(self, caller: Caller, event: Any) -> Any:
        execution = parse_execution(event["execution"])
        ecs = Ecs(EcsClient(caller, self._world.deployments))
        step = Judge(
            ecs=ecs,
            discovery=Discovery(ecs=ecs, elbv2=Elbv2(ElbClient(caller, self._world.balancer))),
            bucket=Bucket(S3Client(caller, self._world.storage), BUCKET),
            now=self._world.kernel.now,
            sleep=caller.sleep,
        )
        return step.judge(execution, event["input"], event["state"]).spell()

    def _finish(self, caller: Caller, event: Any) -> Any:
        step = Finish(
            executions=StepFunctions(StatesClient(caller, self._world.executions)),
            bucket=Bucket(S3Client(caller, self._world.storage), BUCKET),
            now=self._world.kernel.now,
        )
        return step.finish(execution_of(event))

    def _cancel(self, caller: Caller, event: Any) -> Any:
        step = Cancel(
            ecs=Ecs(EcsClient(caller, self._world.deployments)),
            executions=StepFunctions(StatesClient(caller, self._world.executions)),
            state_machine_arn=STATE_MACHINE,
        )
        return step.cancel(service_of(event))


def _function_error(kind: str, message: str) -> StateError:
    cause = json.dumps({"errorType": kind, "errorMessage": message})
    return StateError(kind, cause)


def _timed_out(function: Function) -> StateError:
    message = f"Task timed out after {TIMEOUTS_S[function]}.00 seconds"
    return _function_error("Sandbox.Timedout", message)
