"""Links to the AWS console, made from ARNs alone.

A link is built from the parts of an ARN that has the right form, never from text of a record as it
is. Addresses: the console's own, as others link to them; that of a single deployment is not known
for sure, so its service's list of deployments is linked. Standard library only.
"""

import re
from collections.abc import Mapping

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import InputError

_DOMAINS: Mapping[str, str] = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_EXECUTION = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):states:(?P<region>[a-z0-9-]+):\d{12}:execution:"
    r"[0-9A-Za-z_-]{1,80}:[0-9A-Za-z_-]{1,80}"
)


def execution_url(arn: str) -> str | None:
    """The console's page of an execution; None for another kind of ARN or an unknown partition."""
    match = _EXECUTION.fullmatch(arn)
    base = _base(match["partition"], match["region"]) if match else None
    if match is None or base is None:
        return None
    return f"{base}/states/home?region={match['region']}#/v2/executions/details/{arn}"


def deployments_url(arn: str) -> str | None:
    """The console's list of the deployments of a service deployment's service; None as above."""
    try:
        deployment = parse_service_deployment_arn(arn)
    except InputError:
        return None
    base = _base(deployment.partition, deployment.region)
    if base is None:
        return None
    service = f"clusters/{deployment.cluster}/services/{deployment.service}"
    return f"{base}/ecs/v2/{service}/deployments?region={deployment.region}"


def _base(partition: str, region: str) -> str | None:
    domain = _DOMAINS.get(partition)
    return f"https://{region}.{domain}" if domain else None
