"""CreateService, UpdateService, DeleteService, DescribeServices, ListServices.

Imported by `testgate.local.ecs` alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

from testgate.local.ecs.behaviour import Behaviour
from testgate.local.ecs.deployments import Deployments
from testgate.local.ecs.errors import EcsApiError, invalid_parameter, service_not_active
from testgate.local.ecs.lookup import Lookup, page, service_arn
from testgate.local.ecs.model import Service, ServiceStatus
from testgate.local.ecs.requests import read_configuration, read_load_balancers
from testgate.local.ecs.store import Store
from testgate.local.ecs.views import Views

Params = Mapping[str, Any]
_KEPT_MEMBERS = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
    "tags",
)
_MEMBERS_OF_A_REVISION = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
)


class ServicesApi:
    """Operations on services; each takes the request's members and returns the answer's."""

    def __init__(
        self,
        *,
        store: Store,
        lookup: Lookup,
        views: Views,
        deployments: Deployments,
        behaviour: Callable[[], Behaviour],
    ) -> None:
        self._store = store
        self._lookup = lookup
        self._views = views
        self._deployments = deployments
        self._behaviour = behaviour

    def create_service(self, params: Params) -> Params:
        """A new service and its first deployment; a name in use is refused."""
        cluster_arn = self._lookup.cluster_arn(params.get("cluster"))
        arn = service_arn(cluster_arn, params["serviceName"])
        if "taskDefinition" not in params:
            raise invalid_parameter("TaskDefinition can not be blank.")
        _refuse_other_controllers(params)
        definition = self._lookup.task_definition(params["taskDefinition"])
        configuration = read_configuration(params.get("deploymentConfiguration"), self._behaviour())
        balancers = params.get("loadBalancers", [])
        entries = read_load_balancers(balancers, configuration.strategy, definition)
        service = Service(
            arn=arn,
            name=params["serviceName"],
            cluster_arn=cluster_arn,
            desired_count=params.get("desiredCount", 0),
            task_definition_arn=definition["taskDefinitionArn"],
            load_balancers=tuple(balancers),
            configuration=configuration,
            created_at=self._deployments.now(),
            wire={name: params[name] for name in _KEPT_MEMBERS if name in params},
        )
        with self._store.lock:
            self._refuse_existing(arn)
            self._store.forget_deployments_of(arn)
            self._store.put_service(service)
            self._deployments.begin(arn, definition, entries)
        return {"service": self._view(arn)}

    def update_service(self, params: Params) -> Params:
        """Change a service; starts a deployment if what its tasks are has changed.

        A new desiredCount or deploymentConfiguration alone does not (documented). Members of
        deploymentConfiguration that are left out stay as they were (assumed).
        """
        service = self._lookup.service(params.get("cluster"), params["service"])
        if service.status is not ServiceStatus.ACTIVE:
            raise service_not_active()
        changes = {name: params[name] for name in _KEPT_MEMBERS if name in params}
        definition = self._lookup.task_definition(
            params.get("taskDefinition", service.task_definition_arn)
        )
        configuration = service.configuration
        if "deploymentConfiguration" in params:
            configuration = read_configuration(
                {**configuration.wire, **params["deploymentConfiguration"]}, self._behaviour()
            )
        balancers = tuple(params.get("loadBalancers", service.load_balancers))
        entries = read_load_balancers(balancers, configuration.strategy, definition)
        updated = {
            "task_definition_arn": definition["taskDefinitionArn"],
            "desired_count": params.get("desiredCount", service.desired_count),
            "configuration": configuration,
            "load_balancers": balancers,
            "wire": {**service.wire, **changes},
        }
        deploys = (
            params.get("forceNewDeployment", False)
            or updated["task_definition_arn"] != service.task_definition_arn
            or balancers != service.load_balancers
            or any(
                changes.get(n) != service.wire.get(n)
                for n in _MEMBERS_OF_A_REVISION
                if n in changes
            )
        )
        with self._store.lock:
            self._store.change_service(service.arn, **updated)
            if deploys:
                self._deployments.begin(service.arn, definition, entries)
        if not deploys and updated["desired_count"] != service.desired_count:
            self._deployments.scale(service.arn)
        return {"service": self._view(service.arn)}

    def delete_service(self, params: Params) -> Params:
        """Stop the service's deployment and tasks; when this answers they are gone."""
        service = self._lookup.service(params.get("cluster"), params["service"])
        if service.status is not ServiceStatus.ACTIVE:
            raise service_not_active()
        if service.desired_count > 0 and not params.get("force", False):
            raise invalid_parameter("The service cannot be stopped while it is scaled above 0.")
        self._store.change_service(service.arn, status=ServiceStatus.DRAINING, desired_count=0)
        view = self._view(service.arn)
        self._deployments.end_service(service.arn)
        self._store.change_service(service.arn, status=ServiceStatus.INACTIVE)
        return {"service": view}

    def describe_services(self, params: Params) -> Params:
        cluster_arn = self._lookup.cluster_arn(params.get("cluster"))
        with_tags = "TAGS" in params.get("include", [])
        services, failures = [], []
        for name in params["services"]:
            service = self._store.service(service_arn(cluster_arn, name))
            if service is None:
                failures.append({"arn": service_arn(cluster_arn, name), "reason": "MISSING"})
            else:
                services.append(self._views.service(service, with_tags=with_tags))
        return {"services": services, "failures": failures}

    def list_services(self, params: Params) -> Params:
        cluster_arn = self._lookup.cluster_arn(params.get("cluster"))
        launch_type = params.get("launchType")
        arns = [
            service.arn
            for service in self._store.services()
            if service.cluster_arn == cluster_arn
            and service.status is ServiceStatus.ACTIVE
            and launch_type in (None, service.wire.get("launchType"))
        ]
        found, token = page(arns, params, size=10)
        return {"serviceArns": found, "nextToken": token}

    def _refuse_existing(self, arn: str) -> None:
        existing = self._store.service(arn)
        if existing is not None and existing.status is ServiceStatus.ACTIVE:
            raise invalid_parameter("Creation of service was not idempotent.")
        if existing is not None and existing.status is ServiceStatus.DRAINING:
            raise invalid_parameter("Unable to Start a service that is still Draining.")

    def _view(self, arn: str) -> Params:
        service = self._store.service(arn)
        if service is None:
            raise LookupError(f"service {arn} is gone")
        return self._views.service(service, with_tags=True)


def _refuse_other_controllers(params: Params) -> None:
    kind = params.get("deploymentController", {}).get("type", "ECS")
    if kind != "ECS":
        raise EcsApiError(
            "UnsupportedFeatureException",
            f"The local ECS has no deployment controller {kind}.",
        )
