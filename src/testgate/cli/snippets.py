"""The hook in the form that each tool takes, with the traps of that tool.

Imported by the command `attach`.
"""

import json
import shlex
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
    hook = {
        "HookTargetArn": wanted.function_arn,
        "RoleArn": wanted.role_arn,
        "LifecycleStages": [wanted.stage],
        "HookDetails": json.dumps(dict(wanted.details)),
    }
    return f"""\
# aws-cdk-lib, Python. Its DeploymentLifecycleLambdaTarget has no hookDetails (2.275): set the list
# of hooks on the resource below it. Hooks that the service has besides belong into this list.
cfn_service = service.node.default_child
cfn_service.add_property_override(
    "DeploymentConfiguration.LifecycleHooks",
    [
        {json.dumps(hook, indent=4).replace(chr(10), chr(10) + " " * 8)}
    ],
)
"""


def _terraform(wanted: Wanted, *_: str) -> str:
    pairs = "\n".join(f"        {name} = {_hcl(value)}" for name, value in wanted.details.items())
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


def _hcl(value: object) -> str:
    """JSON is HCL, but for what HCL would fill in."""
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _cli(wanted: Wanted, cluster: str, service: str) -> str:
    hook = shlex.quote(json.dumps(wanted.spell()))
    return f"""\
# What is left out of deploymentConfiguration may be taken for its default: read it, add the hook to
# its lifecycleHooks, and write all of it back.
aws ecs describe-services --cluster {shlex.quote(cluster)} --services {shlex.quote(service)} \\
  --query 'services[0].deploymentConfiguration' > configuration.json
python3 - {hook} <<'EOF'
import json, sys
hook, configuration = json.loads(sys.argv[1]), json.load(open("configuration.json"))
hooks = configuration.get("lifecycleHooks") or []
others = [each for each in hooks if each.get("hookTargetArn") != hook["hookTargetArn"]]
configuration["lifecycleHooks"] = [*others, hook]
json.dump(configuration, open("configuration.json", "w"), indent=2)
EOF
aws ecs update-service --cluster {shlex.quote(cluster)} --service {shlex.quote(service)} \\
  --deployment-configuration file://configuration.json
"""


_WRITERS: Mapping[Tool, Callable[[Wanted, str, str], str]] = {
    Tool.CLOUDFORMATION: _cloudformation,
    Tool.CDK: _cdk,
    Tool.TERRAFORM: _terraform,
    Tool.CLI: _cli,
}
