"""What rights a request to AWS needs: actions, resources and what conditions may look at.

From the service authorization reference, for the operations that gates use. A request that is not
known here needs a row here: until then it is refused. Imported by this package and its tests.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from werkzeug.wrappers import Request

from testgate.local.rights import json_calls, s3_calls
from testgate.local.rights.call import Call, Place, unknown
from testgate.local.rights.errors import UnknownCallError

KNOWN_KEYS = (
    s3_calls.KEYS
    | json_calls.KEYS
    | {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
    }
)
"""Keys of conditions that requests here have, or lack as they would on AWS."""

ASSUME_ROLE = "sts:AssumeRole"
"""Allowed only if the role's own trust policy allows it too."""

_CBOR_OPERATION = re.compile(r"/service/[^/]+/operation/(?P<operation>[A-Za-z]+)")
_INVOCATION = re.compile(r"/2015-03-31/functions/(?P<function>[^/]+)/invocations/?")


def calls_of(request: Request, service: str, place: Place) -> tuple[Call, ...]:
    """Every right that a request, signed for `service`, needs; none if everybody may.

    Raises UnknownCallError.
    """
    reader = _READERS.get(service)
    if reader is None:
        raise UnknownCallError(
            f"the local AWS does not know which rights calls of service {service!r} need"
        )
    return reader(request, place)


def invoke_call(function: str, qualifier: str | None, place: Place) -> Call:
    """The right to invoke a function, by its name, partial ARN or ARN."""
    name = function.rpartition("function:")[2]
    suffix = f":{qualifier}" if qualifier else ""
    return Call(
        action="lambda:InvokeFunction", resource=place.arn("lambda", f"function:{name}{suffix}")
    )


def _lambda(request: Request, place: Place) -> tuple[Call, ...]:
    match = _INVOCATION.fullmatch(request.path)
    if match is None or request.method != "POST":
        raise unknown("lambda", f"{request.method} {request.path}")
    return (invoke_call(unquote(match["function"]), request.args.get("Qualifier"), place),)


def _elastic_load_balancing(request: Request, _: Place) -> tuple[Call, ...]:
    action = request.form.get("Action", "")
    if not action.startswith("Describe"):
        raise unknown("elasticloadbalancing", action)
    # Documented: these actions know no resources.
    return (Call(action=f"elasticloadbalancing:{action}", resource="*"),)


def _cloudformation(request: Request, place: Place) -> tuple[Call, ...]:
    """What reads one stack; by its name, which AWS takes for `stack/<name>/*`, or its ARN."""
    action, name = request.form.get("Action", ""), request.form.get("StackName", "")
    if action not in ("DescribeStacks", "DescribeStackEvents", "ListStackResources") or not name:
        raise unknown("cloudformation", action)
    stack = name if name.startswith("arn:") else place.arn("cloudformation", f"stack/{name}/*")
    return (Call(action=f"cloudformation:{action}", resource=stack),)


def _cloudwatch(request: Request, place: Place) -> tuple[Call, ...]:
    """By the operation's name alone, whichever of its three protocols the client speaks."""
    match = _CBOR_OPERATION.fullmatch(request.path)
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    operation = match["operation"] if match else target or request.form.get("Action", "")
    if operation == "GetMetricData":
        return (Call(action="cloudwatch:GetMetricData", resource="*"),)
    if operation == "DescribeAlarms":
        alarms = place.arn("cloudwatch", "alarm:*")
        return (Call(action="cloudwatch:DescribeAlarms", resource=alarms),)
    raise unknown("cloudwatch", operation)


def _sts(request: Request, _: Place) -> tuple[Call, ...]:
    action = request.form.get("Action", "")
    if action == ASSUME_ROLE.partition(":")[2]:
        return (Call(action=ASSUME_ROLE, resource=request.form.get("RoleArn", "")),)
    if action != "GetCallerIdentity":
        raise unknown("sts", action)
    return ()  # documented: no permissions are required


_READERS: Mapping[str, Callable[[Request, Place], tuple[Call, ...]]] = {
    "cloudformation": _cloudformation,
    "ecr": json_calls.ecr,
    "ecs": json_calls.ecs,
    "elasticloadbalancing": _elastic_load_balancing,
    "events": json_calls.events,
    "lambda": _lambda,
    "logs": json_calls.logs,
    "monitoring": _cloudwatch,
    "s3": s3_calls.s3,
    "secretsmanager": json_calls.secrets_manager,
    "ssm": json_calls.ssm,
    "states": json_calls.states,
    "sts": _sts,
}
