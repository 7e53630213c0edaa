"""The image policy: every container, every rule, and what ECR could not say."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.admission import (
    ContainerImage,
    Evidence,
    ScanFacts,
    SignatureFacts,
    decide_admission,
    evidence_findings,
    name_findings,
)
from testgate.core.admission_config import FIELDS, AdmissionConfig, Severity, parse_admission
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.config import EXECUTION_KEY, STATE_KEY, Mode
from testgate.core.decision import Allow, Refuse, Wait
from testgate.core.errors import ConfigError
from testgate.core.outcomes import Outcome
from tests.core.samples import ARN

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
DIGEST = "sha256:" + "a" * 64
GOOD = f"{ECR}/shop:2"
PUBLIC = "public.ecr.aws/aws-containers/retail-store-sample-ui:1.1.0"
CLEAN = ScanFacts(status="COMPLETE")
SIGNED = SignatureFacts(statuses={"release": "COMPLETE"})


def container(image=GOOD, name="app", **changes):
    return ContainerImage(container=name, image=image, **changes)


def judge(*images, details=None, scan=CLEAN, signature=SIGNED, time_left=False):
    """As the shell does: names first, then what ECR says of images in private registries."""
    config = parse_admission(details or {})
    deployment = parse_service_deployment_arn(ARN)
    findings = name_findings(config, deployment, images)
    seen = {}
    if not findings:
        evidence = Evidence(scan=scan, signature=signature)
        seen = {image.container: evidence for image in images if ECR in image.image}
        findings = evidence_findings(config, images, seen)
    return decide_admission(images, findings, seen, time_left=time_left)


def refusal(*images, **asked):
    decision = judge(*images, **asked)
    assert isinstance(decision, Refuse), decision
    return decision


@pytest.mark.parametrize("image", [GOOD, PUBLIC, f"{ECR}/a/b@{DIGEST}", f"{ECR}/shop"])
def test_by_default_ecr_and_awss_own_public_images_are_allowed(image):
    decision = judge(container(image))
    assert isinstance(decision, Allow)
    assert decision.sentence.startswith("1 of 1 container images allowed (app)")


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "docker.io/library/nginx:1",
        "public.ecr.aws/nginx/nginx:1",
        "public.ecr.aws/aws-containers-imposter/ui:1",
        f"evil.example/{ECR}/shop:2",
        f"{ECR}.evil.example/shop:2",
        "ghcr.io/team/app:1",
    ],
)
def test_by_default_nothing_else_is(image):
    decision = refusal(container(image))
    assert decision.outcome is Outcome.FAILED
    assert "container app: image" in decision.sentence
    assert "matches none of ALLOWED_IMAGES (*.dkr.ecr.*.amazonaws.com/**" in decision.sentence


def test_one_bad_sidecar_refuses_the_revision_and_is_named():
    decision = refusal(container(), container("busybox:1", name="init"), container(PUBLIC, "ui"))
    assert decision.sentence.startswith(
        "1 of 3 container images refused: container init: image docker.io/library/busybox:1"
    )


def test_what_is_not_the_name_of_an_image_is_refused():
    assert "'no image' is not the name of an image" in refusal(container("no image")).sentence
    assert "'' is not the name of an image" in refusal(container("")).sentence


def test_what_ecs_runs_must_be_what_the_task_definition_says():
    told = refusal(container(resolved=f"{ECR}/other:2")).sentence
    assert "the task definition says" in told
    assert isinstance(judge(container(resolved=f"{ECR}/shop@{DIGEST}", digest=DIGEST)), Allow)


def test_a_revision_without_containers_is_not_admitted():
    assert refusal().outcome is Outcome.INFRA_ERROR


@pytest.mark.parametrize(
    ("details", "image", "says"),
    [
        ({"FORBIDDEN_TAGS": "latest"}, f"{ECR}/shop:latest", "has tag latest: forbidden by"),
        ({"FORBIDDEN_TAGS": "latest"}, f"{ECR}/shop", "has tag latest, which no tag means"),
        ({"FORBIDDEN_TAGS": ["dev-*"]}, f"{ECR}/shop:dev-7", "FORBIDDEN_TAGS (dev-*)"),
        ({"FORBIDDEN_TAGS": "latest"}, f"{ECR}/shop:latest@{DIGEST}", "has tag latest"),
        ({"ALLOWED_TAGS": "v*"}, f"{ECR}/shop:2", "matches none of ALLOWED_TAGS (v*)"),
        ({"ALLOWED_TAGS": "v*"}, f"{ECR}/shop", "has tag latest, which matches none"),
        ({"REQUIRE_DIGEST": True}, f"{ECR}/shop:2", "is not pinned by a digest (REQUIRE_DIGEST)"),
        ({"ALLOWED_IMAGES": f"{ECR}/shop"}, PUBLIC, f"ALLOWED_IMAGES ({ECR}/shop)"),
        (
            {"ALLOWED_IMAGES": "{account}.dkr.ecr.{region}.amazonaws.com/**"},
            "210987654321.dkr.ecr.us-east-1.amazonaws.com/shop:2",
            "matches none of ALLOWED_IMAGES",
        ),
    ],
)
def test_each_rule_of_names_refuses_with_its_own_name(details, image, says):
    decision = refusal(container(image), details=details)
    assert (decision.outcome, says in decision.sentence) == (Outcome.FAILED, True), decision


@pytest.mark.parametrize(
    ("details", "image"),
    [
        ({"FORBIDDEN_TAGS": "latest"}, f"{ECR}/shop@{DIGEST}"),
        ({"FORBIDDEN_TAGS": "latest"}, GOOD),
        ({"ALLOWED_TAGS": "v*,2"}, GOOD),
        ({"ALLOWED_TAGS": "v*"}, f"{ECR}/shop@{DIGEST}"),
        ({"REQUIRE_DIGEST": "true"}, f"{ECR}/shop:2@{DIGEST}"),
        ({"ALLOWED_IMAGES": "{account}.dkr.ecr.{region}.amazonaws.com/**"}, GOOD),
        ({"ALLOWED_IMAGES": "docker.io/library/*"}, "nginx"),
    ],
)
def test_what_keeps_the_rules_is_allowed(details, image):
    assert isinstance(judge(container(image), details=details), Allow)


@pytest.mark.parametrize(
    ("cap", "counts", "above"),
    [
        ("MEDIUM", {"HIGH": 2, "CRITICAL": 1, "LOW": 9}, "3 findings above MEDIUM (MAX_SEVERITY)"),
        ("HIGH", {"CRITICAL": 1}, "1 findings above HIGH"),
        ("INFORMATIONAL", {"LOW": 1}, "1 findings above INFORMATIONAL"),
        ("MEDIUM", {"UNDEFINED": 1}, "1 UNDEFINED"),
        ("MEDIUM", {"UNTRIAGED": 4}, "4 UNTRIAGED"),
        ("MEDIUM", {"BRAND_NEW": 4}, "4 BRAND_NEW"),
    ],
)
def test_findings_above_the_cap_refuse(cap, counts, above):
    scan = ScanFacts(status="COMPLETE", counts=counts, first="CVE-2026-1")
    decision = refusal(container(), details={"MAX_SEVERITY": cap}, scan=scan)
    assert decision.outcome is Outcome.FAILED
    assert above in decision.sentence
    assert decision.sentence.endswith("first: CVE-2026-1")


@pytest.mark.parametrize(
    ("cap", "counts"),
    [
        ("MEDIUM", {"MEDIUM": 9, "HIGH": 0}),
        ("HIGH", {"UNDEFINED": 3, "HIGH": 1}),
        ("CRITICAL", {"CRITICAL": 5}),
        (None, {"CRITICAL": 5}),
    ],
)
def test_findings_at_or_below_the_cap_do_not(cap, counts):
    details = {"MAX_SEVERITY": cap} if cap else {}
    scan = ScanFacts(status="ACTIVE", counts=counts)
    assert isinstance(judge(container(), details=details, scan=scan), Allow)


UNSCANNED = [
    ScanFacts(problem="asking ECR: ScanNotFoundException"),
    ScanFacts(problem="asking ECR: AccessDeniedException"),
    ScanFacts(),
    ScanFacts(status="FAILED"),
    ScanFacts(status="UNSUPPORTED_IMAGE"),
    ScanFacts(status="SOMETHING_NEW"),
]


@pytest.mark.parametrize("scan", UNSCANNED)
@pytest.mark.parametrize("details", [{"MAX_SEVERITY": "HIGH"}, {"REQUIRE_SCAN": True}])
def test_an_image_without_a_scan_does_not_pass_under_a_cap(details, scan):
    decision = refusal(container(), details=details, scan=scan, time_left=True)
    assert decision.outcome is Outcome.INFRA_ERROR
    assert "has no complete scan (REQUIRE_SCAN): " in decision.sentence


@pytest.mark.parametrize("scan", UNSCANNED)
@pytest.mark.parametrize("details", [{}, {"MAX_SEVERITY": "LOW", "REQUIRE_SCAN": False}])
def test_a_scan_that_is_not_required_is_only_told(details, scan):
    decision = judge(container(), details=details, scan=scan)
    assert isinstance(decision, Allow)
    assert "ECR has scanned 0 " in decision.sentence
    assert decision.evidence is not None
    assert decision.evidence["containers"][0]["scan"] == scan.spell()


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS"])
def test_a_running_scan_is_waited_for_and_not_for_ever(status):
    details, scan = {"REQUIRE_SCAN": True}, ScanFacts(status=status)
    waits = judge(container(), details=details, scan=scan, time_left=True)
    assert isinstance(waits, Wait)
    assert waits.says and f"ECR says {status}" in waits.says
    decision = refusal(container(), details=details, scan=scan)
    assert decision.outcome is Outcome.TIMED_OUT


def test_nothing_is_waited_for_beside_what_will_not_pass_away():
    details = {"REQUIRE_SCAN": True, "REQUIRE_SIGNATURE": True}
    pending = ScanFacts(status="PENDING")
    failed = SignatureFacts(statuses={"release": "FAILED"})
    decision = refusal(container(), details=details, scan=pending, signature=failed, time_left=True)
    assert decision.outcome is Outcome.FAILED


def test_an_image_outside_private_ecr_has_no_scan_to_be_required():
    decision = refusal(container(PUBLIC), details={"REQUIRE_SCAN": True})
    assert "it lies in no private ECR registry" in decision.sentence


@pytest.mark.parametrize(
    ("signature", "outcome"),
    [
        (SignatureFacts(), Outcome.FAILED),
        (SignatureFacts(statuses={"a": "COMPLETE", "b": "FAILED"}), Outcome.FAILED),
        (SignatureFacts(statuses={"a": "IN_PROGRESS"}), Outcome.TIMED_OUT),
        (SignatureFacts(statuses={"a": "NEW"}), Outcome.FAILED),
        (SignatureFacts(problem="cannot ask"), Outcome.INFRA_ERROR),
        (SignatureFacts(statuses={"a": "COMPLETE"}, problem="cannot ask"), Outcome.INFRA_ERROR),
    ],
)
def test_a_required_signature_is_complete_for_every_profile(signature, outcome):
    decision = refusal(container(), details={"REQUIRE_SIGNATURE": True}, signature=signature)
    assert decision.outcome is outcome
    assert "is not signed (REQUIRE_SIGNATURE)" in decision.sentence
    assert isinstance(judge(container(), signature=signature), Allow)


def test_a_signing_that_goes_on_is_waited_for():
    going = SignatureFacts(statuses={"a": "COMPLETE", "b": "IN_PROGRESS"})
    details = {"REQUIRE_SIGNATURE": True}
    assert isinstance(judge(container(), details=details, signature=going, time_left=True), Wait)


def test_many_findings_are_counted_and_the_first_are_shown():
    images = [container("nginx", name=f"c{n}") for n in range(5)]
    told = refusal(*images).sentence
    assert told.startswith("5 of 5 container images refused: container c0:")
    assert told.endswith("; and 2 more")


def test_the_policy_is_read_and_spelled_alike():
    details = {
        "ALLOWED_IMAGES": [f"{ECR}/**", "docker.io/library/*"],
        "ALLOWED_TAGS": "v*",
        "FORBIDDEN_TAGS": "latest",
        "REQUIRE_DIGEST": "false",
        "MAX_SEVERITY": "HIGH",
        "REQUIRE_SIGNATURE": True,
        "TIMEOUT_SECONDS": "900",
        "MODE": "observe",
        EXECUTION_KEY: "x",
        STATE_KEY: {},
    }
    config = parse_admission(details)
    assert config.max_severity is Severity.HIGH
    assert config.require_scan
    assert config.mode is Mode.OBSERVE
    spelled = {k: v for k, v in config.spell().items() if v not in ([], None)}
    assert parse_admission(spelled) == dataclasses.replace(config, mode=Mode.ENFORCE)
    assert set(config.spell()) == set(FIELDS) - {"MODE"}


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({"ALLOWED_IMAGE": "x/y"}, "did you mean ALLOWED_IMAGES?"),
        ({"ALLOWED_IMAGES": []}, "ALLOWED_IMAGES: expected a list"),
        ({"ALLOWED_IMAGES": "*"}, "is not <registry>/<repository>"),
        ({"ALLOWED_IMAGES": ["a/b", "a/b"]}, "names one thing twice"),
        ({"ALLOWED_IMAGES": [7]}, "expected text, got a number"),
        ({"ALLOWED_IMAGES": [f"a/b{n}" for n in range(51)]}, "at most 50 are allowed"),
        ({"ALLOWED_IMAGES": "{accnt}.dkr/x"}, "is not <registry>/<repository>"),
        ({"FORBIDDEN_TAGS": "a b"}, "'a b' is not a tag"),
        ({"FORBIDDEN_TAGS": ""}, "is empty"),
        ({"REQUIRE_DIGEST": "yes"}, "expected true or false, got 'yes'"),
        ({"REQUIRE_DIGEST": 1}, "expected true or false, got 1"),
        ({"MAX_SEVERITY": "medium"}, "got 'medium', expected INFORMATIONAL or LOW or MEDIUM"),
        ({"TIMEOUT_SECONDS": 9}, "got 9, expected 10 to 82800 seconds"),
        ({"MODE": "Observe"}, "MODE: got 'Observe', expected enforce or observe"),
        ({"GATE": "shop"}, "unknown key 'GATE' in hookDetails"),
    ],
)
def test_bad_configuration_is_refused_by_name(details, says):
    with pytest.raises(ConfigError) as caught:
        parse_admission(details)
    assert says in str(caught.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "FORBIDDEN_TAG"]), anything))
def test_any_json_is_a_policy_or_refused_and_nothing_else_happens(details):
    try:
        config = parse_admission(details)
    except ConfigError as exc:
        assert exc.problems
    else:
        assert "FORBIDDEN_TAG" not in details
        config.patterns(parse_service_deployment_arn(ARN))


names = st.sampled_from(
    [
        GOOD,
        PUBLIC,
        "nginx",
        f"{ECR}/shop",
        f"{ECR}/shop@{DIGEST}",
        f"{ECR}/a:latest",
        "no image",
        "",
    ]
)
scans = st.builds(
    ScanFacts,
    status=st.sampled_from(["", "COMPLETE", "ACTIVE", "PENDING", "FAILED", "NEW"]),
    counts=st.dictionaries(st.sampled_from([*Severity, "UNDEFINED"]), st.integers(0, 2)),
    problem=st.sampled_from([None, None, "denied"]),
)
signatures = st.builds(
    SignatureFacts,
    statuses=st.dictionaries(st.sampled_from("ab"), st.sampled_from(["COMPLETE", "FAILED"])),
    problem=st.sampled_from([None, None, "denied"]),
)
policies = st.fixed_dictionaries(
    {},
    optional={
        "FORBIDDEN_TAGS": st.just("latest"),
        "REQUIRE_DIGEST": st.booleans(),
        "MAX_SEVERITY": st.sampled_from([s.value for s in Severity]),
        "REQUIRE_SCAN": st.booleans(),
        "REQUIRE_SIGNATURE": st.booleans(),
    },
)


@given(st.lists(names, max_size=3), policies, scans, signatures, st.booleans())
def test_only_a_revision_of_which_every_image_keeps_every_rule_is_admitted(
    images, details, scan, signature, time_left
):
    """The rules once more, in other words: what they do not say of every image, nothing admits."""
    config: AdmissionConfig = parse_admission(details)
    decision = judge(
        *(container(image, name=str(n)) for n, image in enumerate(images)),
        details=details,
        scan=scan,
        signature=signature,
        time_left=time_left,
    )

    def keeps(image):
        if image in ("nginx", "no image", ""):
            return False
        tagged_latest = image in (f"{ECR}/shop", f"{ECR}/a:latest")
        private = image.startswith(ECR)
        scanned = private and scan.problem is None and scan.status in ("COMPLETE", "ACTIVE")
        signed = (
            private
            and signature.problem is None
            and set(signature.statuses.values()) == {"COMPLETE"}
        )
        ranks = {s.value: s.rank for s in Severity} | {"UNDEFINED": Severity.HIGH.rank}
        worst = max((ranks[word] for word, count in scan.counts.items() if count), default=-1)
        return (
            not (config.forbidden_tags and tagged_latest)
            and (not config.require_digest or "@" in image)
            and (scanned or not config.require_scan)
            and (signed or not config.require_signature)
            and not (scanned and config.max_severity and worst > config.max_severity.rank)
        )

    assert isinstance(decision, Allow) == (bool(images) and all(map(keeps, images)))
