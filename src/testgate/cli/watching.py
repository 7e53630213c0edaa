"""Follows one deployment on the local AWS to its end: each stage, each call of the hook, and what
its gate run does meanwhile. Imported by the demo.
"""

import json
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape

from testgate.cli.acts import Meddling
from testgate.core.errors import GateError
from testgate.local.ecs import DeploymentTransition, HookAnswered, TransitionKind
from testgate.local.site import Site
from testgate.local.world import LocalAws

POLL_S = 0.1
PATIENCE_S = 300.0
_STATES = {
    "Prepare": "finds green, the plan and the deadline",
    "RunSuite": "runs the suite against green",
    "Judge": "compares results with the plan, writes the record",
}


@dataclass(slots=True, kw_only=True)
class Follower:
    """Turns what happens to deployments into lines; start it before the deployment."""

    local: LocalAws
    site: Site
    state_machine_arn: str
    seen: "queue.SimpleQueue[DeploymentTransition]" = field(default_factory=queue.SimpleQueue)
    told: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)
    calls: int = 0
    meddling: Meddling | None = None

    def follow(self, console: Console, arn: str, meddling: Meddling | None = None) -> str:
        """Print lines until the deployment has ended, meddling with it at the named moment; its
        last status. Raises GateError if it never ends."""
        began = time.monotonic()
        self.told.clear()
        self.calls = 0
        self.meddling = meddling
        with console.status("deploying …"):
            while True:
                status = None
                for transition in self._transitions(arn):
                    for line in self._lines(transition):
                        _print(console, began, line)
                    status = transition.status if transition.status.ended else status
                for line in self._gate_lines():
                    _print(console, began, line)
                if status is not None:
                    return status.value
                if time.monotonic() - began > PATIENCE_S:
                    raise GateError(f"{arn} has not ended after {PATIENCE_S:.0f} s")

    def _lines(self, transition: DeploymentTransition) -> Iterator[str]:
        match transition.kind:
            case TransitionKind.STAGE_ENTERED if transition.stage:
                yield transition.stage.value
            case TransitionKind.HOOK_ANSWERED:
                self.calls += 1
                status = _hook_status(transition)
                if status != "IN_PROGRESS":
                    yield f"  hook answered [bold]{status}[/] [dim]to call {self.calls}[/]"
                elif self.calls == 1:
                    yield "  hook answered IN_PROGRESS [dim]and is called again until it knows[/]"
            case TransitionKind.STATUS_CHANGED if transition.status.value != "IN_PROGRESS":
                reason = transition.status_reason
                new = f" [dim]{escape(reason)}[/]" if reason and reason not in self.reasons else ""
                self.reasons.add(reason or "")
                yield f"[bold]{transition.status.value}[/]{new}"

    def _transitions(self, arn: str) -> Iterator[DeploymentTransition]:
        """What has happened since the last look, waiting a moment for something to."""
        wait_s = POLL_S
        while True:
            try:
                transition = self.seen.get(timeout=wait_s)
            except queue.Empty:
                return
            wait_s = 0.001
            if transition.deployment_arn == arn:
                yield transition

    def _gate_lines(self) -> Iterator[str]:
        states = self.local.client("stepfunctions")
        running = states.list_executions(
            stateMachineArn=self.state_machine_arn, statusFilter="RUNNING"
        )["executions"]
        for execution in running:
            history = states.get_execution_history(executionArn=execution["executionArn"])
            for event in history["events"]:
                name = event.get("stateEnteredEventDetails", {}).get("name", "")
                if name in _STATES and name not in self.told:
                    self.told.add(name)
                    yield f"    [cyan]{name}[/] [dim]{_STATES[name]}[/]"
                    yield from self._meddle(name, execution["executionArn"])

    def _meddle(self, state: str, execution_arn: str) -> Iterator[str]:
        meddling = self.meddling
        if meddling is None or meddling.state != state:
            return
        self.meddling = None
        meddling.act(self.local.client, self.site, execution_arn)
        yield f"    [yellow]{meddling.says}[/]"


def _hook_status(transition: DeploymentTransition) -> str:
    if not isinstance(transition.answer, HookAnswered):
        return "with an error"
    answer: dict[str, Any] = json.loads(transition.answer.body)
    return str(answer.get("hookStatus"))


def _print(console: Console, began: float, line: str) -> None:
    console.print(f"  [dim]{time.monotonic() - began:5.1f} s[/]  {line}", soft_wrap=True)
