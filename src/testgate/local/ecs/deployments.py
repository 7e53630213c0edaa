"""Starts, supersedes, stops and awaits deployments, and scales services between them.

Imported by `testgate.local.ecs` alone.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from testgate.local.ecs import reasons
from testgate.local.ecs.errors import conflict, deployment_not_found, invalid_parameter
from testgate.local.ecs.interrupt import Interruption
from testgate.local.ecs.model import (
    Deployment,
    LoadBalancerEntry,
    Revision,
    Service,
    TimeoutAction,
)
from testgate.local.ecs.records import RunParts
from testgate.local.ecs.run import DeploymentRun
from testgate.local.ecs.store import new_deployment_id, new_ecs_deployment_id, new_revision_id

_END_TIMEOUT_S = 30.0


class Deployments:
    """The running deployments of a control plane."""

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts
        self._store = parts.store
        self._runs: dict[str, DeploymentRun] = {}
        self._scaling: list[threading.Thread] = []

    def now(self) -> datetime:
        return self._parts.clock.now()

    def begin(
        self,
        service_arn: str,
        task_definition: Mapping[str, Any],
        entries: tuple[LoadBalancerEntry, ...],
    ) -> Deployment:
        """Start a deployment of what the service is now; the one under way is stopped.

        The new one starts when the old one has given way: more than one revision is active then,
        so it passes through RECONCILE_SERVICE.
        """
        with self._store.lock:
            before = self._existing(service_arn)
            predecessor = self._runs.get(before.deployment_arn or "")
            if predecessor is not None and not predecessor.ended.is_set():
                predecessor.interrupt.demand(Interruption.SUPERSEDED)
            else:
                predecessor = None
            # Read after the demand: a deployment that could no longer give way has made its
            # target the active revision.
            service = self._existing(service_arn)
            revision = self._new_revision(service, task_definition, entries)
            deployment = self._new_deployment(service, revision)
            self._store.put_revision(revision)
            self._store.put_deployment(deployment)
            self._store.change_service(service_arn, deployment_arn=deployment.arn)
            run = DeploymentRun(deployment.arn, self._parts, predecessor)
            self._runs[deployment.arn] = run
        run.start()
        return deployment

    def stop(self, deployment_arn: str) -> None:
        """Ask a deployment to roll back.

        Raises:
            EcsApiError: ConflictException if it has ended, or is past the point of return
                (assumed: AWS names the states that may be stopped, not the error).
        """
        deployment, run = self._store.deployment(deployment_arn), self._runs.get(deployment_arn)
        if deployment is None or run is None:
            raise deployment_not_found()
        if not run.request_rollback():
            raise conflict(
                f"The service deployment cannot be stopped: its status is {deployment.status}, "
                f"its lifecycle stage {deployment.stage}."
            )

    def check_alarms(self) -> None:
        """Let each deployment under way look at its alarms."""
        with self._parts.alarms.lock:
            for run in list(self._runs.values()):
                if not run.ended.is_set():
                    run.check_alarms()

    def continue_hook(self, deployment_arn: str, hook_id: str, action: TimeoutAction) -> None:
        """Continue or roll back a PAUSE hook; texts documented."""
        deployment, run = self._store.deployment(deployment_arn), self._runs.get(deployment_arn)
        if deployment is None or run is None:
            raise deployment_not_found()
        if deployment.status.ended:
            raise invalid_parameter(
                "Continuing a service deployment is not allowed for service deployment in "
                "terminal states."
            )
        if not (hook_id.startswith("ecs-") and hook_id.count("-") >= 2):
            raise invalid_parameter(
                "Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}"
            )
        if not run.decide_pause(hook_id, action):
            raise invalid_parameter(
                "Provided hookId is either completed, unavailable, or not associated with the "
                "given Resource ARN"
            )

    def scale(self, service_arn: str) -> None:
        """Bring the standing revisions to the service's desired count, in the background."""
        thread = threading.Thread(
            target=self._scale, args=(service_arn,), name="ecs-scale", daemon=True
        )
        self._scaling = [t for t in self._scaling if t.is_alive()] + [thread]
        thread.start()

    def end_service(self, service_arn: str) -> None:
        """Stop the service's deployment without rollback, then all of its tasks."""
        service = self._existing(service_arn)
        run = self._runs.get(service.deployment_arn or "")
        if run is not None and not run.ended.is_set():
            run.interrupt.demand(Interruption.DELETED)
            run.ended.wait(_END_TIMEOUT_S)
        for revision in self._revisions_of(service_arn):
            self._parts.fleet.stop(revision)

    def wait_until_ended(self, deployment_arn: str, timeout_s: float) -> Deployment:
        """The deployment once it has ended, after at most `timeout_s` real seconds.

        Raises:
            TimeoutError: with the status and stage that it stands at.
        """
        run = self._runs.get(deployment_arn)
        if run is None:
            raise LookupError(f"no such deployment: {deployment_arn}")
        ended = run.ended.wait(timeout_s)
        deployment = self._store.deployment(deployment_arn)
        if not ended or deployment is None:
            state = (deployment.status, deployment.stage) if deployment else "gone"
            raise TimeoutError(f"{deployment_arn} has not ended in {timeout_s:.0f} s: {state}")
        return deployment

    def shut_down(self) -> None:
        """End every deployment where it stands and wait for its thread."""
        runs = list(self._runs.values())
        for run in runs:
            run.interrupt.demand(Interruption.SHUTDOWN)
        for run in runs:
            run.ended.wait(_END_TIMEOUT_S)
        for thread in self._scaling:
            thread.join(_END_TIMEOUT_S)
        self._runs.clear()
        self._scaling.clear()

    def _scale(self, service_arn: str) -> None:
        fleet = self._parts.fleet
        service = self._existing(service_arn)
        for revision in self._revisions_of(service_arn):
            live = len(fleet.live(revision.arn))
            standing = revision.arn == service.active_arn or live > 0
            if standing and live < service.desired_count:
                fleet.start(revision, service.desired_count - live)
            elif live > service.desired_count:
                fleet.stop(revision, keep=service.desired_count)
        self._store.add_event(service_arn, reasons.steady_state(service.name))

    def _new_revision(
        self,
        service: Service,
        task_definition: Mapping[str, Any],
        entries: tuple[LoadBalancerEntry, ...],
    ) -> Revision:
        prefix = service.arn.replace(":service/", ":service-revision/")
        return Revision(
            arn=f"{prefix}/{new_revision_id()}",
            service_arn=service.arn,
            cluster_arn=service.cluster_arn,
            ecs_deployment_id=new_ecs_deployment_id(),
            task_definition=task_definition,
            load_balancers=entries,
            wire={**service.wire, "loadBalancers": list(service.load_balancers)},
            created_at=self.now(),
        )

    def _new_deployment(self, service: Service, revision: Revision) -> Deployment:
        prefix = service.arn.replace(":service/", ":service-deployment/")
        now = self.now()
        return Deployment(
            arn=f"{prefix}/{new_deployment_id()}",
            service_arn=service.arn,
            cluster_arn=service.cluster_arn,
            target_arn=revision.arn,
            source_arn=service.active_arn,
            configuration=replace(service.configuration),
            desired_count=service.desired_count,
            created_at=now,
            updated_at=now,
        )

    def _revisions_of(self, service_arn: str) -> list[Revision]:
        arns = {d.target_arn: None for d in self._store.deployments_of(service_arn)}
        revisions = (self._store.revision(arn) for arn in arns)
        return [revision for revision in revisions if revision is not None]

    def _existing(self, service_arn: str) -> Service:
        service = self._store.service(service_arn)
        if service is None:
            raise LookupError(f"service {service_arn} is gone")
        return service
