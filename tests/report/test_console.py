"""Console links: from ARNs of the right form alone."""

import pytest

from testgate.report.console import deployments_url, execution_url

EXECUTION = "arn:{}:states:{}:123456789012:execution:testgate-test-gate:web-0a1b"
DEPLOYMENT = "arn:{}:ecs:{}:123456789012:service-deployment/shop/web/EZe5RNVL-6PPzHXINuP28"


@pytest.mark.parametrize(
    ("partition", "region", "base"),
    [
        ("aws", "eu-west-1", "https://eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "https://cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_region_and_the_partition_make_the_address(partition, region, base):
    arn = EXECUTION.format(partition, region)
    assert execution_url(arn) == (
        f"{base}/states/home?region={region}#/v2/executions/details/{arn}"
    )
    assert deployments_url(DEPLOYMENT.format(partition, region)) == (
        f"{base}/ecs/v2/clusters/shop/services/web/deployments?region={region}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "javascript:alert(1)",
        "https://evil.example/",
        EXECUTION.format("aws", "evil.example/?"),
        EXECUTION.format("aws", "us-east-1") + '"><script>',
        EXECUTION.format("aws-iso", "us-iso-east-1"),
        DEPLOYMENT.format("aws-iso", "us-iso-east-1"),
        DEPLOYMENT.format("aws", "us-east-1") + "/../x",
    ],
)
def test_anything_else_gets_no_link(text):
    assert execution_url(text) is None
    assert deployments_url(text) is None
