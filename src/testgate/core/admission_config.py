"""What a service may ask of the admission hook in `hookDetails`: its image policy.

Default as in AWS's walkthrough of lifecycle hooks: private registries of ECR, and AWS's own
namespace of the public one. Standard library only; imported by the admission hook.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from testgate.core.arns import ServiceDeploymentArn
from testgate.core.config import Mode, users_own
from testgate.core.errors import ConfigError
from testgate.core.fields import Fields, choice, flag, parse_fields, texts, whole
from testgate.core.images import ImagePattern, parse_pattern

DEFAULT_ALLOWED = (
    "*.dkr.ecr.*.amazonaws.com/**",
    "public.ecr.aws/aws-containers/**",
    # The walkthrough's rule knows the first alone of a private registry's names.
    "*.dkr.ecr-fips.*.amazonaws.com/**",
    "*.dkr.ecr.*.amazonaws.com.cn/**",
    "*.dkr-ecr.*.on.aws/**",
    "*.dkr-ecr-fips.*.on.aws/**",
)
DEFAULT_TIMEOUT_S = 600
MAX_TIMEOUT_S = 82_800  # an hour inside the 24 hours that ECS gives a lifecycle stage
MAX_PATTERNS = 50

_TAG_GLOB = re.compile(r"[\w.*-]{1,128}", re.ASCII)


class Severity(StrEnum):
    """Severities of ECR's findings, from least to worst; what has none counts as HIGH."""

    INFORMATIONAL = "INFORMATIONAL"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionConfig:
    """The policy. `max_severity` None caps nothing; `require_scan` then is False unless set."""

    allowed_images: tuple[str, ...] = DEFAULT_ALLOWED
    allowed_tags: tuple[str, ...] = ()
    forbidden_tags: tuple[str, ...] = ()
    require_digest: bool = False
    max_severity: Severity | None = None
    require_scan: bool = False
    require_signature: bool = False
    timeout_s: int = DEFAULT_TIMEOUT_S
    mode: Mode = Mode.ENFORCE

    @property
    def patience_s(self) -> int:
        """Seconds from the first asking within which the hook answers."""
        return self.timeout_s

    def patterns(self, deployment: ServiceDeploymentArn) -> tuple[ImagePattern, ...]:
        """The allowed images, `{account}` and `{region}` being the deployment's own."""
        return tuple(
            parse_pattern(_fill(pattern, deployment.account, deployment.region))
            for pattern in self.allowed_images
        )

    def spell(self) -> dict[str, object]:
        """The keys that make the question, defaults spelled out; MODE is not one."""
        return {
            "ALLOWED_IMAGES": list(self.allowed_images),
            "ALLOWED_TAGS": list(self.allowed_tags),
            "FORBIDDEN_TAGS": list(self.forbidden_tags),
            "REQUIRE_DIGEST": self.require_digest,
            "MAX_SEVERITY": self.max_severity.value if self.max_severity else None,
            "REQUIRE_SCAN": self.require_scan,
            "REQUIRE_SIGNATURE": self.require_signature,
            "TIMEOUT_SECONDS": self.timeout_s,
        }


def parse_admission(details: Mapping[str, object]) -> AdmissionConfig:
    """The policy of a service. Raises ConfigError that lists every problem at once."""
    read, problems = parse_fields(users_own(details), FIELDS)
    if problems:
        raise ConfigError(*problems)
    # A cap that an image without a scan would pass under is none, unless that was asked for.
    read.setdefault("require_scan", read.get("max_severity") is not None)
    return AdmissionConfig(**read)  # type: ignore[arg-type]


def _fill(pattern: str, account: str, region: str) -> str:
    return pattern.replace("{account}", account).replace("{region}", region)


def _images(value: object) -> tuple[str, ...]:
    patterns = texts(value)
    if len(patterns) > MAX_PATTERNS:
        raise ValueError(f"has {len(patterns)} patterns, at most {MAX_PATTERNS} are allowed")
    for pattern in patterns:
        parse_pattern(_fill(pattern, "0" * 12, "region"))
    return patterns


def _tags(value: object) -> tuple[str, ...]:
    globs = texts(value)
    if len(globs) > MAX_PATTERNS:
        raise ValueError(f"has {len(globs)} patterns, at most {MAX_PATTERNS} are allowed")
    for glob in globs:
        if not _TAG_GLOB.fullmatch(glob):
            raise ValueError(f"{glob[:100]!r} is not a tag, with * allowed")
    return globs


FIELDS: Fields = {
    "ALLOWED_IMAGES": ("allowed_images", _images),
    "ALLOWED_TAGS": ("allowed_tags", _tags),
    "FORBIDDEN_TAGS": ("forbidden_tags", _tags),
    "REQUIRE_DIGEST": ("require_digest", flag),
    "MAX_SEVERITY": ("max_severity", choice(Severity)),
    "REQUIRE_SCAN": ("require_scan", flag),
    "REQUIRE_SIGNATURE": ("require_signature", flag),
    "TIMEOUT_SECONDS": ("timeout_s", whole(10, MAX_TIMEOUT_S, "seconds")),
    "MODE": ("mode", choice(Mode)),
}
