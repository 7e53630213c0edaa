"""The admission hook, one call of it: may these images run at all?

All that is decided here was decided in `testgate.core.admission`. Imported by hooks/admission.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from testgate.aws.clients import client
from testgate.aws.ecr import Ecr
from testgate.core.admission import (
    ContainerImage,
    Evidence,
    Finding,
    ScanFacts,
    SignatureFacts,
    decide_admission,
    evidence_findings,
    name_findings,
)
from testgate.core.admission_config import AdmissionConfig, parse_admission
from testgate.core.answers import HookAnswer
from testgate.core.errors import InputError, UnavailableError
from testgate.core.facts import DeploymentFacts
from testgate.core.images import EcrPlace, ImageName, parse_image
from testgate.core.inquiry import Inquiry, Waiting
from testgate.core.kinds import ADMISSION
from testgate.hook.flow import Call, Decided
from testgate.hook.inquiring import Inquiring, inquiring_from_environment

Facts = TypeVar("Facts", ScanFacts, SignatureFacts)

OPTIONAL_BUDGET_S = 15  # what no policy requires may take no more of a call


def admission_from_environment(environment: Mapping[str, str], call: Call) -> "AdmissionHook":
    """The hook as its function is deployed: RECORD_BUCKET names where it tells its answers."""
    return AdmissionHook(
        inquiring=inquiring_from_environment(ADMISSION, environment, call),
        ecr=Ecr(lambda region: client("ecr", region)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionHook:
    """One call of the hook, with everything it needs from outside."""

    inquiring: Inquiring
    ecr: Ecr

    def answer(self, raw: object) -> HookAnswer:
        """The answer to one event; a final one has been recorded, logged and emitted."""
        return self.inquiring.answer(raw, parse_admission, self._decide)

    def _decide(
        self, inquiry: Inquiry, config: AdmissionConfig, deployment: DeploymentFacts
    ) -> Decided:
        images = self._images(inquiry)
        findings = name_findings(config, inquiry.deployment, images)
        seen: Mapping[str, Evidence] = {}
        if not findings:
            seen = self._evidence(config, images)
            findings = evidence_findings(config, images, seen)
        pending = bool(findings) and all(finding.pending for finding in findings)
        time_left = pending and self._time_left(inquiry, config, deployment, findings)
        return decide_admission(images, findings, seen, time_left=time_left)

    def _images(self, inquiry: Inquiry) -> tuple[ContainerImage, ...]:
        """Every container of the task definition, and any other that ECS says the revision runs."""
        revision = self.inquiring.ecs.revision(inquiry.revision)
        if not revision.task_definition:
            raise InputError(f"ECS names no task definition of revision {inquiry.revision_id}")
        defined = self.inquiring.ecs.images_of(revision.task_definition)
        return tuple(
            ContainerImage(
                container=name,
                image=defined.get(name, revision.images.get(name, "")),
                resolved=revision.images.get(name),
                digest=revision.image_digests.get(name),
            )
            for name in dict.fromkeys((*defined, *revision.images))
        )

    def _evidence(
        self, config: AdmissionConfig, images: Sequence[ContainerImage]
    ) -> dict[str, Evidence]:
        """What ECR says of each image in a private registry, by container."""
        end = self.inquiring.now() + timedelta(seconds=OPTIONAL_BUDGET_S)
        known: dict[tuple[str, str | None], Evidence] = {}
        seen = {}
        for image in images:
            name = parse_image(image.image)
            if name.ecr is None:
                continue
            digest = name.digest or image.digest
            if (str(name), digest) not in known:
                known[(str(name), digest)] = self._ask(config, name, name.ecr, digest, end)
            seen[image.container] = known[(str(name), digest)]
        return seen

    def _ask(
        self,
        config: AdmissionConfig,
        name: ImageName,
        place: EcrPlace,
        digest: str | None,
        end: datetime,
    ) -> Evidence:
        def scan() -> ScanFacts:
            return self.ecr.scan(name, place, digest)

        def signature() -> SignatureFacts:
            return self.ecr.signature(name, place, digest)

        return Evidence(
            scan=scan()
            if config.require_scan
            else self._optional(scan, lambda why: ScanFacts(problem=why), end),
            signature=signature()
            if config.require_signature
            else self._optional(signature, lambda why: SignatureFacts(problem=why), end),
        )

    def _optional(
        self, ask: Callable[[], Facts], without: Callable[[str], Facts], end: datetime
    ) -> Facts:
        if self.inquiring.now() >= end:
            return without("not asked: nothing requires it, and other calls took their time")
        try:
            return ask()
        except UnavailableError as exc:
            return without(str(exc))

    def _time_left(
        self,
        inquiry: Inquiry,
        config: AdmissionConfig,
        deployment: DeploymentFacts,
        findings: Sequence[Finding],
    ) -> bool:
        """Whether what is pending may still come; notes when it was first waited for."""

        def note(asked_at: datetime) -> Waiting:
            return Waiting(
                inquiry=inquiry,
                asked_at=asked_at,
                deadline=self.inquiring.deadline(asked_at, config, deployment),
                sentence=f"waits for ECR: container {findings[0].container}: {findings[0].says}",
            )

        asked_at = self.inquiring.first_asked(inquiry, note)
        return self.inquiring.now() < self.inquiring.deadline(asked_at, config, deployment)
