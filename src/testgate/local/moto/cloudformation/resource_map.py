"""The resources of one stack, made lazily as moto does, with failures that name the resource.

Imported by the other modules of this package.
"""

import copy
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.parsing import ResourceMap

from testgate.local.moto.cloudformation import deletions
from testgate.local.moto.cloudformation.events import hearing, resource_failure
from testgate.local.moto.cloudformation.functions import resolve
from testgate.local.moto.cloudformation.templates import references

_moto_update = parsing.parse_and_update_resource
_UNLESS_NEW = "RetainExceptOnCreate"
_MAX_REMOVALS = 5  # passes; a resource may stand in the way of another
Tell = Callable[[str, str, str, Any], None]


@dataclass(frozen=True, slots=True)
class _Retired:
    """A resource that an update has replaced, and what it was made from."""

    resource: Any
    applied: Any


class TracedResourceMap(ResourceMap):  # type: ignore[misc]
    """moto's lazy map of a stack's resources; says whose creation failed, lists what exists.

    moto's map creates what it is asked for, even when it only lists the resources of a stack. An
    update here compares what the properties come to: what refers to a replaced resource or to a
    changed parameter changes too. `tell` is told of each resource's steps.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._resource_json_map: dict[str, Any]
        self.tell: Tell = lambda *_: None
        self._applied: dict[str, Any] = {}
        self._retired: dict[str, _Retired] = {}

    def __getitem__(self, key: str) -> Any:
        if key in self._parsed_resources or key not in self._resource_json_map:
            return super().__getitem__(key)
        declared = self._resource_json_map[key]
        if not self._is_wanted(declared):
            return None
        self.tell(key, declared["Type"], "CREATE_IN_PROGRESS", None)
        try:
            with hearing(partial(self.tell, key, declared["Type"], "CREATE_IN_PROGRESS")):
                resource = super().__getitem__(key)
            _check_nested_stack(resource)
        except Exception as exc:
            raise resource_failure(key, declared, exc) from exc
        self._applied[key] = self._resolved(declared)
        self.tell(key, declared["Type"], "CREATE_COMPLETE", resource)
        return resource

    def update(self, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        """AWS (documented): what is new or changed first, in the order of dependencies, each once;
        what is gone, or was replaced, last."""
        before = self._resource_json_map
        self._template = template
        if parameters:
            self.input_parameters = parameters
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()
        self._resource_json_map = template["Resources"]
        for name in by_dependency(self._resource_json_map):
            self._bring_about(name)
        gone = {n: json for n, json in before.items() if not self._is_declared(n)}
        self._remove(gone, [name for name, declared in gone.items() if _is_retained(declared)])
        for retired in self._retired.values():
            self._delete_resource(retired.resource, {"Type": retired.resource.cf_resource_type})
        self._retired.clear()

    def changes_to(
        self, template: Mapping[str, Any], parameters: dict[str, str]
    ) -> list[tuple[str, str, str]]:
        """What an update would do, and to what: (`Add`, logical id, type), `Modify`, `Remove`.

        Creates nothing: what refers to a resource that is not there yet counts as modified.
        """
        wanted = TracedResourceMap(
            self.stack_id,
            self._stack_name(),
            parameters,
            self.tags,
            account_id=self._account_id,
            region_name=self._region_name,
            template=template,
            cross_stack_resources=self.cross_stack_resources,
        )
        wanted.load()
        declared, now = template["Resources"], dict(self.existing())
        wanted._parsed_resources.update(
            {name: resource for name, resource in now.items() if name in declared}
        )
        changes, new = [], set()
        for name in by_dependency(declared):
            if not wanted._is_wanted(declared[name]):
                continue
            if name not in now:
                new.add(name)
                changes.append(("Add", name, declared[name]["Type"]))
            elif self._would_change(wanted, name, new):
                changes.append(("Modify", name, declared[name]["Type"]))
        gone = [name for name in now if not wanted._is_declared(name)]
        kinds = self._resource_json_map
        return changes + [("Remove", name, kinds[name]["Type"]) for name in gone]

    def _would_change(self, wanted: "TracedResourceMap", name: str, new: set[str]) -> bool:
        declared = wanted._resource_json_map[name]
        if new.intersection(references(declared.get("Properties") or {})):
            return True
        return bool(wanted._resolved(declared) != self._applied.get(name))

    def _stack_name(self) -> str:
        return str(self._parsed_resources["AWS::StackName"])

    def delete(self, *, undoing_creation: bool = False) -> None:
        """AWS (documented): what is to be retained is skipped, and told as such; with
        `RetainExceptOnCreate` only if its stack's creation is not what is undone."""
        kept = [
            name
            for name, declared in self._resource_json_map.items()
            if _is_retained(declared)
            and not (undoing_creation and declared["DeletionPolicy"] == _UNLESS_NEW)
        ]
        for name, resource in self.existing():
            if name in kept:
                self.tell(name, self._resource_json_map[name]["Type"], "DELETE_SKIPPED", resource)
        self._remove(dict(self._resource_json_map), kept)

    def restore_retired(self) -> None:
        """Before a failed update is undone: the replaced are again, their replacements go."""
        for name, retired in self._retired.items():
            replacement = self._parsed_resources[name]
            self._delete_resource(replacement, {"Type": replacement.cf_resource_type})
            self._parsed_resources[name] = retired.resource
            self._applied[name] = retired.applied
        self._retired.clear()

    def _bring_about(self, name: str) -> None:
        declared = self._resource_json_map[name]
        if name not in self._parsed_resources:
            _ = self[name]
            return
        if not self._is_wanted(declared):
            return
        try:
            resolved = self._resolved(declared)
        except Exception as exc:
            raise resource_failure(name, declared, exc) from exc
        if resolved == self._applied.get(name):
            return
        applied, old = self._applied.pop(name, None), self._parsed_resources[name]
        self.tell(name, declared["Type"], "UPDATE_IN_PROGRESS", old)
        new = parsing.parse_and_update_resource(
            name, declared, self, account_id=self._account_id, region_name=self._region_name
        )
        if new is not old and getattr(new, "replaced_when_updated", False):
            self._retired[name] = _Retired(old, applied)
        self._parsed_resources[name], self._applied[name] = new, resolved
        self.tell(name, declared["Type"], "UPDATE_COMPLETE", new)

    def _remove(self, gone: Mapping[str, dict[str, Any]], kept: Container[str]) -> None:
        left = {
            name: declared
            for name, declared in gone.items()
            if name in self._parsed_resources and name not in kept
        }
        for attempt in range(_MAX_REMOVALS):
            for name, declared in reversed(list(left.items())):
                try:
                    self._delete_resource(self._parsed_resources[name], declared)
                except Exception as exc:
                    if attempt == _MAX_REMOVALS - 1:
                        raise resource_failure(name, declared, exc) from exc
                    continue
                del left[name]
                self.tell(name, declared["Type"], "DELETE_COMPLETE", self._parsed_resources[name])
        for name in gone:
            self._parsed_resources.pop(name, None)
            self._applied.pop(name, None)

    def _delete_resource(self, parsed_resource: Any, resource_json: dict[str, Any]) -> None:
        if not deletions.delete(resource_json["Type"], parsed_resource, self._region_name):
            super()._delete_resource(parsed_resource, resource_json)

    def _resolved(self, declared: dict[str, Any]) -> Any:
        relevant = {"Type": declared["Type"], "Properties": declared.get("Properties") or {}}
        return resolve(copy.deepcopy(relevant), self)

    def _is_wanted(self, declared: dict[str, Any]) -> bool:
        condition = declared.get("Condition")
        return condition is None or bool(self.lazy_condition_map[condition])

    def _is_declared(self, name: str) -> bool:
        declared = self._resource_json_map.get(name)
        return declared is not None and self._is_wanted(declared)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.existing())

    def existing(self) -> list[tuple[str, Any]]:
        """Logical ids and resources that exist now, in the order of their creation."""
        return [
            (name, resource)
            for name, resource in list(self._parsed_resources.items())
            if name in self._resource_json_map and resource is not None
        ]


def _is_retained(declared: Mapping[str, Any]) -> bool:
    return declared.get("DeletionPolicy") in ("Retain", _UNLESS_NEW)


def by_dependency(declared: Mapping[str, Any]) -> list[str]:
    """Logical ids, each after those that it refers to or names in `DependsOn`."""
    ordered: dict[str, None] = {}
    entered: set[str] = set()

    def enter(name: str) -> None:
        if name in entered or name not in declared:
            return
        entered.add(name)
        depends = declared[name].get("DependsOn") or []
        for other in [*([depends] if isinstance(depends, str) else depends)]:
            enter(other)
        for other in references(declared[name].get("Properties") or {}):
            enter(other)
        ordered[name] = None

    for name in declared:
        enter(name)
    return list(ordered)


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
