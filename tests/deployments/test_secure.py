"""Green behind HTTPS: reached by the load balancer's address, known by its certificate."""

import dataclasses

import pytest

from testgate.core.outcomes import Outcome
from testgate.local.balancer.nodes import ADDRESSES_TAG
from testgate.local.site import build_site
from tests.deployments.conftest import SUITE
from tests.deployments.test_green_says import ASKS
from tests.deployments.test_reaching import ask, host, run_of, seeing


def secured(lab, authority, name):
    """The lab's test listener speaks HTTPS, with a certificate of that name."""
    made = authority.issue_cert(name)
    arn = lab.local.client("acm").import_certificate(
        Certificate=made.cert_chain_pems[0].bytes(), PrivateKey=made.private_key_pem.bytes()
    )["CertificateArn"]
    listener = lab.site.test_rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]
    lab.local.client("elbv2").modify_listener(
        ListenerArn=listener, Protocol="HTTPS", Certificates=[{"CertificateArn": arn}]
    )
    url = lab.site.test_url.replace("http://", "https://")
    lab.site = dataclasses.replace(lab.site, test_url=url)


def test_the_rules_host_is_what_the_certificate_names(lab, authority):
    lab.image = "echo"
    secured(lab, authority, "green.example.com")
    ask(lab, host("green.example.com"))
    sees = "told['headers']['host'] == 'green.example.com' and "
    suite = seeing(sees + "told['headers']['x-forwarded-proto'] == 'https'")
    deployment, run = run_of(lab, suite)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert run.record["base_url"] == lab.site.test_url


def test_a_rule_without_a_host_needs_one_that_the_certificate_has(lab, authority):
    secured(lab, authority, "*.example.com")
    deployment, run = run_of(lab, SUITE)
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert "set TEST_HOST to a name that its certificate has" in run.sentence


def test_such_a_host_is_enough(lab, authority):
    secured(lab, authority, "*.example.com")
    deployment, run = run_of(lab, SUITE, TEST_HOST="green.example.com")
    assert deployment["status"] == "SUCCESSFUL", run.sentence


def test_a_certificate_of_another_name_is_not_green(lab, authority):
    secured(lab, authority, "blue.example.com")
    lab.publish({"smoke": SUITE}, gate=ASKS)
    deployment = lab.create("1", lab.hook(TEST_HOST="green.example.com"))
    assert deployment["status"] == "ROLLBACK_FAILED"
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert "3 of 3 answers of GET /version said no version: SSLCertVerificationError" in (
        run.sentence
    )


@pytest.fixture
def wide(lab):
    """A lab whose load balancer has two addresses, of which the first serves production here."""
    nodes = lab.local.balancer.nodes
    lab.site = build_site(
        lab.local.client,
        lab.name,
        tags={ADDRESSES_TAG: "2"},
        address_of=lambda name: nodes.addresses(name)[0],
    )
    return lab


def test_every_address_is_asked(wide):
    wide.publish({"smoke": SUITE}, gate=ASKS)
    deployment = wide.create("1", wide.hook())
    run = wide.run(deployment)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert run.record["identity"]["says"] == (
        'GET /version version = "1" at 2 addresses, 3 times each, before and after'
    )


def test_one_address_that_still_answers_with_the_old_version_refuses(wide):
    """A node of the load balancer that has not got the new rules yet: routing looks right."""
    wide.established()
    wide.publish({"smoke": SUITE}, gate=ASKS)
    elbv2 = wide.local.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers(Names=[wide.name])["LoadBalancers"]
    lagging = wide.local.balancer.nodes.addresses(balancer["DNSName"])[1]
    wide.local.balancer.freeze(lagging)
    deployment = wide.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not wide.production_shifts()
    run = wide.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert run.sentence == (
        'identity: 3 of 6 answers of GET /version said version "1", expected "2" '
        f"(all at {lagging}), before the tests"
    )
