"""Deletion of resources that moto's CloudFormation creates and never deletes: by their own APIs.

Imported by `resource_map` alone.
"""

from collections.abc import Callable
from typing import Any

from testgate.local.moto.interpreter_clients import clients

Delete = Callable[[Any, Any], object]  # a client of the type's service, and moto's resource


def _association(ec2: Any, made: Any) -> None:
    tables = ec2.describe_route_tables(RouteTableIds=[made.route_table_id])["RouteTables"]
    for association in tables[0]["Associations"]:
        if association.get("SubnetId") == made.subnet_id:
            ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


_DELETIONS: dict[str, tuple[str, Delete]] = {
    "AWS::EC2::InternetGateway": (
        "ec2",
        lambda ec2, made: ec2.delete_internet_gateway(InternetGatewayId=made.physical_resource_id),
    ),
    "AWS::EC2::VPCGatewayAttachment": (
        "ec2",
        lambda ec2, made: ec2.detach_internet_gateway(
            VpcId=made.vpc_id, InternetGatewayId=made.gateway_id
        ),
    ),
    "AWS::EC2::RouteTable": (
        "ec2",
        lambda ec2, made: ec2.delete_route_table(RouteTableId=made.physical_resource_id),
    ),
    "AWS::EC2::Route": (
        "ec2",
        lambda ec2, made: ec2.delete_route(
            RouteTableId=made.route_table.id, DestinationCidrBlock=made.destination_cidr_block
        ),
    ),
    "AWS::EC2::SubnetRouteTableAssociation": ("ec2", _association),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "elbv2",
        lambda elbv2, made: elbv2.delete_target_group(TargetGroupArn=made.physical_resource_id),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        "elbv2",
        lambda elbv2, made: elbv2.delete_listener(ListenerArn=made.physical_resource_id),
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (
        "elbv2",
        lambda elbv2, made: elbv2.delete_rule(RuleArn=made.physical_resource_id),
    ),
    "AWS::ECS::Cluster": (
        "ecs",
        lambda ecs, made: ecs.delete_cluster(cluster=made.physical_resource_id),
    ),
}


def delete(kind: str, resource: Any, region: str) -> bool:
    """Delete a resource of such a type; whether it is one of them. Raises what its API raises."""
    if kind not in _DELETIONS:
        return False
    service, act = _DELETIONS[kind]
    act(clients.get(region, service), resource)
    return True
