"""The tasks of all service revisions: start, register as targets, watch, drain, stop.

Registration goes through the elbv2 API, health is what the balancer's checks found. Imported by
`testgate.local.ecs` alone.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testgate.local.balancer import Balancer, TargetKey, TargetState
from testgate.local.ecs import reasons
from testgate.local.ecs.containers import HOST
from testgate.local.ecs.model import Revision, Service
from testgate.local.ecs.store import Store, new_task_id
from testgate.local.ecs.tasks import Launcher, Task

_log = logging.getLogger(__name__)
_LOOK_AGAIN_S = 0.01
_KEPT_STOPPED_TASKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLimits:
    """Real seconds: until green is healthy, for a task to end after SIGTERM, and how long a task
    without a load balancer must live to count as started."""

    scale_up_timeout_s: float = 60.0
    stop_grace_s: float = 5.0
    settle_s: float = 0.2


class Fleet:
    """Tasks by service revision; methods may be called from any thread.

    `limits` may be replaced at any time.
    """

    def __init__(
        self,
        *,
        store: Store,
        balancer: Balancer,
        launcher: Launcher,
        client: Callable[[str], Any],
        limits: FleetLimits,
    ) -> None:
        self._store = store
        self._balancer = balancer
        self._launcher = launcher
        self._client = client
        self.limits = limits
        self._lock = threading.Lock()
        self._tasks: dict[str, Task] = {}

    def tasks(self, revision_arn: str | None = None) -> list[Task]:
        """Tasks in the order of their start, the stopped ones that are still kept included."""
        with self._lock:
            tasks = list(self._tasks.values())
        return [task for task in tasks if revision_arn in (None, task.revision_arn)]

    def task(self, arn: str) -> Task | None:
        with self._lock:
            return self._tasks.get(arn)

    def running_count(self, revision_arn: str) -> int:
        return sum(task.running for task in self.tasks(revision_arn))

    def live(self, revision_arn: str) -> list[Task]:
        """Tasks that are neither stopped nor told to stop."""
        alive = ("PROVISIONING", "PENDING", "RUNNING")
        return [task for task in self.tasks(revision_arn) if task.last_status in alive]

    def start(self, revision: Revision, count: int) -> None:
        """Start `count` tasks and register them as targets; a task that fails is left STOPPED."""
        if count <= 0:
            return
        service = self._service(revision)
        tasks = [self._new_task(revision) for _ in range(count)]
        for task in tasks:
            task.start()
        arns = [task.arn for task in tasks]
        self._store.add_event(service.arn, reasons.started_tasks(service.name, arns))
        for note in self._launcher.notes_of_stand_ins(tasks):
            self._store.add_event(service.arn, reasons.local_note(service.name, note))
        self._register(revision, service, [task for task in tasks if task.running])

    def stop(self, revision: Revision, *, keep: int = 0) -> None:
        """Deregister, drain and stop a revision's newest tasks until `keep` are left."""
        tasks = self.live(revision.arn)[keep:]
        if not tasks:
            return
        service = self._service(revision)
        self._deregister(revision, service, tasks)
        self._drain(revision, tasks)
        self._stop(
            tasks, f"Scaling activity initiated by (deployment {revision.ecs_deployment_id})"
        )
        arns = [task.arn for task in tasks]
        self._store.add_event(service.arn, reasons.stopped_tasks(service.name, arns))
        self._forget_old()

    def stop_all(self) -> None:
        """Stop every task without deregistering: the world around it is going away."""
        self._stop([task for task in self.tasks() if not task.stopped], "The local AWS ended")
        with self._lock:
            self._tasks.clear()

    def await_ready(
        self, revision: Revision, count: int, interrupted: threading.Event
    ) -> str | None:
        """Wait until `count` tasks run and their targets are healthy.

        Returns: what is wrong, or None if they are ready or the wait was interrupted. A task that
        stopped by itself is not started again (ECS would; a deployment on one machine fails
        faster and says why).
        """
        deadline_s = time.monotonic() + self.limits.scale_up_timeout_s
        if not revision.resolved and count:
            interrupted.wait(self.limits.settle_s)
        while not interrupted.is_set():
            failed = next((task for task in self.tasks(revision.arn) if task.failed), None)
            if failed is not None:
                return f"(task {failed.arn.rpartition('/')[2]}) {failed.stopped_reason}"
            waiting = self._not_ready(revision, count)
            if waiting is None:
                return None
            if time.monotonic() > deadline_s:
                return f"After {self.limits.scale_up_timeout_s:.0f} s: {waiting}"
            interrupted.wait(_LOOK_AGAIN_S)
        return None

    def _not_ready(self, revision: Revision, count: int) -> str | None:
        running = [task for task in self.tasks(revision.arn) if task.running]
        if len(running) < count:
            return f"{len(running)} of {count} tasks are running"
        for task in running:
            for key in self._targets(revision, task):
                health = self._balancer.targets.health_of(key)
                if health is None or health.state is not TargetState.HEALTHY:
                    reason = "not registered" if health is None else health.description
                    return (
                        f"(port {key.port}) is unhealthy in (target-group {key.group_arn}) due to "
                        f"(reason {reason})"
                    )
        return None

    def _new_task(self, revision: Revision) -> Task:
        cluster = revision.cluster_arn.replace(":cluster/", ":task/")
        task = Task(
            f"{cluster}/{new_task_id()}",
            revision.arn,
            revision.task_definition,
            launcher=self._launcher,
            on_stopped=self._stopped_by_itself,
        )
        with self._lock:
            self._tasks[task.arn] = task
        return task

    def _stopped_by_itself(self, task: Task) -> None:
        revision = self._store.revision(task.revision_arn)
        if revision is None or not any(c.process for c in task.containers):
            return
        try:
            self._deregister(revision, self._service(revision), [task])
        except Exception:  # noqa: BLE001 - in a thread nobody waits for; elbv2 may be going away
            _log.warning("could not deregister %s", task.arn, exc_info=True)

    def _stop(self, tasks: list[Task], reason: str) -> None:
        for task in tasks:
            task.begin_stop(reason)
        for task in tasks:
            task.finish_stop(self.limits.stop_grace_s)

    def _register(self, revision: Revision, service: Service, tasks: list[Task]) -> None:
        for group_arn, targets in self._by_group(revision, tasks).items():
            self._client("elbv2").register_targets(TargetGroupArn=group_arn, Targets=targets)
            message = reasons.registered_targets(service.name, len(targets), group_arn)
            self._store.add_event(service.arn, message)

    def _deregister(self, revision: Revision, service: Service, tasks: list[Task]) -> None:
        for group_arn, targets in self._by_group(revision, tasks).items():
            self._client("elbv2").deregister_targets(TargetGroupArn=group_arn, Targets=targets)
            message = reasons.deregistered_targets(service.name, len(targets), group_arn)
            self._store.add_event(service.arn, message)

    def _drain(self, revision: Revision, tasks: list[Task]) -> None:
        keys = [key for task in tasks for key in self._targets(revision, task)]
        while any(self._balancer.targets.health_of(key) is not None for key in keys):
            time.sleep(_LOOK_AGAIN_S)

    def _targets(self, revision: Revision, task: Task) -> list[TargetKey]:
        keys = []
        for resolved in revision.resolved:
            entry = resolved.entry
            port = task.port_of(entry.container_name, entry.container_port)
            if port is not None:
                keys.append(TargetKey(resolved.target_group_arn, HOST, port))
        return keys

    def _by_group(
        self, revision: Revision, tasks: list[Task]
    ) -> dict[str, list[dict[str, str | int]]]:
        groups: dict[str, list[dict[str, str | int]]] = {}
        for task in tasks:
            for key in self._targets(revision, task):
                groups.setdefault(key.group_arn, []).append({"Id": key.host, "Port": key.port})
        return groups

    def _service(self, revision: Revision) -> Service:
        service = self._store.service(revision.service_arn)
        if service is None:
            raise LookupError(f"service {revision.service_arn} is gone")
        return service

    def _forget_old(self) -> None:
        with self._lock:
            stopped = [arn for arn, task in self._tasks.items() if task.stopped]
            for arn in stopped[:-_KEPT_STOPPED_TASKS]:
                del self._tasks[arn]
