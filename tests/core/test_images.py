"""Names of images and patterns for them: read as container runtimes do, met by nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.errors import InputError
from testgate.core.images import is_like, parse_image, parse_pattern

DIGEST = "sha256:" + "a" * 64
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("team/app", "docker.io/team/app:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app:1", "localhost:5000/app:1"),
        ("PUBLIC.ecr.aws/x/y:1", "public.ecr.aws/x/y:1"),
        (f"{ECR}/shop/web:2", f"{ECR}/shop/web:2"),
        (f"{ECR}/shop@{DIGEST}", f"{ECR}/shop@{DIGEST}"),
        (f"{ECR}/shop:2@{DIGEST}", f"{ECR}/shop:2@{DIGEST}"),
    ],
)
def test_nothing_is_left_implied(text, whole):
    assert str(parse_image(text)) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://public.ecr.aws/x/y",
        "x//y",
        "x/y/",
        "Team/app",
        "a:b:c",
        "app@sha256:beef",
        f"app@{DIGEST}@{DIGEST}",
        "app:",
        "app@",
        "app\n",
        "ap p",
        "público.aws/x",
        f"{ECR}:x/shop",
        "a" * 600,
    ],
)
def test_what_is_no_name_is_refused(text):
    with pytest.raises(InputError):
        parse_image(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{ECR}/shop", ("123456789012", "us-east-1")),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a", ("123456789012", "cn-north-1")),
        ("123456789012.dkr.ecr-fips.us-east-2.amazonaws.com/a", ("123456789012", "us-east-2")),
        ("123456789012.dkr-ecr.eu-west-1.on.aws/a", ("123456789012", "eu-west-1")),
        ("12345.dkr.ecr.us-east-1.amazonaws.com/shop", None),
        ("public.ecr.aws/aws-containers/x", None),
        (f"evil.example/{ECR}/shop", None),
        (f"{ECR}.evil.example/shop", None),
    ],
)
def test_a_private_ecr_registry_is_known_by_its_host_alone(text, place):
    found = parse_image(text).ecr
    assert (found and (found.account, found.region)) == place


@pytest.mark.parametrize(
    ("pattern", "image", "allowed"),
    [
        ("*.dkr.ecr.*.amazonaws.com/**", f"{ECR}/shop", True),
        ("*.dkr.ecr.*.amazonaws.com/**", f"{ECR}/shop/web/api:1", True),
        ("*.dkr.ecr.*.amazonaws.com/**", f"{ECR}.evil.example/shop", False),
        ("*.dkr.ecr.*.amazonaws.com/**", f"evil.example/{ECR}/shop", False),
        ("*.dkr.ecr.*.amazonaws.com/**", "evil.x.dkr.ecr.a.amazonaws.com/shop", False),
        ("*.dkr.ecr.*.amazonaws.com/**", "1.dkr.ecr.a.b.amazonaws.com/shop", False),
        ("*.dkr.ecr.*.amazonaws.com/**", f"{ECR}:8443/shop", False),
        ("public.ecr.aws/aws-containers/**", "public.ecr.aws/aws-containers/ui:1.1.0", True),
        ("public.ecr.aws/aws-containers/**", "public.ecr.aws/aws-containers", False),
        ("public.ecr.aws/aws-containers/**", "public.ecr.aws/aws-containers-x/ui", False),
        ("public.ecr.aws/aws-containers/**", "public.ecr.aws/x/aws-containers/ui", False),
        ("docker.io/library/*", "nginx", True),
        ("docker.io/library/*", "team/nginx", False),
        ("docker.io/*/*", "team/nginx", True),
        (f"{ECR}/shop-*", f"{ECR}/shop-web", True),
        (f"{ECR}/shop-*", f"{ECR}/shop-web/x", False),
        (f"{ECR}/**/web", f"{ECR}/a/b/web", True),
        (f"{ECR}/**/web", f"{ECR}/web", False),
        ("localhost:*/app", "localhost:5000/app", True),
    ],
)
def test_a_star_stays_within_its_label_or_segment(pattern, image, allowed):
    assert parse_pattern(pattern).allows(parse_image(image)) is allowed


@pytest.mark.parametrize(
    "text", ["shop", "/shop", "host/", "host/a//b", "host/**/**", "ho st/a", "host/a**", "Host/a"]
)
def test_a_pattern_of_no_meaning_is_refused(text):
    with pytest.raises(ValueError, match=r"is not|cannot be|more than once"):
        parse_pattern(text)


@given(st.text("ab*", max_size=10), st.text("ab", max_size=10))
def test_globs_agree_with_regular_expressions(glob, text):
    pattern = ".*".join(re.escape(part) for part in glob.split("*"))
    assert is_like(text, glob) == (re.fullmatch(pattern, text) is not None)


hosts = st.from_regex(r"\A[a-z0-9]{1,6}(\.[a-z0-9]{1,6}){1,5}\Z")
paths = st.from_regex(r"\A[a-z0-9]{1,5}(/[a-z0-9.]{1,3}[a-z0-9]){0,3}\Z").filter(
    lambda path: ".." not in path and "/." not in path
)


@given(hosts, paths)
def test_no_host_but_ecrs_meets_the_pattern_for_ecr(host, path):
    try:
        image = parse_image(f"{host}/{path}")
    except InputError:
        return
    allowed = parse_pattern("*.dkr.ecr.*.amazonaws.com/**").allows(image)
    labels = host.split(".")
    assert allowed == (labels[1:3] == ["dkr", "ecr"] and labels[4:] == ["amazonaws", "com"])
