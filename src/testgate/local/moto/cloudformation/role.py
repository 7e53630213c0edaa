"""`AWS::IAM::Role` with managed policies, and with updates that reach its policies and its trust.

moto's CloudFormation keeps inline policies as objects that its API cannot read back, drops managed
ones, and updates the description alone. Methods are set on moto's own class, which its IAM API
makes too. Imported by `bridge` alone.
"""

import json
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, Role, iam_backends
from moto.utilities.utils import get_partition

_OF_AWS = ":iam::aws:policy/"
_DEFAULT_SESSION_S = 3600
_moto_create = Role.create_from_cloudformation_json
_moto_delete = Role.delete_from_cloudformation_json


def install() -> None:
    """Let moto's role take its properties from templates as `_create` and `_update` do."""
    Role.create_from_cloudformation_json = classmethod(_create)
    Role.update_from_cloudformation_json = classmethod(_update)
    Role.delete_from_cloudformation_json = classmethod(_delete)


def _create(
    cls: Any,
    /,
    resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **settings: Any,
) -> Any:
    properties = cloudformation_json["Properties"]
    bare = {**cloudformation_json, "Properties": {**properties, "Policies": []}}
    role = _moto_create(resource_name, bare, account_id, region_name, **settings)
    _set_policies(role, properties, region_name)
    return role


def _update(
    cls: Any,
    /,
    original_resource: Any,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Any:
    """The same role with what the template now says; policies put by others go (simplified)."""
    properties = cloudformation_json["Properties"]
    role = original_resource
    role.description = properties.get("Description", "")
    role.max_session_duration = properties.get("MaxSessionDuration", _DEFAULT_SESSION_S)
    role.permissions_boundary_arn = properties.get("PermissionsBoundary")
    role.assume_role_policy_document = _text(properties["AssumeRolePolicyDocument"])
    _set_policies(role, properties, region_name)
    return role


def _delete(
    cls: Any,
    /,
    resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> None:
    backend = iam_backends[account_id][get_partition(region_name)]
    role = backend.get_role(resource_name)
    for policy in list(role.managed_policies.values()):
        policy.detach_from(role)
    _moto_delete(resource_name, cloudformation_json, account_id, region_name)


def _set_policies(role: Any, properties: dict[str, Any], region_name: str) -> None:
    backend = iam_backends[role.account_id][get_partition(region_name)]
    elsewhere = [  # resources of type AWS::IAM::Policy
        policy for policy in backend.inline_policies.values() if role.name in policy.role_names
    ]
    role.policies = {
        policy.policy_name: role.policies[policy.policy_name]
        for policy in elsewhere
        if policy.policy_name in role.policies
    } | {
        policy["PolicyName"]: _text(policy["PolicyDocument"])
        for policy in properties.get("Policies", [])
    }
    for policy in list(role.managed_policies.values()):
        policy.detach_from(role)
    for arn in properties.get("ManagedPolicyArns", []):
        _managed_policy(backend, arn).attach_to(role)


def _managed_policy(backend: Any, arn: str) -> Any:
    """The policy of that ARN; those of AWS come from moto's copy, which it loads not by itself."""
    if arn not in backend.managed_policies and _OF_AWS in arn:
        name = arn.rpartition("/")[2]
        data = _policies_of_aws().get(name)
        if data is not None:
            made = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
            backend.managed_policies[made.arn] = made
    if arn not in backend.managed_policies:
        raise ValueError(f"Policy {arn} does not exist or is not attachable.")
    return backend.managed_policies[arn]


@cache
def _policies_of_aws() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
