"""`AWS::ECS::Service`: made by the local control plane, and done when its deployment has ended.

moto's knows no deployments, no lifecycle hooks and no load balancers. Imported by `bridge` alone.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import moto.ecs.models  # noqa: F401 - the last definition of a resource type wins: ours
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel

from testgate.local.ecs.behaviour import Behaviour, TextDetails
from testgate.local.moto.cloudformation.control_planes import serving
from testgate.local.moto.cloudformation.events import ResourceHandlerError, initiated
from testgate.local.moto.cloudformation.recase import members_of, request_of
from testgate.local.moto.interpreter_clients import clients

_LONGEST_S = 36 * 3600.0  # documented: CloudFormation waits so long for a deployment
_REPLACED_BY = ("ServiceName", "Cluster", "SchedulingStrategy")


class CfnService(CloudFormationModel):  # type: ignore[misc]
    """A service; `properties` are those it was last given."""

    def __init__(self, arn: str, properties: Mapping[str, Any]) -> None:
        self.arn = arn
        self.properties = properties

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "ServiceName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ECS::Service"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Name", "ServiceArn")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if not self.has_cfn_attr(attribute_name):
            raise UnformattedGetAttTemplateException
        return self.arn if attribute_name == "ServiceArn" else self.arn.rpartition("/")[2]

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> "CfnService":
        """AWS (documented): the desired count is 1 if the template does not say."""
        properties = {"DesiredCount": 1, **cloudformation_json["Properties"]}
        properties.setdefault("ServiceName", resource_name)
        behaviour = serving().behaviour
        ecs = clients.get(region_name, "ecs")
        request = request_of("ecs", "CreateService", _api_properties(properties, behaviour))
        arn = ecs.create_service(**request)["service"]["serviceArn"]
        made = cls(arn, cloudformation_json["Properties"])
        initiated(made)
        try:
            _await_success(_newest_deployment(ecs, arn))
        except ResourceHandlerError:
            # As AWS: a resource that could not be created is deleted with the stack's rollback.
            _delete(ecs, arn)
            raise
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "CfnService",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "CfnService":
        """The same service once a deployment that this starts has succeeded."""
        properties, before = cloudformation_json["Properties"], original_resource.properties
        if any(properties.get(name) != before.get(name) for name in _REPLACED_BY):
            replacement = cls.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name
            )
            _delete(clients.get(region_name, "ecs"), original_resource.arn)
            return replacement
        ecs, arn = clients.get(region_name, "ecs"), original_resource.arn
        last = _newest_deployment(ecs, arn)
        ecs.update_service(**_update_request(arn, properties, before))
        newest = _newest_deployment(ecs, arn)
        if newest != last:
            _await_success(newest)
        return cls(arn, properties)

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        _delete(clients.get(region_name, "ecs"), resource_name)

    def is_created(self) -> bool:
        return True


def _update_request(
    arn: str, properties: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    known = members_of("ecs", "UpdateService")
    given = _api_properties(properties, serving().behaviour)
    wanted = {name: value for name, value in given.items() if name.lower() in known}
    # What a template no longer names is none, where the API would keep what was.
    wanted["DeploymentConfiguration"] = {
        "LifecycleHooks": [],
        **(wanted.get("DeploymentConfiguration") or {}),
    }
    request = request_of("ecs", "UpdateService", wanted)
    force = properties.get("ForceNewDeployment") or {}
    if force != (before.get("ForceNewDeployment") or {}):
        request["forceNewDeployment"] = str(force.get("EnableForceNewDeployment")).lower() == "true"
    return {**request, "service": arn, "cluster": _cluster(arn)}


def _api_properties(properties: Mapping[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """The properties that the API knows too, with hookDetails read if they are text."""
    known = {name: value for name, value in properties.items() if name != "ForceNewDeployment"}
    configuration = known.get("DeploymentConfiguration")
    if isinstance(configuration, Mapping) and "LifecycleHooks" in configuration:
        hooks = [_with_details(hook, behaviour) for hook in configuration["LifecycleHooks"]]
        known["DeploymentConfiguration"] = {**configuration, "LifecycleHooks": hooks}
    return known


def _with_details(hook: Mapping[str, Any], behaviour: Behaviour) -> Mapping[str, Any]:
    """AWS (documented): HookDetails is JSON text in a template; what ECS hands on is a switch."""
    details = hook.get("HookDetails")
    parsed = behaviour.text_details is TextDetails.PARSED
    if not isinstance(details, str) or not parsed:
        return hook
    try:
        return {**hook, "HookDetails": json.loads(details)}
    except ValueError as exc:
        raise ValueError(f"HookDetails is not JSON: {exc}: {details!r}") from exc


def _newest_deployment(ecs: Any, service_arn: str) -> str:
    answer = ecs.list_service_deployments(service=service_arn, cluster=_cluster(service_arn))
    return str(answer["serviceDeployments"][0]["serviceDeploymentArn"])


def _await_success(deployment_arn: str) -> None:
    """Wait; AWS's handler says by what the operation failed (its words here are assumed)."""
    try:
        deployment = serving().wait_until_ended(deployment_arn, _LONGEST_S)
    except (LookupError, TimeoutError) as exc:
        raise ResourceHandlerError(str(exc)) from exc
    if deployment["status"] == "SUCCESSFUL":
        return
    rollback = deployment["rollback"] or {}
    reason = rollback.get("reason") or deployment["statusReason"] or deployment["status"]
    raise ResourceHandlerError(
        f"Resource handler returned message: \"Error occurred during operation '{reason}'.\" "
        f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: GeneralServiceException)"
    )


def _delete(ecs: Any, service_arn: str) -> None:
    try:
        ecs.delete_service(service=service_arn, cluster=_cluster(service_arn), force=True)
    except (ecs.exceptions.ServiceNotFoundException, ecs.exceptions.ServiceNotActiveException):
        return


def _cluster(service_arn: str) -> str:
    return service_arn.split("/")[-2]
