"""A task of a service: local processes for its containers, from PROVISIONING to STOPPED.

Imported by `testgate.local.ecs` alone.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from testgate.local.ecs.containers import (
    ContainerPlan,
    TaskStartError,
    plan_container,
    stand_in_note,
)
from testgate.local.ecs.images import ImageMap
from testgate.local.ecs.processes import ContainerProcess, Warden
from testgate.local.ecs.task_logs import LogSetupError, TaskLog, read_awslogs


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """What starting a task needs: where images are mapped, the warden, CloudWatch Logs, time."""

    images: ImageMap
    warden: Warden
    logs: Callable[[], Any]
    now: Callable[[], datetime]

    def notes_of_stand_ins(self, tasks: "Sequence[Task]") -> list[str]:
        """A sentence for each image that a stand-in answers for, in the order of the containers."""
        containers = [container for task in tasks for container in task.containers]
        images = dict.fromkeys(str(c.definition["image"]) for c in containers if c.stand_in)
        return [stand_in_note(image, self.images) for image in images]


@dataclass(slots=True, kw_only=True)
class Container:
    """A container of a task; `ports` maps containerPort to the real loopback port."""

    definition: Mapping[str, Any]
    ports: Mapping[int, int] = field(default_factory=dict)
    log: TaskLog | None = None
    process: ContainerProcess | None = None
    exit_code: int | None = None
    reason: str | None = None
    stand_in: bool = False

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def essential(self) -> bool:
        return bool(self.definition.get("essential", True))


class Task:
    """One task; public attributes are read by the API and written here only.

    `on_stopped` is called once, when the task has stopped without being asked to.
    """

    def __init__(
        self,
        arn: str,
        revision_arn: str,
        definition: Mapping[str, Any],
        *,
        launcher: Launcher,
        on_stopped: "Callable[[Task], None]",
    ) -> None:
        self.arn = arn
        self.revision_arn = revision_arn
        self.definition = definition
        self.created_at = launcher.now()
        self.started_at: datetime | None = None
        self.stopped_at: datetime | None = None
        self.last_status = "PROVISIONING"
        self.stop_code: str | None = None
        self.stopped_reason: str | None = None
        self.containers = [
            Container(definition=container) for container in definition["containerDefinitions"]
        ]
        self._launcher = launcher
        self._on_stopped = on_stopped
        self._lock = threading.Lock()
        self._stopping = False

    @property
    def running(self) -> bool:
        return self.last_status == "RUNNING"

    @property
    def stopped(self) -> bool:
        return self.last_status == "STOPPED"

    @property
    def failed(self) -> bool:
        """Stopped by itself, not by the scheduler."""
        return self.stopped and self.stop_code != "ServiceSchedulerInitiated"

    def start(self) -> None:
        """Start every container that has a mapping; a failure leaves the task STOPPED."""
        self.last_status = "PENDING"
        try:
            for container in self.containers:
                self._start_container(container)
        except TaskStartError as exc:
            self._end("TaskFailedToStart", str(exc), grace_s=0.0)
            self._on_stopped(self)
            return
        with self._lock:
            if not self._stopping:
                self.started_at = self._launcher.now()
                self.last_status = "RUNNING"

    def begin_stop(self, reason: str) -> None:
        """Send SIGTERM to the containers; `finish_stop` waits for them."""
        with self._lock:
            if self._stopping:
                return
            self._stopping = True
            self.stop_code, self.stopped_reason = "ServiceSchedulerInitiated", reason
            self.last_status = "STOPPING"
        for process in self._processes():
            process.terminate()

    def finish_stop(self, grace_s: float) -> None:
        """Wait for the containers to end, kill them after `grace_s` seconds."""
        for process in self._processes():
            process.wait_or_kill(grace_s)
        self._mark_stopped()

    def port_of(self, container_name: str, container_port: int) -> int | None:
        """The loopback port that stands for a container's port."""
        for container in self.containers:
            if container.name == container_name:
                return container.ports.get(container_port)
        return None

    def _start_container(self, container: Container) -> None:
        images = self._launcher.images
        try:
            plan = plan_container(
                container.definition, images, self.definition["taskDefinitionArn"]
            )
        except TaskStartError as exc:
            container.reason = str(exc)
            if container.essential:
                raise
            return
        container.ports, container.stand_in = plan.ports, plan.stand_in
        task_id = self.arn.rpartition("/")[2]
        container.log = TaskLog(read_awslogs(container.definition, task_id), self._launcher.logs())
        self._launch(container, container.log, plan)

    def _launch(self, container: Container, log: TaskLog, plan: ContainerPlan) -> None:
        try:
            log.open()
            process = ContainerProcess(
                plan.spec,
                warden=self._launcher.warden,
                on_output=log.take,
                on_exit=lambda code: self._exited(container, code),
            )
        except LogSetupError as exc:
            raise TaskStartError(str(exc)) from exc
        except OSError as exc:
            raise TaskStartError(
                f"CannotStartContainerError: {plan.spec.arguments[0]} in {plan.spec.cwd}: "
                f"{exc.strerror} (mapped in {self._launcher.images.source})"
            ) from exc
        container.process = process
        process.follow()

    def _exited(self, container: Container, code: int) -> None:
        container.exit_code = code
        if container.log is not None:
            container.log.close()
        with self._lock:
            unexpected = container.essential and not self._stopping
        if unexpected:
            self._end("EssentialContainerExited", "Essential container in task exited", 1.0)
            self._on_stopped(self)

    def _end(self, code: str, reason: str, grace_s: float) -> None:
        with self._lock:
            if self._stopping:
                return
            self._stopping = True
            self.stop_code, self.stopped_reason = code, reason
            self.last_status = "STOPPING"
        for process in self._processes():
            process.terminate()
        for process in self._processes():
            process.wait_or_kill(grace_s)
        self._mark_stopped()

    def _mark_stopped(self) -> None:
        with self._lock:
            self.last_status = "STOPPED"
            self.stopped_at = self.stopped_at or self._launcher.now()

    def _processes(self) -> list[ContainerProcess]:
        return [container.process for container in self.containers if container.process]
