"""Names of container images: taken apart as container runtimes do, and compared with patterns.

Grammar: the OCI distribution project's `reference` (as Docker and containerd read names). A star in
a pattern stays within one label of the host or one segment of the path, so that no pattern for one
registry can be met by another's name. Pure; standard library only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from testgate.core.errors import InputError

MAX_NAME_CHARS = 512
DEFAULT_REGISTRY = "docker.io"
LATEST = "latest"
ANY_SEGMENTS = "**"

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?")
_SEGMENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr(?:\.ecr(?:-fips)?\.(?P<one>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"|-ecr(?:-fips)?\.(?P<two>[a-z0-9-]+)\.on\.aws)"
)
_PATTERN_HOST = re.compile(r"[a-z0-9*-]+(?:\.[a-z0-9*-]+)*(?::[0-9*]+)?")
_PATTERN_SEGMENT = re.compile(r"\*\*|(?!.*\*\*)[a-z0-9._*-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EcrPlace:
    """Whose private registry an image lies in, and where."""

    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageName:
    """An image's name with nothing left implied but its tag; `registry` in lower case."""

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def effective_tag(self) -> str | None:
        """The tag that is pulled: `latest` where none is written; None if a digest alone says."""
        return self.tag or (None if self.digest else LATEST)

    @property
    def ecr(self) -> EcrPlace | None:
        """The private ECR registry that it lies in, if any."""
        match = _ECR.fullmatch(self.registry)
        if match is None:
            return None
        return EcrPlace(account=match["account"], region=match["one"] or match["two"])

    def __str__(self) -> str:
        tag = f":{self.effective_tag}" if self.effective_tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


def parse_image(text: str) -> ImageName:
    """The parts of `[host[:port]/]path[:tag][@digest]`. Raises InputError.

    Without a host it is Docker Hub's, whose images of one segment lie in `library`.
    """
    if len(text) > MAX_NAME_CHARS:
        raise InputError(f"a name of {len(text)} characters is no image's")
    name, at, digest = text.partition("@")
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    registry, path = _split_registry(f"{head}{slash}{last}")
    segments = path.split("/")
    readable = (
        _HOST.fullmatch(registry)
        and all(_SEGMENT.fullmatch(segment) for segment in segments)
        and (not colon or _TAG.fullmatch(tag))
        and (not at or _DIGEST.fullmatch(digest))
    )
    if not readable:
        raise InputError(f"{text[:200]!r} is not the name of an image")
    return ImageName(
        registry=registry.lower(), repository=path, tag=tag or None, digest=digest or None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePattern:
    """`<host>/<path>`: `*` is any text within a label or segment, `**` any segments, one at
    least."""

    host: str
    segments: tuple[str, ...]

    def allows(self, image: ImageName) -> bool:
        """Whether the image's registry and repository are of this pattern."""
        own, other = self.host.split("."), image.registry.split(".")
        return (
            len(own) == len(other)
            and all(is_like(label, glob) for label, glob in zip(other, own, strict=True))
            and _path_is_like(image.repository.split("/"), self.segments)
        )

    def __str__(self) -> str:
        return "/".join((self.host, *self.segments))


def parse_pattern(text: str) -> ImagePattern:
    """The pattern. Raises ValueError."""
    host, slash, path = text.partition("/")
    segments = path.split("/")
    if not slash or not _PATTERN_HOST.fullmatch(host):
        raise ValueError(f"{text[:100]!r} is not <registry>/<repository>, with * and ** allowed")
    if not all(_PATTERN_SEGMENT.fullmatch(segment) for segment in segments):
        raise ValueError(f"{text[:100]!r}: the repository cannot be of this form")
    if segments.count(ANY_SEGMENTS) > 1:
        raise ValueError(f"{text[:100]!r} has {ANY_SEGMENTS} more than once")
    return ImagePattern(host=host, segments=tuple(segments))


def is_like(text: str, glob: str) -> bool:
    """Whether the whole text is of the form; `*` is any text, also none. Linear in both."""
    first, *rest = glob.split("*")
    if not rest:
        return text == glob
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    if text[end:] != last:
        return False
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    if not is_host:
        return DEFAULT_REGISTRY, name if slash else f"library/{name}"
    registry = DEFAULT_REGISTRY if first.lower() == f"index.{DEFAULT_REGISTRY}" else first
    if registry.lower() == DEFAULT_REGISTRY and "/" not in rest:
        rest = f"library/{rest}"
    return registry, rest


def _path_is_like(path: Sequence[str], globs: Sequence[str]) -> bool:
    if not globs:
        return not path
    if globs[0] == ANY_SEGMENTS:
        return any(_path_is_like(path[taken:], globs[1:]) for taken in range(1, len(path) + 1))
    return bool(path) and is_like(path[0], globs[0]) and _path_is_like(path[1:], globs[1:])
