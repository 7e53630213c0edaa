"""boto3 clients with bounded patience, and AWS's errors as ours.

A hook that hangs is worse than one that says "later": connect 2 s, read 5 s, two attempts.
Imported by the ports of this package and by those who compose them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from testgate.core.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    NotFoundError,
    PortError,
    UnavailableError,
)

HOOKS_OPERATION = "DescribeServiceDeployments"
RAW_HOOKS = "testgateRawHooks"
CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
ATTEMPTS = 2

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation"})
_MISSING = frozenset(
    {
        "404",
        "NoSuchKey",
        "NoSuchBucket",
        "NotFound",
        "ExecutionDoesNotExist",
        "ServiceDeploymentNotFoundException",
        "ServiceNotFoundException",
        "RuleNotFound",
        "TargetGroupNotFound",
    }
)
_EXISTS = frozenset({"PreconditionFailed", "ExecutionAlreadyExists", "412"})
_LATER = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "ServiceUnavailable",
        "ConditionalRequestConflict",
        "ServerException",
        "InternalError",
        "InternalFailure",
        "ExecutionLimitExceeded",
        "RequestTimeout",
        "RequestThrottled",
        "ThrottledException",
        "KmsThrottlingException",
        "OperationAborted",
    }
)
_TOO_MANY, _SERVER_FAULT = 429, 500


@cache
def client(service: str, region: str | None = None) -> Any:
    """The process's one client of a service, configured by the environment as AWS tools are;
    `region` is another one than the environment's."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    made = boto3.client(service, region_name=region, config=config)
    if service == "ecs":
        made.meta.events.register(f"before-parse.ecs.{HOOKS_OPERATION}", _keep_hook_details)
    return made


def _keep_hook_details(
    response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Keeps `lifecycleHookDetails` as sent, by the deployment's ARN.

    botocore drops members that its model does not know, and Lambda's runtime may bring a botocore
    from before they existed: then a hook with timeout action CONTINUE would look harmless.
    """
    try:
        deployments = json.loads(response_dict["body"])["serviceDeployments"]
        kept = {item["serviceDeploymentArn"]: item["lifecycleHookDetails"] for item in deployments}
    except (KeyError, TypeError, ValueError):
        return  # none were sent, or in another protocol, which only a newer botocore speaks
    customized_response_dict[RAW_HOOKS] = kept


@contextmanager
def port_errors(doing: str) -> Iterator[None]:
    """Turns botocore's errors into PortError; `doing` says what was asked, for the sentence."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        HTTPClientError,
    )

    try:
        yield
    except ClientError as exc:
        raise _translated(exc, doing) from exc
    except (ConnectionError, HTTPClientError) as exc:
        raise UnavailableError(f"{doing}: {exc}") from exc
    except BotoCoreError as exc:
        raise PortError(f"{doing}: {exc}") from exc


def _translated(exc: Any, doing: str) -> PortError:
    error = exc.response.get("Error", {})
    code, status = str(error.get("Code", "")), exc.response["ResponseMetadata"]["HTTPStatusCode"]
    message = f"{doing}: {code}: {error.get('Message', '')}"
    if code in _DENIED:
        return AccessDeniedError(message)
    if code in _EXISTS:
        return AlreadyExistsError(message)
    if code in _LATER or status == _TOO_MANY or status >= _SERVER_FAULT:
        return UnavailableError(message)
    if code in _MISSING:
        return NotFoundError(message)
    return PortError(message)
