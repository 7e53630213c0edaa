"""`AWS::ECS::TaskDefinition` with every property that the API knows; a change makes a revision.

moto's drops network mode, compatibilities, CPU and roles. Imported by `bridge` alone.
"""

from typing import Any

import moto.ecs.models  # noqa: F401 - the last definition of a resource type wins: ours
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel

from testgate.local.moto.cloudformation.recase import request_of
from testgate.local.moto.interpreter_clients import clients


class CfnTaskDefinition(CloudFormationModel):  # type: ignore[misc]
    """One revision of a task definition."""

    replaced_when_updated = True

    def __init__(self, arn: str) -> None:
        self.arn = arn

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Family"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ECS::TaskDefinition"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "TaskDefinitionArn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if not self.has_cfn_attr(attribute_name):
            raise UnformattedGetAttTemplateException
        return self.arn

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> "CfnTaskDefinition":
        properties = {"Family": resource_name, **cloudformation_json["Properties"]}
        request = request_of("ecs", "RegisterTaskDefinition", properties)
        answer = clients.get(region_name, "ecs").register_task_definition(**request)
        return cls(answer["taskDefinition"]["taskDefinitionArn"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "CfnTaskDefinition",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "CfnTaskDefinition":
        """AWS (documented): every change is a replacement; without a family it keeps its own."""
        family = original_resource.arn.rpartition("/")[2].partition(":")[0]
        return cls.create_from_cloudformation_json(
            family, cloudformation_json, account_id, region_name
        )

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        ecs = clients.get(region_name, "ecs")
        ecs.deregister_task_definition(taskDefinition=resource_name)

    def is_created(self) -> bool:
        return True
