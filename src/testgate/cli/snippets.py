"""The hook in the form that each tool takes, with the traps of that tool.

Imported by the command `attach`.
"""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum

from testgate.cli.attaching import Wanted


class Tool(StrEnum):
    """What a service may be made by."""

    CLOUDFORMATION = "cloudformation"
    CDK = "cdk"
    TERRAFORM = "terraform"
    CLI = "cli"


def snippet(tool: Tool, wanted: Wanted, cluster: str, service: str) -> str:
    """The text to put into a template, a program or a shell."""
    return _WRITERS[tool](wanted, cluster, service)


def _cloudformation(wanted: Wanted, *_: str) -> str:
    details = json.dumps(json.dumps(dict(wanted.details)))
    return f"""\
# AWS::ECS::Service, Properties. HookDetails is JSON as a text: that is its documented form.
DeploymentConfiguration:
  Strategy: BLUE_GREEN
  LifecycleHooks:
    - HookTargetArn: {wanted.function_arn}
      RoleArn: {wanted.role_arn}
      LifecycleStages: [{wanted.stage}]
      HookDetails: {details}
# A new image and a new GATE digest belong into one update: each update is a deployment of its own.
"""


def _cdk(wanted: Wanted, *_: str) -> str:
    details = json.dumps(json.dumps(dict(wanted.details)))
    return f"""\
# aws-cdk-lib, Python. Its DeploymentLifecycleLambdaTarget has no hookDetails (2.275): set the hook
# on the resource below it. Take an index after the hooks that you have already.
cfn_service = service.node.default_child
hook = "DeploymentConfiguration.LifecycleHooks.0"
cfn_service.add_property_override(f"{{hook}}.HookTargetArn", "{wanted.function_arn}")
cfn_service.add_property_override(f"{{hook}}.RoleArn", "{wanted.role_arn}")
cfn_service.add_property_override(f"{{hook}}.LifecycleStages", ["{wanted.stage}"])
cfn_service.add_property_override(f"{{hook}}.HookDetails", {details})
"""


def _terraform(wanted: Wanted, *_: str) -> str:
    pairs = "\n".join(
        f"        {name} = {json.dumps(value)}" for name, value in wanted.details.items()
    )
    return f"""\
# aws_ecs_service
deployment_configuration {{
  strategy = "BLUE_GREEN"
  lifecycle_hook {{
    hook_target_arn  = "{wanted.function_arn}"
    role_arn         = "{wanted.role_arn}"
    lifecycle_stages = ["{wanted.stage}"]
    hook_details     = jsonencode({{  # a text, not an object
{pairs}
    }})
    # no timeout_configuration: the provider takes it for PAUSE hooks alone
  }}
}}

# On both aws_lb_listener_rule, production and test: without it every apply resets the weights, and
# the gate refuses what it then finds.
lifecycle {{
  ignore_changes = [action]
}}
"""


def _cli(wanted: Wanted, cluster: str, service: str) -> str:
    hook = json.dumps(wanted.spell(), indent=2)
    return f"""\
# lifecycleHooks replaces the list: put hooks that the service has already beside this one.
aws ecs update-service --cluster {cluster} --service {service} \\
  --deployment-configuration '{{"strategy": "BLUE_GREEN", "lifecycleHooks": [
{hook}
]}}'
"""


_WRITERS: Mapping[Tool, Callable[[Wanted, str, str], str]] = {
    Tool.CLOUDFORMATION: _cloudformation,
    Tool.CDK: _cdk,
    Tool.TERRAFORM: _terraform,
    Tool.CLI: _cli,
}
