"""ECS requests and answers by botocore's own model of the service (JSON 1.1).

Requests are checked against the model before anything reads them; answers can hold only what the
model knows. Imported by `testgate.local.ecs` alone.
"""

import functools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from testgate.local.ecs.errors import EcsApiError, client_error, invalid_parameter

TARGET_PREFIX = "AmazonEC2ContainerServiceV20141113"
CONTENT_TYPE = "application/x-amz-json-1.1"


@functools.cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("ecs")


def read_request(operation: str, body: bytes) -> dict[str, Any]:
    """The request's members, checked by type, requirement and enumeration.

    Raises:
        EcsApiError: ClientException if it is no JSON object, else InvalidParameterException.
    """
    try:
        document = json.loads(body or b"{}")
    except ValueError as exc:
        raise client_error(f"The request is not JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise client_error("The request is not a JSON object.")
    shape = _model().operation_model(operation).input_shape
    report = ParamValidator().validate(document, shape)
    if report.has_errors():
        raise invalid_parameter(report.generate_report())
    _check_enums(shape, document, "")
    return document


def write_answer(operation: str, answer: Mapping[str, Any]) -> bytes:
    """The answer as JSON; times as seconds since 1970, None left out.

    Raises:
        ValueError: a member that the model does not know.
    """
    shape = _model().operation_model(operation).output_shape
    return json.dumps(_serialise(shape, answer)).encode()


def write_error(error: EcsApiError) -> bytes:
    return json.dumps({"__type": error.code, "message": error.message}).encode()


def _check_enums(shape: Any, value: Any, path: str) -> None:
    if getattr(shape, "is_document_type", False):
        return
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                _check_enums(shape.members[name], member, f"{path}.{name}".lstrip("."))
        case "list":
            for index, member in enumerate(value):
                _check_enums(shape.member, member, f"{path}[{index}]")
        case "map":
            for key, member in value.items():
                _check_enums(shape.value, member, f"{path}.{key}")
        case "string" if shape.enum and value not in shape.enum:
            # The form of a documented text: "Invalid targetType. Valid values are: …".
            name = path.rpartition(".")[2].partition("[")[0]
            message = f"Invalid {name}. Valid values are: {', '.join(shape.enum)}"
            raise invalid_parameter(f"{message} (at {path}: {value!r})")


def _serialise(shape: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if getattr(shape, "is_document_type", False):
        return value
    match shape.type_name:
        case "structure":
            return {
                name: _serialise(_member(shape, name), member)
                for name, member in value.items()
                if member is not None
            }
        case "list":
            return [_serialise(shape.member, member) for member in value]
        case "map":
            return {key: _serialise(shape.value, member) for key, member in value.items()}
        case _:
            return value


def _member(shape: Any, name: str) -> Any:
    if name not in shape.members:
        raise ValueError(f"ECS's {shape.name} has no member {name!r}")
    return shape.members[name]
