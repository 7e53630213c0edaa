"""One local AWS with moto for the tests of this folder; names are unique per test."""

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from testgate.local.front import aws_error
from testgate.local.server import MotoServer

ROLE = "arn:aws:iam::123456789012:role/test"
_INVOCATION = re.compile(r"^/2015-03-31/functions/(?P<name>[^/]+)/invocations/?$")
_PATIENCE_S = 120.0

Handler = Callable[[Any], Any]


class FunctionError(Exception):
    """What a function raised: the error document Lambda would answer with."""

    def __init__(self, document: Any) -> None:
        super().__init__(document)
        self.document = document


@dataclass
class Functions:
    """Lambda functions as handlers in this process, served through the front."""

    handlers: dict[str, Handler] = field(default_factory=dict)

    def add(self, handler: Handler) -> str:
        name = f"f-{uuid.uuid4().hex[:12]}"
        self.handlers[name] = handler
        return name

    def route(self, request: Request) -> Response | None:
        match = _INVOCATION.match(request.path)
        if match is None:
            return None
        if match["name"] not in self.handlers:
            return aws_error(request, 404, "ResourceNotFoundException", "Function not found")
        try:
            payload = self.handlers[match["name"]](json.loads(request.get_data() or b"{}"))
        except FunctionError as exc:
            headers = {"X-Amz-Function-Error": "Unhandled"}
            return Response(json.dumps(exc.document), 200, headers)
        return Response(json.dumps(payload), 200, content_type="application/json")


@pytest.fixture(scope="package")
def functions() -> Functions:
    return Functions()


@pytest.fixture(scope="package")
def server(functions: Functions) -> Iterator[MotoServer]:
    moto = MotoServer()
    moto.front.add_route(functions.route)
    moto.start()
    yield moto
    moto.close()


class States:
    """Step Functions, with the few steps every test repeats."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def machine(self, states: dict[str, Any], **top_level: Any) -> str:
        definition = {"StartAt": next(iter(states)), "States": states, **top_level}
        answer = self.client.create_state_machine(
            name=f"m-{uuid.uuid4().hex[:12]}", definition=json.dumps(definition), roleArn=ROLE
        )
        return str(answer["stateMachineArn"])

    def start(self, machine: str, given: Any = None, **settings: Any) -> str:
        text = json.dumps({} if given is None else given)
        answer = self.client.start_execution(stateMachineArn=machine, input=text, **settings)
        return str(answer["executionArn"])

    def describe(self, execution: str) -> dict[str, Any]:
        return dict(self.client.describe_execution(executionArn=execution))

    def events(self, execution: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def ended(self, execution: str) -> dict[str, Any]:
        return dict(
            eventually(
                lambda: self.describe(execution), lambda answer: answer["status"] != "RUNNING"
            )
        )

    def run(self, states: dict[str, Any], given: Any = None, **top_level: Any) -> dict[str, Any]:
        return self.ended(self.start(self.machine(states, **top_level), given))

    def output(self, states: dict[str, Any], given: Any = None) -> Any:
        answer = self.run(states, given)
        assert answer["status"] == "SUCCEEDED", answer
        return json.loads(answer["output"])


@pytest.fixture
def states(server: MotoServer) -> States:
    return States(server.client("stepfunctions"))


class Stacks:
    """One stack name, with the steps every test repeats."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.name = f"s-{uuid.uuid4().hex[:12]}"

    def create(self, template: Any, **parameters: str) -> dict[str, Any]:
        self.client.create_stack(
            StackName=self.name, TemplateBody=text(template), Parameters=given(parameters)
        )
        return self.describe()

    def update(self, template: Any, **parameters: str) -> dict[str, Any]:
        self.client.update_stack(
            StackName=self.name, TemplateBody=text(template), Parameters=given(parameters)
        )
        return self.describe()

    def describe(self) -> dict[str, Any]:
        return dict(self.client.describe_stacks(StackName=self.name)["Stacks"][0])

    def outputs(self) -> dict[str, str]:
        found = self.describe().get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def events(self) -> list[tuple[str, str]]:
        found = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in found]

    def change_set(self, template: Any, kind: str, **parameters: str) -> dict[str, Any]:
        made = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"c-{uuid.uuid4().hex[:12]}",
            ChangeSetType=kind,
            TemplateBody=text(template),
            Parameters=given(parameters),
        )
        return dict(self.client.describe_change_set(ChangeSetName=made["Id"]))


def text(template: Any) -> str:
    return template if isinstance(template, str) else json.dumps(template)


def given(parameters: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]


@pytest.fixture
def stacks(server: MotoServer) -> Stacks:
    return Stacks(server.client("cloudformation"))


def eventually(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """What `look` sees once it is `good`; an assertion error after a while."""
    deadline = time.monotonic() + _PATIENCE_S
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.005)
    return seen


@dataclass
class Gate:
    """A handler that tells when it was entered and returns when it is opened."""

    entered: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def handler(self, event: Any) -> Any:
        self.entered.set()
        assert self.opened.wait(_PATIENCE_S)
        return {"seen": event}
