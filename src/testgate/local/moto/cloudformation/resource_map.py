"""The resources of one stack, made lazily as moto does, with failures that name the resource.

Imported by the other modules of this package.
"""

from collections.abc import Iterator
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.parsing import ResourceMap

from testgate.local.moto.cloudformation.events import resource_failure

_moto_update = parsing.parse_and_update_resource


class TracedResourceMap(ResourceMap):  # type: ignore[misc]
    """moto's lazy map of a stack's resources; says whose creation failed, lists what exists.

    moto's map creates what it is asked for, even when it only lists the resources of a stack.
    """

    def __getitem__(self, key: str) -> Any:
        try:
            resource = super().__getitem__(key)
            _check_nested_stack(resource)
            return resource
        except Exception as exc:
            if key not in self._resource_json_map:
                raise
            raise resource_failure(key, self._resource_json_map[key], exc) from exc

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.existing())

    def existing(self) -> list[tuple[str, Any]]:
        """Logical ids and resources that exist now, in the order of their creation."""
        return [
            (name, resource)
            for name, resource in self._parsed_resources.items()
            if name in self._resource_json_map and resource is not None
        ]


def _check_nested_stack(resource: Any) -> None:
    """A stack within a stack fails without exception; the outer one is to fail with it."""
    if isinstance(resource, models.Stack) and "ROLLBACK" in resource.status:
        raise RuntimeError(f"Embedded stack {resource.stack_id}: {resource.status_reason}")


def update_or_replace(
    logical_id: str,
    resource_json: dict[str, Any],
    resources_map: Any,
    account_id: str,
    region_name: str,
) -> Any:
    """The updated resource; a new one where its type cannot update in place.

    AWS replaces such resources. moto forgets them: the logical id then stands for nothing.
    """
    place = (resources_map, account_id, region_name)
    try:
        updated = _moto_update(logical_id, resource_json, *place)
        if updated is None:
            old = resources_map._parsed_resources.get(logical_id)
            if old is not None:
                resources_map._delete_resource(old, resource_json)
            updated = parsing.parse_and_create_resource(logical_id, resource_json, *place)
    except Exception as exc:
        raise resource_failure(logical_id, resource_json, exc) from exc
    return updated
