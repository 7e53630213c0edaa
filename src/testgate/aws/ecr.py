"""ECR: what it says of an image beside its name, its scan and its signing.

What cannot be had is no error here but a `problem`: whether that matters is the policy's to say.
"""

from collections.abc import Callable, Mapping
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.admission import ScanFacts, SignatureFacts
from testgate.core.admission_config import Severity
from testgate.core.errors import PortError, UnavailableError
from testgate.core.images import EcrPlace, ImageName

_NO_SUCH_OPERATION = "the SDK of this Lambda runtime cannot ask for it yet"


class Ecr:
    """The private registries of all accounts; `client_of` makes a region's client.

    Raises UnavailableError alone: later, the same question may be answered.
    """

    def __init__(self, client_of: Callable[[str], Any]) -> None:
        self._client_of = client_of

    def scan(self, image: ImageName, place: EcrPlace, digest: str | None) -> ScanFacts:
        """The image's scan; by its digest if that is known, else by its tag."""
        try:
            answer = self._ask("describe_image_scan_findings", image, place, digest)
        except UnavailableError:
            raise
        except PortError as exc:
            return ScanFacts(problem=str(exc))
        findings = answer.get("imageScanFindings") or {}
        return ScanFacts(
            status=(answer.get("imageScanStatus") or {}).get("status", ""),
            counts=dict(findings.get("findingSeverityCounts") or {}),
            first=_worst_name(findings),
        )

    def signature(self, image: ImageName, place: EcrPlace, digest: str | None) -> SignatureFacts:
        """The status of the image's signing, by signing profile."""
        try:
            answer = self._ask("describe_image_signing_status", image, place, digest)
        except UnavailableError:
            raise
        except PortError as exc:
            return SignatureFacts(problem=str(exc))
        return SignatureFacts(
            statuses={
                item.get("signingProfileArn", "").rsplit("/", 1)[-1]: item.get("status", "")
                for item in answer.get("signingStatuses") or ()
            }
        )

    def _ask(
        self, operation: str, image: ImageName, place: EcrPlace, digest: str | None
    ) -> Mapping[str, Any]:
        client = self._client_of(place.region)
        ask = getattr(client, operation, None)
        if ask is None:
            raise PortError(_NO_SUCH_OPERATION)
        name = {"imageDigest": digest} if digest else {"imageTag": image.effective_tag}
        with port_errors(f"asking ECR ({operation})"):
            answer: Mapping[str, Any] = ask(
                registryId=place.account, repositoryName=image.repository, imageId=name
            )
        return answer


def _worst_name(findings: Mapping[str, Any]) -> str:
    """The name of a worst finding on the first page, by basic scanning or Inspector's."""
    named = [
        (item.get("severity", ""), item.get("name", "")) for item in findings.get("findings") or ()
    ] + [
        (
            item.get("severity", ""),
            (item.get("packageVulnerabilityDetails") or {}).get("vulnerabilityId", ""),
        )
        for item in findings.get("enhancedFindings") or ()
    ]
    ranks = {severity.value: severity.rank for severity in Severity}
    return max(named, key=lambda item: ranks.get(item[0], -1), default=("", ""))[1]
