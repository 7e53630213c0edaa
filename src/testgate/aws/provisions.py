"""Secrets Manager, Parameter Store and STS: what a suite's references stand for.

Imported by run_suite's function alone, in whose process values stay.
"""

import json
from collections.abc import Mapping
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.canonical import canonical_json
from testgate.core.errors import PortError
from testgate.core.provisions import SecretReference, SecretStore

SESSION_S = 900  # AWS's least, and as long as a function may run
_MAX_SESSION_NAME_CHARS = 64

# Whatever the role allows, a suite that has it may not move the deployment that it judges, nor
# touch what Testgate keeps or who may do what.
_NEVER = (
    *("ecs:Create*", "ecs:Update*", "ecs:Delete*", "ecs:StopServiceDeployment", "ecs:Continue*"),
    *(f"elasticloadbalancing:{verb}*" for verb in ("Create", "Modify", "Set", "Delete")),
    *("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"),
    *("states:StopExecution", "states:RedriveExecution", "states:Update*", "states:Delete*"),
    *(f"lambda:{verb}*" for verb in ("Update", "Delete", "Put", "Add", "Remove")),
    *("iam:*", "sts:AssumeRole", "cloudformation:*"),
)


class SuiteSecrets:
    """Reads secrets. Raises PortError, whose text has no value."""

    def __init__(self, secrets_manager: Any, ssm: Any) -> None:
        self._secrets_manager = secrets_manager
        self._ssm = ssm

    def value(self, reference: SecretReference) -> str:
        """What the reference stands for."""
        match reference.store:
            case SecretStore.SECRETS_MANAGER:
                with port_errors(f"reading {reference}"):
                    answer = self._secrets_manager.get_secret_value(SecretId=reference.name)
                text = answer.get("SecretString")
                if text is None:
                    raise PortError(f"reading {reference}: it is binary, expected text")
            case SecretStore.PARAMETER_STORE:
                with port_errors(f"reading {reference}"):
                    answer = self._ssm.get_parameter(Name=reference.name, WithDecryption=True)
                text = answer["Parameter"]["Value"]
        return _part(reference, str(text)) if reference.key else str(text)


class SuiteRoles:
    """Assumes the roles that gate files name. Raises PortError."""

    def __init__(self, sts: Any) -> None:
        self._sts = sts

    def credentials(self, role: str, suite: str, bucket: str) -> dict[str, str]:
        """The variables by which AWS's tools act with the role, for SESSION_S seconds; never on
        the record bucket of that name."""
        with port_errors(f"assuming {role}"):
            answer = self._sts.assume_role(
                RoleArn=role,
                RoleSessionName=f"testgate-{suite}"[:_MAX_SESSION_NAME_CHARS],
                DurationSeconds=SESSION_S,
                Policy=canonical_json(session_policy(role.split(":")[1], bucket)),
            )
        keys = answer["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }


def session_policy(partition: str, bucket: str) -> dict[str, object]:
    """What a suite may do with its role: all that the role allows, but for what would let it
    decide about the deployment. AWS (documented): a session may do what both allow."""
    record = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "AsTheRole", "Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "NotTheGate", "Effect": "Deny", "Action": list(_NEVER), "Resource": "*"},
            {
                "Sid": "NotTheRecord",
                "Effect": "Deny",
                "Action": "s3:*",
                "Resource": [record, f"{record}/*"],
            },
        ],
    }


def _part(reference: SecretReference, text: str) -> str:
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, Mapping):
        raise PortError(f"reading {reference}: it is no JSON object, so it has no keys")
    found = value.get(reference.key)
    if not isinstance(found, str):
        raise PortError(f"reading {reference}: it has no text under that key")
    return found
