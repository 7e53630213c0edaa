"""A place to deploy to on the local AWS: cluster, load balancer, two listeners, two target groups.

What a team's own network and cluster stacks would bring. Through public APIs only, with any
client. Imported by the demo, the benchmarks and the tests.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Client = Callable[[str], Any]

CONTAINER = "app"
CONTAINER_PORT = 8080
_TRUST_ECS = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
    '{"Service":"ecs.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A hook as a service names it. `details` is the hookDetails of that service."""

    function_arn: str
    role_arn: str
    details: object
    stages: Sequence[str] = ("POST_TEST_TRAFFIC_SHIFT",)
    timeout: Mapping[str, object] | None = None

    def spell(self) -> dict[str, object]:
        """As `deploymentConfiguration.lifecycleHooks` takes it."""
        spelled: dict[str, object] = {
            "hookTargetArn": self.function_arn,
            "roleArn": self.role_arn,
            "lifecycleStages": list(self.stages),
        }
        if self.details is not None:
            spelled["hookDetails"] = self.details
        if self.timeout is not None:
            spelled["timeoutConfiguration"] = dict(self.timeout)
        return spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One service's surroundings; the service itself is created by `create`. `ports` are the
    container's, the first is behind the rules; `more_balancers` are further `loadBalancers`."""

    client: Client
    name: str
    cluster: str
    production_url: str
    test_url: str
    production_rule: str
    test_rule: str
    groups: tuple[str, str]
    role_arn: str
    ports: tuple[int, ...] = (CONTAINER_PORT,)
    more_balancers: tuple[Mapping[str, object], ...] = ()

    def register(self, image: str, environment: Mapping[str, str]) -> str:
        """Register a task definition of one container; its ARN."""
        answer = self.client("ecs").register_task_definition(
            family=self.name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": CONTAINER,
                    "image": image,
                    "memory": 512,
                    "portMappings": [{"containerPort": port} for port in self.ports],
                    "environment": [
                        {"name": name, "value": value} for name, value in environment.items()
                    ],
                }
            ],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create(self, task_definition: str, *hooks: Hook, bake_minutes: int = 0) -> str:
        """Create the service; the ARN of its first deployment."""
        self.client("ecs").create_service(
            cluster=self.cluster,
            serviceName=self.name,
            taskDefinition=task_definition,
            desiredCount=1,
            loadBalancers=[self.balancer(), *self.more_balancers],
            deploymentConfiguration={
                "strategy": "BLUE_GREEN",
                "bakeTimeInMinutes": bake_minutes,
                "lifecycleHooks": [hook.spell() for hook in hooks],
            },
        )
        return self.newest_deployment()

    def balancer(self, port: int | None = None) -> dict[str, object]:
        """An entry of `loadBalancers` with this site's rules, for a port of the container."""
        return {
            "targetGroupArn": self.groups[0],
            "containerName": CONTAINER,
            "containerPort": port or self.ports[0],
            "advancedConfiguration": {
                "alternateTargetGroupArn": self.groups[1],
                "productionListenerRule": self.production_rule,
                "testListenerRule": self.test_rule,
                "roleArn": self.role_arn,
            },
        }

    def update(self, task_definition: str, *hooks: Hook) -> str:
        """Update the service; the ARN of the new deployment. Hooks replace the configured ones."""
        changes: dict[str, object] = {}
        if hooks:
            changes["deploymentConfiguration"] = {
                "strategy": "BLUE_GREEN",
                "bakeTimeInMinutes": 0,
                "lifecycleHooks": [hook.spell() for hook in hooks],
            }
        self.client("ecs").update_service(
            cluster=self.cluster,
            service=self.name,
            taskDefinition=task_definition,
            forceNewDeployment=True,
            **changes,
        )
        return self.newest_deployment()

    def newest_deployment(self) -> str:
        """The ARN of the service's newest deployment."""
        found = self.client("ecs").list_service_deployments(
            service=self.name, cluster=self.cluster
        )["serviceDeployments"]
        newest = max(found, key=lambda deployment: deployment["createdAt"])
        return str(newest["serviceDeploymentArn"])

    def deployment(self, arn: str) -> dict[str, Any]:
        """The deployment as DescribeServiceDeployments tells it."""
        answer = self.client("ecs").describe_service_deployments(serviceDeploymentArns=[arn])
        return dict(answer["serviceDeployments"][0])


def build_site(
    client: Client,
    name: str,
    *,
    tags: Mapping[str, str] | None = None,
    address_of: Callable[[str], str] = str,
) -> Site:
    """A cluster and a load balancer of that name, with free ports of the balancer's address.

    A DNSName that only local functions can resolve is turned into an address by `address_of`.
    """
    ec2, elbv2, ecs, iam = (client(s) for s in ("ec2", "elbv2", "ecs", "iam"))
    subnets = ec2.describe_subnets()["Subnets"][:2]
    tagged = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    balancer = elbv2.create_load_balancer(
        Name=name,
        Subnets=[s["SubnetId"] for s in subnets],
        **({"Tags": tagged} if tagged else {}),
    )
    balancer_arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    address = address_of(balancer["LoadBalancers"][0]["DNSName"])
    groups = tuple(
        elbv2.create_target_group(
            Name=f"{name}-{colour}",
            Protocol="HTTP",
            Port=CONTAINER_PORT,
            VpcId=subnets[0]["VpcId"],
            TargetType="ip",
            HealthCheckPath="/health",
        )["TargetGroups"][0]["TargetGroupArn"]
        for colour in ("one", "two")
    )
    ports = _free_ports(address, 2)
    rules = [_forwarding_rule(elbv2, balancer_arn, port, groups) for port in ports]
    ecs.create_cluster(clusterName=name)
    role = iam.create_role(RoleName=f"{name}-balancer", AssumeRolePolicyDocument=_TRUST_ECS)[
        "Role"
    ]["Arn"]
    return Site(
        client=client,
        name=name,
        cluster=name,
        production_url=f"http://{address}:{ports[0]}",
        test_url=f"http://{address}:{ports[1]}",
        production_rule=rules[0],
        test_rule=rules[1],
        groups=(groups[0], groups[1]),
        role_arn=role,
    )


def _forwarding_rule(elbv2: Any, balancer_arn: str, port: int, groups: tuple[str, ...]) -> str:
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer_arn,
        Protocol="HTTP",
        Port=port,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    weights = [
        {"TargetGroupArn": group, "Weight": weight}
        for group, weight in zip(groups, (100, 0), strict=True)
    ]
    rule = elbv2.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
    )
    return str(rule["Rules"][0]["RuleArn"])


def _free_ports(address: str, count: int) -> list[int]:
    """Ports of an address that nobody else uses; the address is this load balancer's own."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind((address, 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()
