"""HTTPS listeners serve the certificate that names the server which the client asked for."""

import socket
import ssl

import pytest
import requests
import trustme
from botocore.exceptions import ClientError

from tests.local.balancer.conftest import Place, World, fixed, free_port


@pytest.fixture
def authority():
    return trustme.CA()


def certificate(world: World, authority, *names):
    """The ARN of a certificate for these names, in the local ACM."""
    made = authority.issue_cert(*names)
    answer = world.server.client("acm").import_certificate(
        Certificate=made.cert_chain_pems[0].bytes(), PrivateKey=made.private_key_pem.bytes()
    )
    return answer["CertificateArn"]


def listen(place: Place, arn, action=None):
    port = free_port(place.address)
    made = place.elbv2.create_listener(
        LoadBalancerArn=place.arn,
        Protocol="HTTPS",
        Port=port,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[action or fixed("secure")],
    )
    return made["Listeners"][0]["ListenerArn"], port


def names_served(place: Place, authority, port, server_name):
    """The names in the certificate that a client gets, and what the path / answers."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.check_hostname = False
    with (
        socket.create_connection((place.address, port), 5) as raw,
        context.wrap_socket(raw, server_hostname=server_name) as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        body = b"".join(iter(lambda: secure.recv(65536), b""))
        found = secure.getpeercert()
        assert found
        return [str(entry[1]) for entry in found["subjectAltName"]], body


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("one.example", "one.example"),
        ("TWO.example", "two.example"),
        ("a.wild.example", "*.wild.example"),
        ("a.b.wild.example", "one.example"),
        ("unknown.example", "one.example"),
        (None, "one.example"),
    ],
)
def test_the_certificate_is_chosen_by_the_name_asked_for(
    world: World, place: Place, authority, asked, served
):
    arn, port = listen(place, certificate(world, authority, "one.example"))
    more = [certificate(world, authority, name) for name in ("two.example", "*.wild.example")]
    place.elbv2.add_listener_certificates(
        ListenerArn=arn, Certificates=[{"CertificateArn": other} for other in more]
    )
    names, body = names_served(place, authority, port, asked)
    assert names == [served]
    assert body.endswith(b"secure")


def test_a_redirect_and_a_target_are_told_that_it_is_https(world: World, place: Place, authority):
    redirect = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Path": "/a"}}
    _, port = listen(place, certificate(world, authority, "one.example"), redirect)
    _, answer = names_served(place, authority, port, "one.example")
    assert f"Location: https://x:{port}/a".encode() in answer


def test_a_certificate_that_acm_does_not_have_is_refused(place: Place):
    with pytest.raises(ClientError, match="ertificate"):
        listen(place, "arn:aws:acm:us-east-1:123456789012:certificate/none")
    assert place.elbv2.describe_listeners(LoadBalancerArn=place.arn)["Listeners"] == []


def test_a_listener_may_change_to_https_and_back(world: World, place: Place, authority):
    arn, url = place.listener(fixed("plain"))
    port = int(url.rpartition(":")[2])
    place.elbv2.modify_listener(
        ListenerArn=arn,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": certificate(world, authority, "one.example")}],
    )
    assert names_served(place, authority, port, "one.example")[1].endswith(b"plain")
    place.elbv2.modify_listener(ListenerArn=arn, Protocol="HTTP")
    assert requests.get(url, timeout=60).text == "plain"
