"""`AWS::StepFunctions::StateMachine`, made where executions run.

moto makes it in a backend that does not execute, without `Definition`, `DefinitionS3Location`,
`DefinitionSubstitutions` and `GetAtt Arn`. Imported by `bridge` alone.
"""

import json
from typing import Any

import moto.stepfunctions.parser.models as parser_models
import yaml  # type: ignore[import-untyped]
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from testgate.local.moto.stepfunctions import StateMachineAlreadyExists


class CfnStateMachine(CloudFormationModel):  # type: ignore[misc]
    """A machine of a stack; `Ref` gives its ARN, `GetAtt` `Arn` and `Name` (documented)."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine

    @property
    def physical_resource_id(self) -> str:
        return str(self._machine.arn)

    @staticmethod
    def cloudformation_name_type() -> str:
        return "StateMachineName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::StepFunctions::StateMachine"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Arn", "Name")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if not self.has_cfn_attr(attribute_name):
            raise UnformattedGetAttTemplateException
        return str(self._machine.arn if attribute_name == "Arn" else self._machine.name)

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> "CfnStateMachine":
        properties = cloudformation_json["Properties"]
        backend = _backend(account_id, region_name)
        name = properties.get("StateMachineName", resource_name)
        if backend._revision_by_name(name) is not None:
            raise StateMachineAlreadyExists(f"State Machine Already Exists: '{name}'")
        machine = backend.create_state_machine(
            name=name,
            definition=_definition(properties, account_id, region_name),
            roleArn=properties["RoleArn"],
            tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags", [])],
            loggingConfiguration=_lower_keys(properties.get("LoggingConfiguration")),
            tracingConfiguration=_lower_keys(properties.get("TracingConfiguration")),
            sm_type=properties.get("StateMachineType"),
        )
        return cls(machine)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "CfnStateMachine",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "CfnStateMachine":
        properties = cloudformation_json["Properties"]
        name = properties.get("StateMachineName", original_resource._machine.name)
        if name != original_resource._machine.name:
            replacement = cls.create_from_cloudformation_json(
                name, cloudformation_json, account_id, region_name
            )
            _backend(account_id, region_name).delete_state_machine(original_resource._machine.arn)
            return replacement
        machine = _backend(account_id, region_name).update_state_machine(
            original_resource._machine.arn,
            definition=_definition(properties, account_id, region_name),
            role_arn=properties["RoleArn"],
            logging_configuration=_lower_keys(properties.get("LoggingConfiguration")),
            tracing_configuration=_lower_keys(properties.get("TracingConfiguration")),
        )
        return cls(machine)

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        _backend(account_id, region_name).delete_state_machine(resource_name)

    def is_created(self) -> bool:
        return True


def _backend(account_id: str, region_name: str) -> Any:
    return parser_models.stepfunctions_parser_backends[account_id][region_name]


def _definition(properties: dict[str, Any], account_id: str, region_name: str) -> str:
    """The machine's text with `DefinitionSubstitutions` in the place of `${Name}`."""
    if "DefinitionString" in properties:
        text = str(properties["DefinitionString"])
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"])
    elif "DefinitionS3Location" in properties:
        text = _stored_definition(properties["DefinitionS3Location"], account_id, region_name)
    else:
        raise ValueError("one of DefinitionString, Definition, DefinitionS3Location is required")
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        text = text.replace(f"${{{name}}}", _substitute(value))
    return text


def _stored_definition(location: dict[str, Any], account_id: str, region_name: str) -> str:
    """The definition in S3, JSON or YAML (documented), as JSON text."""
    bucket, key = location["Bucket"], location["Key"]
    store = s3_backends[account_id][get_partition(region_name)]
    found = store.get_object(bucket, key, version_id=location.get("Version"))
    if found is None:
        raise FileNotFoundError(f"the definition s3://{bucket}/{key} does not exist")
    text = str(found.value.decode())
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(yaml.safe_load(text))
    return text


def _substitute(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _lower_keys(value: Any) -> Any:
    """CloudFormation's PascalCase as the API's camelCase; None stays None."""
    if isinstance(value, list):
        return [_lower_keys(entry) for entry in value]
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower_keys(entry) for key, entry in value.items()}
    return value
