"""What an image policy makes of a revision's containers: a pure decision over what AWS said.

Every container counts, sidecars and those that only initialise too. What ECR could not say is told,
and refuses where the policy requires it. Standard library only; imported by the admission hook.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from testgate.core.admission_config import AdmissionConfig, Severity
from testgate.core.arns import ServiceDeploymentArn
from testgate.core.decision import Allow, Refuse, Wait
from testgate.core.errors import InputError
from testgate.core.images import ImageName, ImagePattern, is_like, parse_image
from testgate.core.outcomes import Outcome, headline

SCAN_DELAY_S = 15
UNRATED = Severity.HIGH
_SCANNED = frozenset({"COMPLETE", "ACTIVE"})  # by basic scanning; by Inspector, again and again
_SCANNING = frozenset({"PENDING", "IN_PROGRESS"})
_SIGNED, _SIGNING = "COMPLETE", "IN_PROGRESS"
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerImage:
    """A container of the revision's task definition. `resolved` is what ECS says that it runs, if
    it says so by now; `digest` what it resolved the name to."""

    container: str
    image: str
    resolved: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts:
    """ECR's scan of an image. `problem` says why there is none to be had."""

    status: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    first: str = ""  # the name of a worst finding
    problem: str | None = None

    def spell(self) -> dict[str, object]:
        """As it stands in the answer."""
        return {
            "status": self.status,
            "findings": dict(self.counts),
            "first": self.first,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """ECR's managed signing of an image: status by signing profile."""

    statuses: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None

    def spell(self) -> dict[str, object]:
        """As it stands in the answer."""
        return {"statuses": dict(self.statuses), "problem": self.problem}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What ECR says of one image."""

    scan: ScanFacts
    signature: SignatureFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Why a container is not admitted; `pending` says that it may be in a while."""

    container: str
    outcome: Outcome
    says: str
    pending: bool = False


def name_findings(
    config: AdmissionConfig, deployment: ServiceDeploymentArn, images: Sequence[ContainerImage]
) -> tuple[Finding, ...]:
    """What the names of the images break, in the order of the containers."""
    patterns = config.patterns(deployment)
    return tuple(
        Finding(container=image.container, outcome=Outcome.FAILED, says=says)
        for image in images
        for says in _name_problems(config, patterns, image)
    )


def evidence_findings(
    config: AdmissionConfig, images: Sequence[ContainerImage], seen: Mapping[str, Evidence]
) -> tuple[Finding, ...]:
    """What scans and signatures break; `seen` is by container."""
    findings = []
    for image in images:
        evidence = seen.get(image.container)
        if evidence is None:
            nothing = "it lies in no private ECR registry"
            evidence = Evidence(
                scan=ScanFacts(problem=nothing), signature=SignatureFacts(problem=nothing)
            )
        name = parse_image(image.image)
        findings += [
            finding
            for finding in (
                _scan_finding(config, image.container, name, evidence.scan),
                _signature_finding(config, image.container, name, evidence.signature),
            )
            if finding is not None
        ]
    return tuple(findings)


def decide_admission(
    images: Sequence[ContainerImage],
    findings: Sequence[Finding],
    seen: Mapping[str, Evidence],
    *,
    time_left: bool,
) -> Allow | Refuse | Wait:
    """Admit a revision of which nothing was found; wait while all that was found may pass away."""
    if not images:
        return Refuse(
            outcome=Outcome.INFRA_ERROR,
            sentence="ECS names no container of the revision, so there is no image to admit",
        )
    if not findings:
        return Allow(sentence=_allowed(images, seen), evidence=_spell(images, seen))
    if time_left and all(finding.pending for finding in findings):
        return Wait(delay_s=SCAN_DELAY_S, says=f"waits for ECR: {_listed(findings)}")
    refused = len({finding.container for finding in findings})
    return Refuse(
        outcome=headline(finding.outcome for finding in findings),
        sentence=f"{refused} of {len(images)} container images refused: {_listed(findings)}",
        evidence=_spell(images, seen),
    )


def _name_problems(
    config: AdmissionConfig, patterns: Sequence[ImagePattern], image: ContainerImage
) -> Iterator[str]:
    try:
        name = parse_image(image.image)
        resolved = parse_image(image.resolved) if image.resolved else name
    except InputError as exc:
        yield str(exc)
        return
    if (name.registry, name.repository) != (resolved.registry, resolved.repository):
        yield f"the task definition says {name}, and ECS says that {resolved} runs"
    if not any(pattern.allows(name) for pattern in patterns):
        yield f"image {name} matches none of ALLOWED_IMAGES ({_some(config.allowed_images)})"
    yield from _tag_problems(config, name)
    if config.require_digest and name.digest is None:
        yield f"image {name} is not pinned by a digest (REQUIRE_DIGEST)"


def _tag_problems(config: AdmissionConfig, name: ImageName) -> Iterator[str]:
    tag = name.effective_tag
    if tag is None:
        return
    if any(is_like(tag, glob) for glob in config.forbidden_tags):
        implied = "" if name.tag else ", which no tag means"
        yield (
            f"image {name} has tag {tag}{implied}: "
            f"forbidden by FORBIDDEN_TAGS ({_some(config.forbidden_tags)})"
        )
    if config.allowed_tags and not any(is_like(tag, glob) for glob in config.allowed_tags):
        yield (
            f"image {name} has tag {tag}, which matches none of ALLOWED_TAGS "
            f"({_some(config.allowed_tags)})"
        )


def _scan_finding(
    config: AdmissionConfig, container: str, name: ImageName, scan: ScanFacts
) -> Finding | None:
    if scan.status in _SCANNED and scan.problem is None:
        return _severity_finding(config, container, name, scan)
    if not config.require_scan:
        return None
    pending = scan.status in _SCANNING and scan.problem is None
    why = scan.problem or f"ECR says {scan.status or 'nothing'}"
    return Finding(
        container=container,
        outcome=Outcome.TIMED_OUT if pending else Outcome.INFRA_ERROR,
        says=f"image {name} has no complete scan (REQUIRE_SCAN): {why}",
        pending=pending,
    )


def _severity_finding(
    config: AdmissionConfig, container: str, name: ImageName, scan: ScanFacts
) -> Finding | None:
    cap = config.max_severity
    if cap is None:
        return None
    above = {word: count for word, count in scan.counts.items() if count and _rank(word) > cap.rank}
    if not above:
        return None
    worst_first = sorted(above, key=_rank, reverse=True)
    counted = ", ".join(f"{above[word]} {word}" for word in worst_first)
    first = f"; first: {scan.first}" if scan.first else ""
    return Finding(
        container=container,
        outcome=Outcome.FAILED,
        says=f"image {name} has {sum(above.values())} findings above {cap.value} (MAX_SEVERITY): "
        f"{counted}{first}",
    )


def _signature_finding(
    config: AdmissionConfig, container: str, name: ImageName, signature: SignatureFacts
) -> Finding | None:
    """Every profile that was to sign it has signed it, and there is one."""
    if not config.require_signature:
        return None
    statuses = set(signature.statuses.values())
    if signature.problem is None and statuses == {_SIGNED}:
        return None
    pending = signature.problem is None and bool(statuses) and statuses <= {_SIGNED, _SIGNING}
    told = ", ".join(f"{profile} is {status}" for profile, status in signature.statuses.items())
    if signature.problem is not None:
        outcome = Outcome.INFRA_ERROR
    else:
        outcome = Outcome.TIMED_OUT if pending else Outcome.FAILED
    why = signature.problem or told or "ECR knows no signing of it"
    return Finding(
        container=container,
        outcome=outcome,
        says=f"image {name} is not signed (REQUIRE_SIGNATURE): {why}",
        pending=pending,
    )


def _rank(word: str) -> int:
    """A severity's rank; UNDEFINED, UNTRIAGED and what is new count as HIGH."""
    return Severity(word).rank if word in list(Severity) else UNRATED.rank


def _listed(findings: Sequence[Finding]) -> str:
    told = "; ".join(f"container {f.container}: {f.says}" for f in findings[:_SHOWN])
    more = len(findings) - _SHOWN
    return told + (f"; and {more} more" if more > 0 else "")


def _allowed(images: Sequence[ContainerImage], seen: Mapping[str, Evidence]) -> str:
    names = ", ".join(image.container for image in images[:_SHOWN])
    more = f" and {len(images) - _SHOWN} more" if len(images) > _SHOWN else ""
    count = len(images)
    scanned = sum(e.scan.status in _SCANNED and e.scan.problem is None for e in seen.values())
    signed = sum(
        e.signature.problem is None and set(e.signature.statuses.values()) == {_SIGNED}
        for e in seen.values()
    )
    return (
        f"{count} of {count} container images allowed ({names}{more}); "
        f"ECR has scanned {scanned} and signed {signed} of them"
    )


def _some(patterns: Sequence[str]) -> str:
    more = len(patterns) - _SHOWN
    return ", ".join(patterns[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _spell(images: Sequence[ContainerImage], seen: Mapping[str, Evidence]) -> dict[str, object]:
    return {
        "containers": [
            {
                "container": image.container,
                "image": image.image,
                "digest": image.digest,
                "scan": seen[image.container].scan.spell() if image.container in seen else None,
                "signature": seen[image.container].signature.spell()
                if image.container in seen
                else None,
            }
            for image in images
        ]
    }
