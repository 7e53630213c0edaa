"""`AWS::Lambda::Function` with every property that moto's Lambda API keeps.

moto's CloudFormation passes on seven of them. Methods are set on moto's own class because functions
of the local AWS are of a subclass of it. Imported by `bridge` alone.
"""

import base64
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend

# Left out of an update, a property goes back to these (documented defaults).
_DEFAULTS: dict[str, Any] = {
    "Architectures": ["x86_64"],
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Layers": [],
    "LoggingConfig": {},
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}


def install() -> None:
    """Let moto's function take its properties from templates as `_create` and `_update` do."""
    LambdaFunction.create_from_cloudformation_json = classmethod(_create)
    LambdaFunction.update_from_cloudformation_json = classmethod(_update)


def _create(
    cls: Any,
    /,
    resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **_: Any,
) -> Any:
    """The new function. AWS: "Function already exists" is an error, moto replaces it."""
    backend = get_backend(account_id, region_name)
    if any(function.function_name == resource_name for function in backend.list_functions()):
        raise ValueError(f"Function already exist: {resource_name}")
    properties = cloudformation_json["Properties"]
    code = _code(cls, properties["Code"])
    return backend.create_function(
        {**properties, "FunctionName": resource_name, "Code": code, "Tags": _tags(properties)}
    )


def _update(
    cls: Any,
    /,
    original_resource: Any,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Any:
    properties = {**_DEFAULTS, **cloudformation_json["Properties"]}
    original_resource.update_configuration(
        {**properties, "Environment": {"Variables": {}, **properties["Environment"]}}
    )
    original_resource.architectures = properties["Architectures"]
    original_resource.ephemeral_storage = properties["EphemeralStorage"]["Size"]
    original_resource.tracing_config = properties["TracingConfig"]
    original_resource.reserved_concurrency = properties.get("ReservedConcurrentExecutions")
    original_resource.tags = _tags(properties)
    original_resource.update_function_code(_code(cls, properties["Code"]))
    return original_resource


def _code(cls: Any, code: dict[str, Any]) -> dict[str, Any]:
    """AWS (documented): `ZipFile` in a template is the text of `index.py`, not an archive."""
    if "ZipFile" not in code:
        return code
    archive = cls._create_zipfile_from_plaintext_code(code["ZipFile"])
    return {**code, "ZipFile": base64.b64encode(archive)}


def _tags(properties: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
