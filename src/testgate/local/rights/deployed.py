"""The policies that are in force: of roles, buckets and functions, as moto keeps them.

The one reader of moto's policies. Imported by this package alone.
"""

import json
from typing import Any

from moto.awslambda.utils import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from testgate.local.rights.calls import KNOWN_KEYS
from testgate.local.rights.documents import Policy, PolicyKind, read_policy
from testgate.local.rights.errors import PolicyError

_PARTITION = "aws"
# What moto keeps beside the elements of a function's statement.
_NO_ELEMENTS = ("FunctionName", "FunctionUrlAuthType", "EventSourceToken")


def policies_of_role(role_arn: str) -> tuple[Policy, ...]:
    """The identity-based policies of a role; none if there is no such role.

    Raises PolicyError.
    """
    role = find_role(role_arn)
    if role is None:
        return ()
    if role.permissions_boundary_arn:
        raise PolicyError(f"role {role.name} has a permissions boundary, not evaluated here")
    inline = [_read(document, name) for name, document in role.policies.items()]
    managed = [
        _read(version.document, policy.name)
        for policy in role.managed_policies.values()
        for version in policy.versions
        if version.is_default
    ]
    return (*inline, *managed)


def policies_of_resource(arn: str) -> tuple[Policy, ...]:
    """The policy of a bucket or a function, if it has one. Raises PolicyError."""
    _, _, service, region, account, resource = arn.split(":", 5) if arn != "*" else [""] * 6
    if service == "s3":
        return _policies_of_bucket(resource.partition("/")[0])
    if service == "lambda":
        return _policies_of_function(account, region, resource.split(":")[1])
    return ()


def trust_of_role(role_arn: str) -> tuple[Policy, ...]:
    """Who may assume a role; nobody if there is no such role. Raises PolicyError."""
    role = find_role(role_arn)
    if role is None:
        return ()
    document = json.loads(role.assume_role_policy_document)
    for statement in document["Statement"]:
        statement["Resource"] = role_arn  # which a trust policy leaves out
    return (_read(document, f"trust of {role.name}", PolicyKind.RESOURCE),)


def find_role(role_arn: str) -> Any | None:
    """moto's role of that ARN."""
    account = role_arn.split(":")[4] if role_arn.count(":") > 4 else ""
    roles = iam_backends[account][_PARTITION].roles.values() if account else ()
    return next((role for role in list(roles) if role.arn == role_arn), None)


def _policies_of_bucket(name: str) -> tuple[Policy, ...]:
    bucket = s3_backends[DEFAULT_ACCOUNT_ID][_PARTITION].buckets.get(name)
    if bucket is None or not bucket.policy:
        return ()
    return (_read(bucket.policy, f"of bucket {name}", PolicyKind.RESOURCE),)


def _policies_of_function(account: str, region: str, name: str) -> tuple[Policy, ...]:
    functions = get_backend(account, region)
    function = next((f for f in functions.list_functions() if f.function_name == name), None)
    statements = [] if function is None else function.policy.statements
    if not statements:
        return ()
    document = {
        "Statement": [
            {key: value for key, value in statement.items() if key not in _NO_ELEMENTS}
            for statement in statements
        ]
    }
    return (_read(document, f"of function {name}", PolicyKind.RESOURCE),)


def _read(document: Any, name: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    if isinstance(document, bytes):
        document = document.decode()
    text = document if isinstance(document, str) else json.dumps(document, default=str)
    policy = read_policy(text, name, kind)
    strange = policy.condition_keys - KNOWN_KEYS
    if strange:
        raise PolicyError(f"policy {name}: condition key {min(strange)} is not evaluated here")
    return policy
