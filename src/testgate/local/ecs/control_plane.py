"""The ECS service control plane as one object in front of moto.

moto keeps clusters and task definitions; services, deployments, revisions and their tasks are
answered here. Assembled by `testgate.local`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from testgate.local.balancer import Balancer
from testgate.local.clock import Clock
from testgate.local.ecs import wire
from testgate.local.ecs.alarms import Alarms, may_change_alarms
from testgate.local.ecs.behaviour import Behaviour
from testgate.local.ecs.deployments import Deployments
from testgate.local.ecs.deployments_api import DeploymentsApi, TasksApi
from testgate.local.ecs.errors import EcsApiError
from testgate.local.ecs.fleet import Fleet, FleetLimits
from testgate.local.ecs.images import ImageMap
from testgate.local.ecs.invoker import HookInvoker
from testgate.local.ecs.lookup import Lookup
from testgate.local.ecs.processes import Warden
from testgate.local.ecs.records import RunParts
from testgate.local.ecs.services_api import ServicesApi
from testgate.local.ecs.settings import EcsSettings
from testgate.local.ecs.store import Store
from testgate.local.ecs.tasks import Launcher
from testgate.local.ecs.traffic import Traffic
from testgate.local.ecs.transitions import Subscriber, Transitions
from testgate.local.ecs.views import Views
from testgate.local.front import operation_of

_MOTO_RESET_PATH = "/moto-api/reset"
Operation = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


class EcsControlPlane:
    """Services, deployments with lifecycle hooks, and tasks as local processes.

    Args:
        client: a boto3 client for the local endpoint, by service name; called from many threads.
        invoke_hook: runs a hook's function; blocks until it has ended.
        images: which process stands for which image.
        balancer: health of the targets that tasks are registered as.
        clock: bake time, callback delays and hook timeouts pass by it; processes do not.
    """

    def __init__(
        self,
        *,
        client: Callable[[str], Any],
        invoke_hook: HookInvoker,
        images: ImageMap,
        balancer: Balancer,
        clock: Clock,
        region: str,
        settings: EcsSettings | None = None,
    ) -> None:
        settings = settings or EcsSettings()
        self.region = region
        self._behaviour = settings.behaviour
        self._store = Store(clock)
        self._warden = Warden()
        self._transitions = Transitions()
        launcher = Launcher(
            images=images, warden=self._warden, logs=lambda: client("logs"), now=clock.now
        )
        self._fleet = Fleet(
            store=self._store,
            balancer=balancer,
            launcher=launcher,
            client=client,
            limits=settings.limits,
        )
        self._views = Views(self._store, self._fleet)
        self._deployments = Deployments(
            RunParts(
                store=self._store,
                fleet=self._fleet,
                traffic=Traffic(client),
                alarms=Alarms(client),
                clock=clock,
                transitions=self._transitions,
                invoke_hook=invoke_hook,
                behaviour=lambda: self._behaviour,
            )
        )
        self._operations = self._make_operations(Lookup(self._store, client))

    def route(self, request: Request) -> Response | None:
        """Answer the operations that are this control plane's; None for all others.

        moto's own reset resets this control plane as well, and is then left to moto.
        """
        if request.method == "POST" and request.path == _MOTO_RESET_PATH:
            self.reset()
            return None
        prefix, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
        handle = self._operations.get(operation)
        if prefix != wire.TARGET_PREFIX or handle is None:
            return None
        try:
            answer = handle(wire.read_request(operation, request.get_data()))
        except EcsApiError as exc:
            return _response(wire.write_error(exc), status=400, error=exc.code)
        return None if answer is None else _response(wire.write_answer(operation, answer))

    def observe(self, request: Request, response: Response) -> None:
        """See what may have changed an alarm, once it was answered; for the front's observers."""
        if may_change_alarms(operation_of(request)):
            self._deployments.check_alarms()

    @property
    def limits(self) -> FleetLimits:
        """How long tasks may take; may be replaced at any time."""
        return self._fleet.limits

    @limits.setter
    def limits(self, limits: FleetLimits) -> None:
        self._fleet.limits = limits

    @property
    def behaviour(self) -> Behaviour:
        """What it does where AWS's behaviour is not known; may be replaced at any time."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Be told of each step of each deployment; returns what ends the subscription."""
        return self._transitions.subscribe(subscriber)

    def wait_until_ended(self, deployment_arn: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """The deployment as DescribeServiceDeployments shows it, once it has ended.

        Raises:
            TimeoutError: it has not after `timeout_s` real seconds.
        """
        return self._views.deployment(self._deployments.wait_until_ended(deployment_arn, timeout_s))

    def task_output(self, task_arn: str) -> dict[str, list[str]]:
        """The last lines that each container of a task has written, by container name."""
        task = self._fleet.task(task_arn)
        if task is None:
            raise LookupError(f"no such task: {task_arn}")
        return {c.name: c.log.lines() for c in task.containers if c.log is not None}

    def reset(self) -> None:
        """End deployments where they stand, kill every task, forget everything."""
        self._deployments.shut_down()
        self._fleet.stop_all()
        self._store.clear()

    def close(self) -> None:
        """`reset()`, and end the warden process; the control plane is not used afterwards."""
        self.reset()
        self._warden.close()

    def _make_operations(self, lookup: Lookup) -> dict[str, Operation]:
        parts: dict[str, Any] = {"store": self._store, "lookup": lookup, "views": self._views}
        services = ServicesApi(
            **parts, deployments=self._deployments, behaviour=lambda: self._behaviour
        )
        deployments = DeploymentsApi(**parts, deployments=self._deployments)
        tasks = TasksApi(**parts, fleet=self._fleet)
        return {
            "CreateService": services.create_service,
            "UpdateService": services.update_service,
            "DeleteService": services.delete_service,
            "DescribeServices": services.describe_services,
            "ListServices": services.list_services,
            "ListServiceDeployments": deployments.list_service_deployments,
            "DescribeServiceDeployments": deployments.describe_service_deployments,
            "DescribeServiceRevisions": deployments.describe_service_revisions,
            "StopServiceDeployment": deployments.stop_service_deployment,
            "ContinueServiceDeployment": deployments.continue_service_deployment,
            "ListTasks": tasks.list_tasks,
            "DescribeTasks": tasks.describe_tasks,
        }


def _response(body: bytes, *, status: int = 200, error: str | None = None) -> Response:
    response = Response(body, status=status, content_type=wire.CONTENT_TYPE)
    if error is not None:
        response.headers["x-amzn-ErrorType"] = error
    return response
