"""Properties of a template as members of an API's request, by botocore's model of the service.

Pure. Imported by the resource modules of this package.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session

_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def request_of(service: str, operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The request: keys in the API's case, numbers and booleans from text, maps and documents as
    they are.

    Raises:
        ValueError: a property that the operation does not know, or of a wrong type; says where.
    """
    shape = _model(service).operation_model(operation).input_shape
    request: dict[str, Any] = _value(shape, properties, "")
    return request


def members_of(service: str, operation: str) -> frozenset[str]:
    """The request's members, in lower case."""
    shape = _model(service).operation_model(operation).input_shape
    return frozenset(name.lower() for name in shape.members)


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _value(shape: Any, value: Any, path: str) -> Any:
    if getattr(shape, "is_document_type", False):
        return value
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, value, path)
    if kind == "list":
        entries = value if isinstance(value, list) else [value]
        return [_value(shape.member, each, f"{path}/{n}") for n, each in enumerate(entries)]
    if kind == "map":
        return {str(key): _value(shape.value, each, f"{path}/{key}") for key, each in value.items()}
    if isinstance(value, dict | list):
        raise ValueError(f"#{path}: expected type: {kind}, found: {type(value).__name__}")
    try:
        return _scalar(kind, value)
    except ValueError:
        raise ValueError(f"#{path}: expected type: {kind}, found: {value!r}") from None


def _structure(shape: Any, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"#{path}: expected type: object, found: {value!r}")
    members = {name.lower(): name for name in shape.members}
    request = {}
    for key, each in value.items():
        name = members.get(str(key).lower())
        if name is None:
            # AWS's words for what a resource type's schema does not know (seen).
            raise ValueError(f"#{path}: extraneous key [{key}] is not permitted")
        request[name] = _value(shape.members[name], each, f"{path}/{key}")
    return request


def _scalar(kind: str, value: Any) -> Any:
    if kind == "boolean":
        text = str(value).lower()
        if text not in ("true", "false"):
            raise ValueError(value)
        return text == "true"
    if kind in _NUMBERS:
        return _NUMBERS[kind](value)
    return str(value).lower() if isinstance(value, bool) else str(value)
