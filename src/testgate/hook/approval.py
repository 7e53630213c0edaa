"""The approval hook, one call of it: has somebody approved this revision?

All that is decided here was decided in `testgate.core.approval`. Imported by hooks/approval.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from testgate.aws.approvals import Approvals
from testgate.aws.clients import client
from testgate.core.answers import HookAnswer
from testgate.core.approval import (
    ApprovalConfig,
    ApprovalFacts,
    approval_key,
    decide_approval,
    parse_approval,
    rejection_key,
    waiting_sentence,
)
from testgate.core.config import Mode
from testgate.core.facts import DeploymentFacts
from testgate.core.inquiry import Inquiry, Waiting
from testgate.core.kinds import APPROVAL
from testgate.hook.flow import Call, Decided
from testgate.hook.inquiring import Inquiring, inquiring_from_environment


def approval_from_environment(environment: Mapping[str, str], call: Call) -> "ApprovalHook":
    """The hook as its function is deployed: APPROVAL_BUCKET is where approvals are looked for,
    RECORD_BUCKET where it tells its answers."""
    return ApprovalHook(
        inquiring=inquiring_from_environment(APPROVAL, environment, call),
        approvals=lambda bucket: Approvals(client("s3"), bucket),
        bucket=environment["APPROVAL_BUCKET"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalHook:
    """One call of the hook; `bucket` is where a service that names none is approved."""

    inquiring: Inquiring
    approvals: Callable[[str], Approvals]
    bucket: str

    def answer(self, raw: object) -> HookAnswer:
        """The answer to one event; a final one has been recorded, logged and emitted."""
        return self.inquiring.answer(raw, parse_approval, self._decide)

    def _decide(
        self, inquiry: Inquiry, config: ApprovalConfig, deployment: DeploymentFacts
    ) -> Decided:
        skipped = self.inquiring.skip(inquiry, config.on_create, deployment)
        if skipped is not None:
            return skipped
        uploads = self.approvals(config.bucket or self.bucket)

        def facts(asked_at: datetime) -> ApprovalFacts:
            return ApprovalFacts(
                bucket=uploads.bucket,
                revision_id=inquiry.revision_id,
                began_at=deployment.created_at,
                asked_at=asked_at,
                deadline=self.inquiring.deadline(asked_at, config, deployment),
                approval=uploads.find(approval_key(inquiry.revision_id)),
                rejection=uploads.find(rejection_key(inquiry.revision_id), read=True),
            )

        def note(asked_at: datetime) -> Waiting:
            known = facts(asked_at)
            return Waiting(
                inquiry=inquiry,
                asked_at=asked_at,
                deadline=known.deadline,
                sentence=waiting_sentence(known),
            )

        now = self.inquiring.now()
        # An observer does not hold a deployment up, so it has nothing to note.
        observes = config.mode is Mode.OBSERVE
        asked_at = now if observes else self.inquiring.first_asked(inquiry, note)
        return decide_approval(config, facts(asked_at), self.inquiring.now())
