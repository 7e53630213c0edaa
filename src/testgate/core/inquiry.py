"""What ECS asks a hook that answers by itself, without an execution; and what all of these decide.

The name of such a hook's run is derived from the question alone, so that repeated calls meet, and
two hooks of one kind (at two stages, or configured otherwise) do not. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from testgate.core.arns import ServiceDeploymentArn
from testgate.core.canonical import canonical_json, digest_of, hex_of
from testgate.core.config import Mode, OnCreate
from testgate.core.deadlines import EXPIRY_RESERVE_S
from testgate.core.decision import Allow, Refuse, decide_deployment
from testgate.core.errors import EvidenceError
from testgate.core.facts import DeploymentFacts
from testgate.core.kinds import HookKind
from testgate.core.outcomes import Outcome

WAITING_SCHEMA = "testgate.waiting/1"
_NAME_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """May this deployment go on, asked of a hook of this kind with this configuration?

    `config` is spelled, without MODE, which changes what a refusal does and not what is asked.
    `weights` are production's at a stage that comes again for each step of traffic: each step is a
    question of its own.
    """

    kind: HookKind
    deployment: ServiceDeploymentArn
    revision: str
    stage: str
    config: Mapping[str, object]
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The digest of everything that is asked."""
        return digest_of(
            canonical_json(
                {
                    "hook": self.kind.name,
                    "deployment": str(self.deployment),
                    "revision": self.revision,
                    "stage": self.stage,
                    "config": self.config,
                    "weights": self.weights,
                }
            )
        )

    @property
    def run_name(self) -> str:
        """Where the answer lies under its deployment."""
        return f"{self.kind.name}-{hex_of(self.digest)[:_NAME_DIGITS]}"

    @property
    def revision_id(self) -> str:
        """The last part of the revision's ARN."""
        return self.revision.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Since when a hook has been asked, as its first call wrote it down, and what it waits for.

    It lies in the record bucket, where the hooks' own roles alone write: what ECS hands back in
    hookDetails may be lost or forged, and no deadline hangs on it.
    """

    inquiry: Inquiry
    asked_at: datetime
    deadline: datetime
    sentence: str

    def spell(self) -> dict[str, object]:
        """As stored."""
        return {
            "schema": WAITING_SCHEMA,
            "hook": self.inquiry.kind.name,
            "deployment": str(self.inquiry.deployment),
            "revision": self.inquiry.revision,
            "stage": self.inquiry.stage,
            "question": self.inquiry.digest,
            "asked_at": self.asked_at.isoformat(),
            "deadline": self.deadline.isoformat(),
            "sentence": self.sentence,
        }


def parse_asked_at(raw: object, inquiry: Inquiry) -> datetime:
    """When a stored note says that this very question was first asked. Raises EvidenceError."""
    if not isinstance(raw, dict) or raw.get("schema") != WAITING_SCHEMA:
        raise EvidenceError(f"what is noted of this hook's first call is not {WAITING_SCHEMA}")
    if raw.get("question") != inquiry.digest:
        raise EvidenceError("what is noted of this hook's first call is of another question")
    try:
        asked_at = datetime.fromisoformat(raw["asked_at"])
    except (KeyError, TypeError, ValueError):
        raise EvidenceError("what is noted of this hook's first call has no time") from None
    if asked_at.tzinfo is None:
        raise EvidenceError("what is noted of this hook's first call has no time zone")
    return asked_at


def deadline_of(asked_at: datetime, timeout_s: int, expires_at: datetime | None) -> datetime:
    """When the hook must have answered; `expires_at` is ECS's own, if it told one."""
    own = asked_at + timedelta(seconds=timeout_s)
    if expires_at is None:
        return own
    return min(own, expires_at - timedelta(seconds=EXPIRY_RESERVE_S))


def decide_asked(
    inquiry: Inquiry, mode: Mode, deployment: DeploymentFacts, function_arn: str
) -> Refuse | None:
    """What the deployment itself rules out; None to go on."""
    refusal = decide_deployment(mode, deployment, function_arn)
    if refusal is not None:
        return refusal
    if deployment.target_revision != inquiry.revision:
        tail = deployment.target_revision.rsplit("/", 1)[-1] or "none"
        return Refuse(
            outcome=Outcome.INFRA_ERROR,
            sentence=f"the deployment's target is revision {tail}, "
            f"the question was asked of {inquiry.revision_id}",
        )
    return None


def decide_create(on_create: OnCreate, *, has_source: bool, succeeded_before: bool) -> Allow | None:
    """Let a service's first deployment pass, if that was chosen; None to go on.

    Both signs are needed: ECS forgets deployments after 90 days, so that none but this one is
    listed of a service that is rarely deployed; and a deployment may lack a source revision though
    one has succeeded before.
    """
    if on_create is not OnCreate.SKIP or has_source or succeeded_before:
        return None
    return Allow(sentence="skipped: the service's first deployment, and ON_CREATE is skip")


def skip_is_possible(on_create: OnCreate, deployment: DeploymentFacts) -> bool:
    """Whether earlier deployments need to be asked for."""
    return on_create is OnCreate.SKIP and not deployment.has_source
