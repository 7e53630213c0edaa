"""Runs a definition in virtual time: states, retries with backoff, catches, maps.

Documented behaviour of AWS Step Functions; what a state does besides is refused on loading. The
interpreter knows no service: whoever runs it supplies functions and hears of each state's end.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from tests.schedules.kernel import Kernel, Process
from tests.schedules.states_language.choices import is_met
from tests.schedules.states_language.errors import (
    DATA_LIMIT,
    RUNTIME,
    TIMEOUT,
    StateError,
    meets,
)
from tests.schedules.states_language.paths import Scope, read, resolve, steps_of

MAX_DATA_BYTES = 262_144
_NO_RESULT = object()
State = Mapping[str, Any]
Place = tuple[object, ...]  # names of states and indices of items, from the outside in


class Invoke(Protocol):
    """Starts a function; the process answers with its payload, or fails with a StateError."""

    def __call__(self, function_arn: str, payload: Any) -> "Invocation": ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function that runs: its process, and how to read what came of it."""

    process: Process
    answer: Callable[[], Any]


@dataclass(slots=True)
class Memory:
    """What a redrive begins from: where the execution was, and which map items had ended."""

    state: str | None = None
    data: Any = None
    items: dict[Place, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """One execution of a definition."""

    definition: State
    context: Mapping[str, Any]
    kernel: Kernel
    invoke: Invoke
    left: Callable[[str, Any], None]
    memory: Memory = field(default_factory=Memory)
    children: list[tuple[Place, Process]] = field(default_factory=list)

    def stop_children(self, place: "Place" = ()) -> None:
        """End every map item and branch at or below a place."""
        for below, process in self.children:
            if below[: len(place)] == place:
                self.kernel.kill(process)

    def run(self, data: Any) -> Any:
        """The output. Raises StateError for an execution that fails."""
        memory = self.memory
        name, data = (memory.state, memory.data) if memory.state else (None, data)
        return self._run_machine(self.definition, data, dict(self.context), (), name)

    def _run_machine(
        self,
        machine: State,
        data: Any,
        context: dict[str, Any],
        place: Place,
        start: str | None = None,
    ) -> Any:
        name = start or machine["StartAt"]
        while True:
            if not place:
                self.memory.state, self.memory.data = name, data
            step = _Step(self, name, machine["States"][name], context, place)
            following, data = step.run(data)
            _fit(data)
            if machine["States"][name]["Type"] != "Fail":
                self.left(name, data)
            if following is None:
                return data
            name = following


class _Step:
    """One visit of one state."""

    def __init__(
        self,
        interpreter: Interpreter,
        name: str,
        state: State,
        context: Mapping[str, Any],
        place: Place,
    ) -> None:
        self.interpreter = interpreter
        self.kernel = interpreter.kernel
        self.name = name
        self.state = state
        self.place = (*place, name)
        entered = self.kernel.now().isoformat().replace("+00:00", "Z")
        self.told = {"Name": name, "EnteredTime": entered, "RetryCount": 0}
        self.context: dict[str, Any] = {**context, "State": self.told}

    def run(self, raw: Any) -> tuple[str | None, Any]:
        """Name of the next state, None at an end, and what goes there. Raises StateError."""
        retries: dict[int, int] = {}
        while True:
            try:
                return self._visit(raw)
            except StateError as exc:
                delay_s = self._retry_delay(exc, retries)
                if delay_s is None:
                    return self._catch(exc, raw)
                self.kernel.sleep(delay_s)
                self.told["RetryCount"] = sum(retries.values())

    def _retry_delay(self, error: StateError, retries: dict[int, int]) -> float | None:
        """Seconds until the next try, by the first retrier that meets; None if there is none."""
        for index, retrier in enumerate(self.state.get("Retry", ())):
            if not meets(retrier["ErrorEquals"], error.name):
                continue
            used = retries.get(index, 0)
            if used >= retrier.get("MaxAttempts", 3):
                return None
            retries[index] = used + 1
            delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** used
            return float(min(delay, retrier.get("MaxDelaySeconds", delay)))
        return None

    def _catch(self, error: StateError, raw: Any) -> tuple[str, Any]:
        for catcher in self.state.get("Catch", ()):
            if meets(catcher["ErrorEquals"], error.name):
                caught = {"Error": error.name, "Cause": error.cause}
                return catcher["Next"], place_result(catcher.get("ResultPath", "$"), raw, caught)
        raise error

    def _visit(self, raw: Any) -> tuple[str | None, Any]:
        state = self.state
        data = self._at(state.get("InputPath", "$"), raw)
        match state["Type"]:
            case "Choice":
                return self._choose(data), self._at(state.get("OutputPath", "$"), data)
            case "Succeed":
                return None, self._at(state.get("OutputPath", "$"), data)
            case "Fail":
                raise StateError(self._text("Error", data), self._text("Cause", data))
            case "Wait":
                seconds = state.get("Seconds")
                self.kernel.sleep(
                    self._at(state["SecondsPath"], data) if seconds is None else seconds
                )
                result = _NO_RESULT
            case "Pass":
                result = state["Result"] if "Result" in state else self._parameters(data)
            case "Task":
                result = self._task(data)
            case "Map":
                result = self._map(data)
            case _:
                result = self._parallel(data)
        if result is not _NO_RESULT:
            if "ResultSelector" in state:
                result = resolve(state["ResultSelector"], Scope(result, self.context))
            data = place_result(state.get("ResultPath", "$"), data, result)
        return state.get("Next"), self._at(state.get("OutputPath", "$"), data)

    def _at(self, path: str | None, data: Any) -> Any:
        return {} if path is None else read(path, Scope(data, self.context))

    def _text(self, key: str, data: Any) -> str:
        if f"{key}Path" not in self.state:
            return str(self.state.get(key, ""))
        value = self._at(self.state[f"{key}Path"], data)
        if not isinstance(value, str):
            raise StateError(RUNTIME, f"{key}Path of {self.name} leads to no text")
        return value

    def _choose(self, data: Any) -> str:
        scope = Scope(data, self.context)
        for rule in self.state["Choices"]:
            if is_met(rule, scope):
                return str(rule["Next"])
        if "Default" not in self.state:
            raise StateError("States.NoChoiceMatched", f"no rule of {self.name} is met")
        return str(self.state["Default"])

    def _parameters(self, data: Any) -> Any:
        if "Parameters" not in self.state:
            return data
        return resolve(self.state["Parameters"], Scope(data, self.context))

    def _task(self, data: Any) -> Any:
        given = self._parameters(data)
        timeout_s = self.state.get("TimeoutSeconds")
        if "TimeoutSecondsPath" in self.state:
            timeout_s = self._at(self.state["TimeoutSecondsPath"], data)
            if type(timeout_s) is not int or timeout_s <= 0:
                raise StateError(RUNTIME, f"TimeoutSecondsPath of {self.name} leads to no seconds")
        payload = given.get("Payload")
        _fit(payload)
        running = self.interpreter.invoke(given["FunctionName"], payload)
        if not self.kernel.wait(running.process, timeout_s=timeout_s):
            raise StateError(TIMEOUT, "")
        answer = running.answer()
        result = {"ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200}
        _fit(result)
        return result

    def _map(self, data: Any) -> list[Any]:
        items = self._at(self.state.get("ItemsPath", "$"), data)
        if not isinstance(items, list):
            raise StateError(RUNTIME, f"ItemsPath of {self.name} leads to no list")
        machine = self.state["ItemProcessor"]
        works = []
        for index, item in enumerate(items):
            context = {**self.context, "Map": {"Item": {"Index": index, "Value": item}}}
            template = self.state.get("ItemSelector")
            given = item if template is None else resolve(template, Scope(data, context))
            works.append((machine, given, context))
        path = self.state.get("MaxConcurrencyPath")
        most = self.state.get("MaxConcurrency", 0) if path is None else self._at(path, data)
        return self._side_by_side(works, most or len(items))

    def _parallel(self, data: Any) -> list[Any]:
        given = self._parameters(data)
        works = [(machine, given, self.context) for machine in self.state["Branches"]]
        return self._side_by_side(works, len(works))

    def _side_by_side(
        self, works: list[tuple[State, Any, dict[str, Any]]], at_once: int
    ) -> list[Any]:
        """The outputs in order; the first failure stops the others and is this state's own."""
        interpreter, memory = self.interpreter, self.interpreter.memory
        failures: list[StateError] = []

        def work(index: int) -> None:
            machine, given, context = works[index]
            place = (*self.place, index)
            try:
                memory.items[place] = interpreter._run_machine(machine, given, context, place)
            except StateError as exc:
                failures.append(exc)

        due = [index for index in range(len(works)) if (*self.place, index) not in memory.items]
        running: list[Process] = []
        while (due or running) and not failures:
            while due and len(running) < at_once:
                index = due.pop(0)
                process = self.kernel.spawn(f"{self.name} {index}", partial(work, index))
                interpreter.children.append(((*self.place, index), process))
                running.append(process)
            self.kernel.wait(*running)
            running = [process for process in running if not process.ended]
        if failures:
            interpreter.stop_children(self.place)
            raise failures[0]
        return [memory.items.pop((*self.place, index)) for index in range(len(works))]


def place_result(path: str | None, data: Any, result: Any) -> Any:
    """What `ResultPath` makes of a state's input and its result."""
    if path is None:
        return data
    steps = steps_of(path)
    if not steps:
        return result
    if not isinstance(data, dict):
        raise StateError("States.ResultPathMatchFailure", f"{path} does not fit the input")
    first = str(steps[0])
    rest = "".join(f".{step}" for step in steps[1:])
    return {**data, first: place_result(f"${rest}", data.get(first, {}), result)}


def _fit(data: Any) -> None:
    """Raises StateError (States.DataLimitExceeded) for more than a state may hand on."""
    text = json.dumps(data)
    if len(text) > MAX_DATA_BYTES:
        raise StateError(DATA_LIMIT, f"the data is {len(text)} bytes, over the limit")
