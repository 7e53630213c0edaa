"""From what a local AWS has counted to rights of the template, across processes by files."""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from testgate.local.rights import Grant, Use
from tests.rights.template import Right, read_rights

Key = tuple[str, str, str, str]  # holder, sid, action, resource as the template spells it


def key_of(right: Right) -> Key:
    return (right.holder, right.sid, right.action, right.resource)


class DeployedRights:
    """The template's rights as one stack has them; made while its policies are still its own."""

    def __init__(self, client: Callable[[str], Any], stack: str) -> None:
        self._client = client
        described = client("cloudformation").describe_stack_resources(StackName=stack)
        self._physical = {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for resource in described["StackResources"]
        }
        self._keys: dict[tuple[str, str, str, str, str], Key] = {}
        rights = read_rights()
        for holder in dict.fromkeys(right.holder for right in rights):
            self._add([right for right in rights if right.holder == holder])

    def used(self, uses: Mapping[Use, int]) -> Counter[Key]:
        """How often each right of the stack was used; what is not of the stack does not count."""
        counted: Counter[Key] = Counter()
        for use, count in uses.items():
            key = self._keys.get(_identity(use.caller, use.grant))
            if key is not None:
                counted[key] += count
        return counted

    def _add(self, rights: list[Right]) -> None:
        first = rights[0]
        if not first.policy:
            self._add_permission(first)
            return
        role = self._physical[first.holder]
        deployed = self._client("iam").get_role_policy(RoleName=role, PolicyName=first.policy)
        pairs = [
            (statement["Sid"], action, resource)
            for statement in deployed["PolicyDocument"]["Statement"]
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        ]
        # As many and in the same order: one was made of the other.
        for right, (sid, action, resource) in zip(rights, pairs, strict=True):
            assert (right.sid, right.action) == (sid, action)
            self._keys[role, first.policy, sid, action, resource] = key_of(right)

    def _add_permission(self, right: Right) -> None:
        function = self._physical[right.resource.removeprefix("${").removesuffix(".Arn}")]
        policy = json.loads(self._client("lambda").get_policy(FunctionName=function)["Policy"])
        (statement,) = policy["Statement"]
        identity = (
            statement["Principal"]["Service"],
            f"of function {function}",
            statement["Sid"],
            statement["Action"],
            statement["Resource"],
        )
        self._keys[identity] = key_of(right)


def _identity(caller: str, grant: Grant) -> tuple[str, str, str, str, str]:
    return (caller, grant.policy, grant.sid, grant.action, grant.resource)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def store(directory: Path, counted: Mapping[Key, int]) -> None:
    """Keep what one local AWS has counted."""
    rows = [[*key, count] for key, count in sorted(counted.items())]
    (directory / f"{uuid.uuid4()}.json").write_text(json.dumps(rows))


def merged(files: Iterable[Path]) -> Counter[Key]:
    """What all of them have counted."""
    total: Counter[Key] = Counter()
    for file in files:
        for holder, sid, action, resource, count in json.loads(file.read_text()):
            total[holder, sid, action, resource] += count
    return total


def unused(rights: Iterable[Right], counted: Mapping[Key, int]) -> list[Right]:
    """The rights that no call used."""
    return [right for right in rights if not counted.get(key_of(right))]
