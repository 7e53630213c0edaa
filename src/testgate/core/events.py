"""The event that ECS sends to a lifecycle hook, parsed once at the edge.

Shape: AWS's developer guide, "Lifecycle hooks for Amazon ECS service deployments"; every recorded
event is a file under tests/events. Standard library only; imported by the hooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from testgate.core.arns import (
    ServiceDeploymentArn,
    parse_service_deployment_arn,
    revision_belongs_to,
)
from testgate.core.errors import HookEventError, InputError
from testgate.core.fields import kind_of

TEST_SHIFT = "TEST_TRAFFIC_SHIFT"
POST_TEST = "POST_TEST_TRAFFIC_SHIFT"
PRODUCTION_SHIFT = "PRODUCTION_TRAFFIC_SHIFT"
POST_PRODUCTION = "POST_PRODUCTION_TRAFFIC_SHIFT"

# In the order of AWS's guide, "Lifecycle stages".
STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    TEST_SHIFT,
    POST_TEST,
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    PRODUCTION_SHIFT,
    POST_PRODUCTION,
    "BAKE_TIME",
    "CLEAN_UP",
)
GATED_STAGES = (POST_TEST, POST_PRODUCTION)
SHIFT_STAGES = (TEST_SHIFT, PRODUCTION_SHIFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent:
    """One call of a hook. Weights map a revision's ARN to percent, and are empty at most stages.

    `raw_details` is `hookDetails` as it came, None if absent: `config.parse_details` reads it,
    apart from the rest, so that a refusal of it can still be filed under the deployment.
    """

    execution_id: str
    stage: str
    deployment: ServiceDeploymentArn
    target_revision: str
    test_weights: Mapping[str, float]
    production_weights: Mapping[str, float]
    raw_details: object

    @property
    def target_weight(self) -> float | None:
        """The weight that a shift stage gives the target revision; None where there is none."""
        weights = self.test_weights if self.stage == TEST_SHIFT else self.production_weights
        return weights.get(self.target_revision)


def is_before(stage: str, other: str) -> bool:
    """Whether a deployment at `stage` has not come to `other` yet; "" is before every stage."""
    if stage == "":
        return True
    return stage in STAGES and STAGES.index(stage) < STAGES.index(other)


def parse_hook_event(raw: object) -> HookEvent:
    """The event, or HookEventError listing every problem with the path of its key."""
    if not isinstance(raw, dict):
        raise HookEventError(
            f"the event is {kind_of(raw)}, expected the JSON object that ECS sends to a hook"
        )
    problems: list[str] = []
    details = raw.get("executionDetails")
    has_details = isinstance(details, dict)
    if not isinstance(details, dict):
        problems.append(f"executionDetails is {kind_of(details)}, expected an object")
        details = {}
    stage = _text(raw, "lifecycleStage", "", problems)
    execution_id = _text(raw, "executionId", "", problems)
    where, name = "executionDetails.", "targetServiceRevisionArn"
    revision = _text(details, name, where, problems) if has_details else ""
    deployment: ServiceDeploymentArn | None = None
    try:
        deployment = parse_service_deployment_arn(raw.get("resourceArn"))
    except InputError as exc:
        problems.append(f"resourceArn: {exc}")
    if deployment and revision and not revision_belongs_to(revision, deployment):
        problems.append(
            f"executionDetails.targetServiceRevisionArn {revision[:200]!r} is no revision of "
            f"service {deployment.cluster}/{deployment.service}"
        )
    test = _weights(details, "testTrafficWeights", problems)
    production = _weights(details, "productionTrafficWeights", problems)
    if problems or deployment is None:
        raise HookEventError(*problems)
    return HookEvent(
        execution_id=execution_id,
        stage=stage,
        deployment=deployment,
        target_revision=revision,
        test_weights=test,
        production_weights=production,
        raw_details=raw.get("hookDetails"),
    )


def _text(source: Mapping[str, object], key: str, path: str, problems: list[str]) -> str:
    value = source.get(key)
    if isinstance(value, str) and value:
        return value
    got = "empty" if value == "" else kind_of(value)
    problems.append(f"{path}{key} is {got}, expected text")
    return ""


def _weights(details: Mapping[str, object], key: str, problems: list[str]) -> Mapping[str, float]:
    value = details.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(_is_number(weight) for weight in value.values()):
        problems.append(f"executionDetails.{key} is not an object of ARNs and numbers")
        return {}
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
