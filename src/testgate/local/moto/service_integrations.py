"""Step Functions service integrations spell names as AWS documents them, whatever the SDK's case.

The bodies moto left empty in its interpreter, the service names it lacks, and AWS's error names.
Imported by the installation of the bridges alone.
"""

from datetime import date, datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)

from testgate.local.moto.interpreter_clients import clients

# Where the name in `arn:aws:states:::aws-sdk:<name>:…` (the Java SDK's) is not boto3's.
_BOTO_NAMES = {
    "elasticloadbalancingv2": "elbv2",
    "elasticloadbalancing": "elb",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "cloudwatchevents": "events",
    "applicationautoscaling": "application-autoscaling",
}
# How AWS writes the service in `<Service>.<Error>Exception`: the Java SDK's class prefix. Seen for
# S3 and DynamoDb; the others by the same rule.
_ERROR_PREFIXES = {
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "codebuild": "CodeBuild",
    "ec2": "Ec2",
    "ecs": "Ecs",
    "elasticloadbalancingv2": "ElasticLoadBalancingV2",
    "eventbridge": "EventBridge",
    "iam": "Iam",
    "lambda": "Lambda",
    "s3": "S3",
    "secretsmanager": "SecretsManager",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}


def install() -> None:
    """Give the two empty hooks of moto's `StateTaskService` their bodies, and fill its tables.

    AWS (documented): "parameters in Step Functions are expressed in PascalCase even if the native
    service API is in camelCase", in the request and in the result. moto passes `Parameters` to
    boto3 as they are and returns boto3's names, streams and datetimes.
    """
    StateTaskService._normalise_parameters = _normalise_parameters
    StateTaskService._normalise_response = _normalise_response
    StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(_BOTO_NAMES)
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES.update(_ERROR_PREFIXES)


def _normalise_parameters(
    task: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    operation = _operation(task, boto_service_name, service_action_name)
    if operation is not None and operation.input_shape is not None:
        task._to_boto_request(parameters, operation.input_shape)


def _normalise_response(
    task: Any,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    operation = _operation(task, boto_service_name, service_action_name)
    if operation is not None and operation.output_shape is not None:
        task._from_boto_response(response, operation.output_shape)
    _dates_to_text(response)


def _operation(task: Any, service: str | None, action: str | None) -> Any:
    """The botocore operation of the task; None where the SDK knows none of that name."""
    client = clients.get("us-east-1", task._get_boto_service_name(service))
    name = client.meta.method_to_api_mapping.get(task._get_boto_service_action(action))
    return client.meta.service_model.operation_model(name) if name else None


def _dates_to_text(value: Any) -> None:
    """Turn datetimes inside `value` into ISO text: an output must be JSON.

    AWS gives epoch milliseconds in some integrations and ISO text in others; code must not rely on
    either.
    """
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, entry in list(entries):
        if isinstance(entry, datetime | date):
            value[key] = entry.isoformat()
        else:
            _dates_to_text(entry)
