"""What the control plane remembers: services, revisions, deployments.

Records are frozen; a change replaces one under the lock. Imported by `testgate.local.ecs` alone.
"""

import random
import string
import threading
import uuid
from dataclasses import replace
from typing import Any

from testgate.local.clock import Clock
from testgate.local.ecs.model import Deployment, HookRecord, Revision, Service, ServiceEvent

_KEPT_EVENTS = 100
_LETTERS = string.ascii_letters + string.digits


class Store:
    """All records by ARN; `lock` is reentrant and may be held over several calls."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._services: dict[str, Service] = {}
        self._revisions: dict[str, Revision] = {}
        self._deployments: dict[str, Deployment] = {}

    def clear(self) -> None:
        with self.lock:
            self._services.clear()
            self._revisions.clear()
            self._deployments.clear()

    def put_service(self, service: Service) -> None:
        with self.lock:
            self._services[service.arn] = service

    def put_revision(self, revision: Revision) -> None:
        with self.lock:
            self._revisions[revision.arn] = revision

    def put_deployment(self, deployment: Deployment) -> None:
        with self.lock:
            self._deployments[deployment.arn] = deployment

    def service(self, arn: str) -> Service | None:
        with self.lock:
            return self._services.get(arn)

    def revision(self, arn: str) -> Revision | None:
        with self.lock:
            return self._revisions.get(arn)

    def deployment(self, arn: str) -> Deployment | None:
        with self.lock:
            return self._deployments.get(arn)

    def services(self) -> list[Service]:
        with self.lock:
            return list(self._services.values())

    def deployments_of(self, service_arn: str) -> list[Deployment]:
        """A service's deployments, newest first."""
        with self.lock:
            found = [d for d in self._deployments.values() if d.service_arn == service_arn]
        return found[::-1]

    def forget_deployments_of(self, service_arn: str) -> None:
        """Drop what a deleted service of the same name has left."""
        with self.lock:
            for deployment in self.deployments_of(service_arn):
                del self._deployments[deployment.arn]

    def change_service(self, arn: str, **changes: Any) -> Service:
        with self.lock:
            service = replace(self._services[arn], **changes)
            self._services[arn] = service
            return service

    def change_revision(self, arn: str, **changes: Any) -> Revision:
        with self.lock:
            revision = replace(self._revisions[arn], **changes)
            self._revisions[arn] = revision
            return revision

    def change_deployment(self, arn: str, **changes: Any) -> Deployment:
        """Replace members of a deployment and set `updated_at`."""
        with self.lock:
            now = self._clock.now()
            deployment = replace(self._deployments[arn], **changes, updated_at=now)
            self._deployments[arn] = deployment
            return deployment

    def put_hook(self, deployment_arn: str, record: HookRecord) -> None:
        """Add a hook's record to its deployment, or replace the one with its id."""
        with self.lock:
            before = self._deployments[deployment_arn].hooks
            others = [hook for hook in before if hook.hook_id != record.hook_id]
            if len(others) == len(before):
                hooks = (*before, record)
            else:
                hooks = tuple(record if h.hook_id == record.hook_id else h for h in before)
            self.change_deployment(deployment_arn, hooks=hooks)

    def add_event(self, service_arn: str, message: str) -> None:
        """Add a service event; the newest comes first, as in DescribeServices."""
        with self.lock:
            event = ServiceEvent(
                id=str(uuid.uuid4()), created_at=self._clock.now(), message=message
            )
            events = (event, *self._services[service_arn].events)[:_KEPT_EVENTS]
            self.change_service(service_arn, events=events)


def new_deployment_id() -> str:
    """21 letters, digits and `-`, as real ones (seen: `NCWGC2ZR-taawPAYrIaU5`)."""
    middle = "".join(random.choices(f"{_LETTERS}-", k=19))
    return f"{random.choice(_LETTERS)}{middle}{random.choice(_LETTERS)}"


def new_revision_id() -> str:
    """19 digits (seen)."""
    return str(random.randrange(10**18, 2**63))


def new_ecs_deployment_id() -> str:
    """The id of a deployment in DescribeServices."""
    return f"ecs-svc/{new_revision_id()}"


def new_task_id() -> str:
    return uuid.uuid4().hex
