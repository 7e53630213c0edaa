"""hookDetails of the hooks beside the test gate, and what is wrong with them."""

import json
from collections.abc import Callable, Mapping

from testgate.core.admission_config import parse_admission
from testgate.core.approval import parse_approval
from testgate.core.images import parse_image
from testgate.core.metrics_config import parse_metrics
from tests.bad_inputs.catalogue import BadInput

METRIC = {
    "namespace": "Shop",
    "name": "Errors",
    "statistic": "Sum",
    "comparison": "<=",
    "threshold": 5,
}


def given(details: Mapping[str, object]) -> str:
    spelled = json.dumps(details)
    return spelled if len(spelled) < 120 else spelled[:80] + "…"


def row(
    hook: str,
    parse: Callable[[Mapping[str, object]], object],
    details: dict[str, object],
    says: str,
) -> BadInput:
    return BadInput(
        kind=f"hookDetails of {hook}", given=given(details), act=lambda: parse(details), says=says
    )


def admission(details: dict[str, object], says: str) -> BadInput:
    return row("admission", parse_admission, details, says)


def approval(details: dict[str, object], says: str) -> BadInput:
    return row("approval", parse_approval, details, says)


def metrics(details: dict[str, object], says: str) -> BadInput:
    return row("metrics", parse_metrics, details, says)


def metric(says: str, **changes: object) -> BadInput:
    details = {"METRICS": [METRIC | changes]}
    return BadInput(
        kind="hookDetails of metrics",
        given=f"a metric with {json.dumps(changes)}",
        act=lambda: parse_metrics(details),
        says=f"METRICS: metric 1: {says}",
    )


def image(name: str) -> BadInput:
    return BadInput(
        kind="image",
        given=name,
        act=lambda: parse_image(name),
        says=f"{name!r} is not the name of an image",
    )


ROWS = (
    admission(
        {"ALLOWED_IMAGE": "shop"},
        "unknown key 'ALLOWED_IMAGE' in hookDetails; did you mean ALLOWED_IMAGES?",
    ),
    admission(
        {"ALLOWED_IMAGES": []}, "ALLOWED_IMAGES: expected a list, or text with commas, got []"
    ),
    admission(
        {"ALLOWED_IMAGES": "shop"},
        "ALLOWED_IMAGES: 'shop' is not <registry>/<repository>, with * and ** allowed",
    ),
    admission(
        {"ALLOWED_IMAGES": "ghcr.io/**/x/**"},
        "ALLOWED_IMAGES: 'ghcr.io/**/x/**' has ** more than once",
    ),
    admission(
        {"ALLOWED_IMAGES": ["ghcr.io/a//b"]},
        "ALLOWED_IMAGES: 'ghcr.io/a//b': the repository cannot be of this form",
    ),
    admission({"FORBIDDEN_TAGS": ["latest", "latest"]}, "FORBIDDEN_TAGS: names one thing twice"),
    admission({"FORBIDDEN_TAGS": "a b"}, "FORBIDDEN_TAGS: 'a b' is not a tag, with * allowed"),
    admission({"REQUIRE_DIGEST": "yes"}, "REQUIRE_DIGEST: expected true or false, got 'yes'"),
    admission(
        {"MAX_SEVERITY": "high"},
        "MAX_SEVERITY: got 'high', expected INFORMATIONAL or LOW or MEDIUM or HIGH or CRITICAL",
    ),
    admission(
        {"TIMEOUT_SECONDS": 1.5},
        "TIMEOUT_SECONDS: expected a whole number of seconds, got 1.5",
    ),
    admission({"MODE": None}, "MODE: got null, expected enforce or observe"),
    approval(
        {"S3_BUCKET": "approvals"},
        "unknown key 'S3_BUCKET' in hookDetails; did you mean S3_BUCKET_NAME?",
    ),
    approval(
        {"S3_BUCKET_NAME": "s3://approvals"},
        "S3_BUCKET_NAME: got 's3://approvals', expected the name of a bucket",
    ),
    approval({"ON_CREATE": "approve"}, "ON_CREATE: got 'approve', expected run or skip"),
    approval(
        {"TIMEOUT_SECONDS": 86_400, "ALLOW_EARLY": 1},
        "ALLOW_EARLY: expected true or false, got 1; "
        "TIMEOUT_SECONDS: got 86400, expected 10 to 82800 seconds",
    ),
    metrics({}, "hookDetails names nothing to check: set METRICS or ALARMS"),
    metrics({"METRICS": "errors"}, "METRICS: expected a list of metrics, got text"),
    metrics({"METRICS": [7]}, "METRICS: expected an object for metric 1, got a number"),
    metric("unknown key 'treshold' in metric 1; did you mean threshold?", treshold=5),
    metric("comparison: got '=', expected < or <= or > or >=", comparison="="),
    metric(
        "statistic: got 'Median', expected one of CloudWatch's, as Sum or p99", statistic="Median"
    ),
    metric("threshold: expected a number, got 'five'", threshold="five"),
    metric(
        "dimensions: knows no {GROUP}; it may hold {CLUSTER}, {SERVICE}, {REVISION}, "
        "{TARGET_GROUP}, {LOAD_BALANCER}",
        dimensions={"TargetGroup": "{GROUP}"},
    ),
    metrics(
        {"METRICS": [METRIC | {"missing": "good"}]},
        "every metric counts missing data as good, so that a service without any would pass: add "
        "one that does not, such as a count of requests",
    ),
    metrics(
        {"ALARMS": "errors", "CHECKS": 3, "FAILURES_ALLOWED": 3},
        "FAILURES_ALLOWED 3 and MISSING_ALLOWED 0 leave none of 3 CHECKS that must be good",
    ),
    metrics(
        {"ALARMS": "errors", "INTERVAL_SECONDS": 45},
        "INTERVAL_SECONDS: got 45, expected one of 1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 600, "
        "900, 1200, 1800, 3600",
    ),
    metrics(
        {"ALARMS": "errors", "INTERVAL_SECONDS": 3600, "CHECKS": 24},
        "24 CHECKS of 3600 s and LAG_SECONDS 60 take 86460 s, at most 82800 are possible",
    ),
    image("https://ghcr.io/shop"),
    image("Shop:1"),
    image("shop@sha256:beef"),
)
