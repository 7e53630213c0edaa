"""A person's approval as an object in S3, named after the service revision: a pure decision.

`<revision id>.txt` approves and `<revision id>.rejected` refuses, as in AWS's walkthrough of
lifecycle hooks, whose approval any file of that name would be, however old. Standard library only;
imported by the approval hook.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from testgate.core.config import Mode, OnCreate, users_own
from testgate.core.decision import Allow, Refuse, Wait
from testgate.core.errors import ConfigError
from testgate.core.fields import Fields, choice, flag, parse_fields, text, whole
from testgate.core.outcomes import Outcome
from testgate.core.pacing import poll_delay_s
from testgate.core.redaction import redact

MAX_TIMEOUT_S = 82_800  # an hour inside the 24 hours that ECS gives a lifecycle stage
MAX_SAYS_CHARS = 200
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalConfig:
    """How a service wants to be approved. `bucket` None is the stack's own."""

    bucket: str | None = None
    allow_early: bool = False
    on_create: OnCreate = OnCreate.RUN
    timeout_s: int = MAX_TIMEOUT_S
    mode: Mode = Mode.ENFORCE

    @property
    def patience_s(self) -> int:
        """Seconds from the first asking within which the hook answers."""
        return self.timeout_s

    def spell(self) -> dict[str, object]:
        """The keys that make the question, defaults spelled out; MODE is not one."""
        return {
            "S3_BUCKET_NAME": self.bucket,
            "ALLOW_EARLY": self.allow_early,
            "ON_CREATE": self.on_create.value,
            "TIMEOUT_SECONDS": self.timeout_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An object as S3 tells of it. `owner` is an account: S3 alone does not tell a person.

    `metadata` and `says`, the first line of a rejection, are the uploader's own words.
    """

    url: str
    uploaded_at: datetime
    etag: str = ""
    version: str = ""
    owner: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    says: str = ""

    def spell(self) -> dict[str, object]:
        """As it stands in the answer."""
        return {
            "url": self.url,
            "uploaded_at": self.uploaded_at.isoformat(),
            "etag": self.etag,
            "version": self.version,
            "owner": self.owner,
            "metadata": {_plain(name): _plain(said) for name, said in self.metadata.items()},
            "says": _plain(self.says),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFacts:
    """What there is to decide by. `began_at` is the deployment's creation, None if ECS is silent.

    `bucket` and `revision_id` name the two objects; `asked_at` is when the hook was first called.
    """

    bucket: str
    revision_id: str
    began_at: datetime | None
    asked_at: datetime
    deadline: datetime
    approval: Upload | None
    rejection: Upload | None


def parse_approval(details: Mapping[str, object]) -> ApprovalConfig:
    """A service's configuration. Raises ConfigError that lists every problem at once."""
    read, problems = parse_fields(users_own(details), FIELDS)
    if problems:
        raise ConfigError(*problems)
    return ApprovalConfig(**read)  # type: ignore[arg-type]


def approval_key(revision_id: str) -> str:
    """The object that approves."""
    return f"{revision_id}.txt"


def rejection_key(revision_id: str) -> str:
    """The object that refuses."""
    return f"{revision_id}.rejected"


def decide_approval(
    config: ApprovalConfig, facts: ApprovalFacts, now: datetime
) -> Allow | Refuse | Wait:
    """A rejection refuses, whenever it came; an approval counts if it is younger than the
    deployment and came in time."""
    if facts.rejection is not None:
        why = f": {_plain(facts.rejection.says)}" if facts.rejection.says else ""
        return Refuse(
            outcome=Outcome.FAILED,
            sentence=f"revision {facts.revision_id} was rejected by {_told(facts.rejection)}{why}",
            evidence=_evidence(facts),
        )
    if facts.approval is not None and _counts(config, facts, facts.approval):
        return Allow(
            sentence=f"revision {facts.revision_id} was approved by {_told(facts.approval)}",
            evidence=_evidence(facts),
        )
    left_s = (facts.deadline - now).total_seconds()
    if left_s > 0 and config.mode is Mode.ENFORCE:
        elapsed_s = (now - facts.asked_at).total_seconds()
        return Wait(delay_s=poll_delay_s(elapsed_s, left_s), says=waiting_sentence(facts))
    waited_s = max(0.0, (now - facts.asked_at).total_seconds())
    return Refuse(
        outcome=Outcome.TIMED_OUT,
        sentence=f"no approval of revision {facts.revision_id} came within {waited_s:.0f} s"
        f"{_not_counted(config, facts)}; it would be s3://{facts.bucket}/"
        f"{approval_key(facts.revision_id)}",
        evidence=_evidence(facts),
    )


def waiting_sentence(facts: ApprovalFacts) -> str:
    """What to do, and until when."""
    place, revision = f"s3://{facts.bucket}", facts.revision_id
    until = facts.deadline.isoformat(sep=" ", timespec="seconds")
    return (
        f"waits until {until} for approval of revision {revision}. To approve: "
        f"echo approved | aws s3 cp - {place}/{approval_key(revision)} — to refuse: "
        f"echo why | aws s3 cp - {place}/{rejection_key(revision)}"
    ) + _early(facts)


def _counts(config: ApprovalConfig, facts: ApprovalFacts, approval: Upload) -> bool:
    if approval.uploaded_at > facts.deadline:
        return False
    return config.allow_early or not _is_early(facts, approval)


def _is_early(facts: ApprovalFacts, upload: Upload) -> bool:
    """S3 tells whole seconds, rounded down; ECS tells milliseconds."""
    if facts.began_at is None:
        return True
    return upload.uploaded_at < facts.began_at.replace(microsecond=0)


def _not_counted(config: ApprovalConfig, facts: ApprovalFacts) -> str:
    if facts.approval is None:
        return ""
    if facts.approval.uploaded_at > facts.deadline:
        return f" (one came at {_at(facts.approval.uploaded_at)}, too late)"
    return "" if config.allow_early else _early(facts)


def _early(facts: ApprovalFacts) -> str:
    if facts.approval is None or not _is_early(facts, facts.approval):
        return ""
    began = f"began at {_at(facts.began_at)}" if facts.began_at else "has no known beginning"
    return (
        f" (one of {_at(facts.approval.uploaded_at)} is older than the deployment, which {began}: "
        "it counts with ALLOW_EARLY alone)"
    )


def _told(upload: Upload) -> str:
    """`s3://bucket/1.txt, uploaded at …, version …, owner …, approved-by=ann`"""
    told = [upload.url, f"uploaded at {_at(upload.uploaded_at)}"]
    told += [f"{name} {said}" for name, said in _known(upload).items() if said]
    told += [f"{_plain(name)}={_plain(said)}" for name, said in sorted(upload.metadata.items())]
    return ", ".join(told)


def _known(upload: Upload) -> dict[str, str]:
    return {"version": upload.version, "owner": upload.owner}


def _at(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _plain(words: str) -> str:
    """Somebody's words on one line of bounded length, without what looks like a credential."""
    line = redact(" ".join(words.split()))
    return line if len(line) <= MAX_SAYS_CHARS else line[: MAX_SAYS_CHARS - 1] + "…"


def _evidence(facts: ApprovalFacts) -> dict[str, object]:
    return {
        "bucket": facts.bucket,
        "asked_at": facts.asked_at.isoformat(),
        "deadline": facts.deadline.isoformat(),
        "deployment_began_at": facts.began_at.isoformat() if facts.began_at else None,
        "approval": facts.approval.spell() if facts.approval else None,
        "rejection": facts.rejection.spell() if facts.rejection else None,
    }


def _bucket(value: object) -> str:
    name = text(value)
    if not _BUCKET.fullmatch(name):
        raise ValueError(f"got {name[:100]!r}, expected the name of a bucket")
    return name


FIELDS: Fields = {
    "S3_BUCKET_NAME": ("bucket", _bucket),
    "ALLOW_EARLY": ("allow_early", flag),
    "ON_CREATE": ("on_create", choice(OnCreate)),
    "TIMEOUT_SECONDS": ("timeout_s", whole(10, MAX_TIMEOUT_S, "seconds")),
    "MODE": ("mode", choice(Mode)),
}
