"""A service that CloudFormation owns, gated, and a way to wait for what happens by itself."""

import json
import threading
from collections.abc import Callable
from typing import Any

from tests.deployments.conftest import Lab


def service_template(lab: Lab, version: str, **more: str) -> str:
    """The lab's service at a version, with its gate."""
    variables = {"SHOP_VERSION": version} | more
    environment = [{"Name": name, "Value": value} for name, value in variables.items()]
    balancer: dict[str, Any] = dict(lab.site.balancer())
    advanced = balancer["advancedConfiguration"]
    hook = lab.hook().spell()
    return json.dumps(
        {
            "Resources": {
                "Web": {
                    "Type": "AWS::ECS::Service",
                    "Properties": {
                        "ServiceName": lab.name,
                        "Cluster": lab.site.cluster,
                        "DesiredCount": 1,
                        "LaunchType": "FARGATE",
                        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
                        "TaskDefinition": {"Ref": "Task"},
                        "LoadBalancers": [
                            {
                                "TargetGroupArn": balancer["targetGroupArn"],
                                "ContainerName": balancer["containerName"],
                                "ContainerPort": balancer["containerPort"],
                                "AdvancedConfiguration": {
                                    name[:1].upper() + name[1:]: value
                                    for name, value in advanced.items()
                                },
                            }
                        ],
                        "DeploymentConfiguration": {
                            "Strategy": "BLUE_GREEN",
                            "BakeTimeInMinutes": 0,
                            "LifecycleHooks": [
                                {
                                    "HookTargetArn": hook["hookTargetArn"],
                                    "RoleArn": hook["roleArn"],
                                    "LifecycleStages": hook["lifecycleStages"],
                                    "HookDetails": json.dumps({"GATE": lab.name}),
                                }
                            ],
                        },
                    },
                },
                "Task": {
                    "Type": "AWS::ECS::TaskDefinition",
                    "Properties": {
                        "Family": lab.name,
                        "NetworkMode": "awsvpc",
                        "RequiresCompatibilities": ["FARGATE"],
                        "Cpu": "256",
                        "Memory": "512",
                        "ContainerDefinitions": [
                            {
                                "Name": balancer["containerName"],
                                "Image": f"example.com/{lab.image}:stack",
                                "PortMappings": [{"ContainerPort": balancer["containerPort"]}],
                                "Environment": environment,
                            }
                        ],
                    },
                },
            },
        }
    )


def until(holds: Callable[[], object], what: str) -> Any:
    """What holds in the end. Fails if it never does."""
    pause = threading.Event()
    for _ in range(6000):
        found = holds()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError(f"there never was {what}")
