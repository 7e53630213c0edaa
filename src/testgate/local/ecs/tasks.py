"""A task of a service: local processes for its containers, from PROVISIONING to STOPPED.

Imported by `testgate.local.ecs` alone.
"""

import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from testgate.local.ecs.images import ImageMap
from testgate.local.ecs.processes import ContainerProcess, ProcessSpec, Warden
from testgate.local.ecs.task_logs import LogSetupError, TaskLog, read_awslogs

HOST = "127.0.0.1"
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """What starting a task needs: where images are mapped, the warden, CloudWatch Logs, time."""

    images: ImageMap
    warden: Warden
    logs: Callable[[], Any]
    now: Callable[[], datetime]


@dataclass(slots=True, kw_only=True)
class Container:
    """A container of a task; `ports` maps containerPort to the real loopback port."""

    definition: Mapping[str, Any]
    ports: Mapping[int, int] = field(default_factory=dict)
    log: TaskLog | None = None
    process: ContainerProcess | None = None
    exit_code: int | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def essential(self) -> bool:
        return bool(self.definition.get("essential", True))


class TaskStartError(Exception):
    """The task cannot start; the message is its stoppedReason."""


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
        image = str(container.definition["image"])
        command = self._launcher.images.command_for(image)
        if command is None:
            if container.essential:
                raise TaskStartError(_cannot_pull(image, self._launcher.images))
            container.reason = _cannot_pull(image, self._launcher.images)
            return
        _refuse_secrets(container.definition)
        mappings = container.definition.get("portMappings") or []
        container.ports = {int(mapping["containerPort"]): free_port() for mapping in mappings}
        port = next(iter(container.ports.values()), None)
        task_id = self.arn.rpartition("/")[2]
        container.log = TaskLog(read_awslogs(container.definition, task_id), self._launcher.logs())
        spec = ProcessSpec(
            arguments=command.arguments(port),
            cwd=command.cwd,
            environment=task_environment(container.definition, container.ports, os.environ),
        )
        self._launch(container, container.log, spec)

    def _launch(self, container: Container, log: TaskLog, spec: ProcessSpec) -> None:
        try:
            log.open()
            process = ContainerProcess(
                spec,
                warden=self._launcher.warden,
                on_output=log.take,
                on_exit=lambda code: self._exited(container, code),
            )
        except LogSetupError as exc:
            raise TaskStartError(str(exc)) from exc
        except OSError as exc:
            raise TaskStartError(
                f"CannotStartContainerError: {spec.arguments[0]} in {spec.cwd}: {exc.strerror} "
                f"(mapped in {self._launcher.images.source})"
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


def task_environment(
    definition: Mapping[str, Any], ports: Mapping[int, int], parent: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a container's process.

    Search path and locale of this process, the container definition's own, `IMAGE`, and `PORT`:
    the real port of the first port mapping (`PORT_<containerPort>` for each).
    """
    environment = {name: parent[name] for name in _KEPT_VARIABLES if name in parent}
    # Without it the last lines of a stopped Python process would be lost in its buffer.
    environment["PYTHONUNBUFFERED"] = "1"
    for pair in definition.get("environment") or []:
        environment[pair["name"]] = pair["value"]
    environment["IMAGE"] = str(definition["image"])
    for container_port, port in ports.items():
        environment[f"PORT_{container_port}"] = str(port)
    if ports:
        environment["PORT"] = str(next(iter(ports.values())))
    return environment


_handed_out: set[int] = set()
_handed_out_lock = threading.Lock()


def free_port() -> int:
    """A loopback port that is free now and was not handed out before while others were free."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        with _handed_out_lock:
            if port not in _handed_out:
                _handed_out.add(port)
                return port
    with _handed_out_lock:
        _handed_out.clear()
    return port


def _cannot_pull(image: str, images: ImageMap) -> str:
    return (
        f"CannotPullContainerError: no local process is mapped to image {image}. "
        f'Add [images."{image.rpartition(":")[0] or image}"] to {images.source}'
    )


def _refuse_secrets(definition: Mapping[str, Any]) -> None:
    if definition.get("secrets"):
        raise TaskStartError(
            "ResourceInitializationError: unable to pull secrets or registry auth: the local ECS "
            f"does not resolve secrets (container {definition['name']})"
        )
