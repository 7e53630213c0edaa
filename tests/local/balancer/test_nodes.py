"""A load balancer of several addresses: all listen, one may lag, and functions know the name."""

import os
import subprocess
import sys

import pytest
import requests

from testgate.local.balancer.nodes import ADDRESSES_TAG, Nodes
from testgate.local.lambdas.variables import RESOLVER
from tests.local.balancer.conftest import Place, World, fixed, free_port


@pytest.fixture
def wide(world: World):
    """A load balancer with two addresses."""
    made = Place(world, Tags=[{"Key": ADDRESSES_TAG, "Value": "2"}])
    yield made
    made.elbv2.delete_load_balancer(LoadBalancerArn=made.arn)


def listen(world: World, wide: Place):
    """A listener's ARN and its URL at each address."""
    addresses = world.balancer.nodes.addresses(wide.address)
    port = free_port(addresses[0])
    made = wide.elbv2.create_listener(
        LoadBalancerArn=wide.arn, Protocol="HTTP", Port=port, DefaultActions=[fixed("first")]
    )
    urls = [f"http://{address}:{port}" for address in addresses]
    return made["Listeners"][0]["ListenerArn"], urls


def texts(urls):
    return [requests.get(url, timeout=60).text for url in urls]


def test_every_address_listens_and_stops(world: World, wide: Place):
    arn, urls = listen(world, wide)
    assert len(urls) == 2
    assert texts(urls) == ["first", "first"]
    wide.elbv2.delete_listener(ListenerArn=arn)
    for url in urls:
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=60)


def test_a_frozen_node_goes_on_by_the_rules_of_that_moment(world: World, wide: Place):
    arn, urls = listen(world, wide)
    world.balancer.freeze(world.balancer.nodes.addresses(wide.address)[1])
    wide.elbv2.modify_listener(ListenerArn=arn, DefaultActions=[fixed("second")])
    assert texts(urls) == ["second", "first"]


def resolved(world: World, name):
    """What a function of the local AWS makes of a name."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import socket, sys\n"
            "found = socket.getaddrinfo(sys.argv[1], 80, type=socket.SOCK_STREAM)\n"
            "print(*dict.fromkeys(info[4][0] for info in found))",
            name,
        ],
        env=os.environ
        | {
            "PYTHONPATH": str(RESOLVER),
            "TESTGATE_LOCAL_HOSTS": str(world.balancer.nodes.hosts_file),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.split()


def test_functions_resolve_the_name_to_every_address(world: World, wide: Place):
    assert wide.address.endswith(".elb.localhost")
    addresses = world.balancer.nodes.addresses(wide.address)
    assert resolved(world, wide.address) == list(addresses)
    assert resolved(world, "127.0.0.1") == ["127.0.0.1"]


def test_a_load_balancer_that_is_gone_has_no_name(world: World, tmp_path):
    nodes = Nodes(tmp_path / "hosts")
    name = nodes.take("web", {ADDRESSES_TAG: "3"})
    assert len(nodes.hosts_file.read_text().splitlines()) == 3
    nodes.give_back(name)
    assert nodes.hosts_file.read_text() == ""
