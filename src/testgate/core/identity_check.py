"""What a gate asks of green to know it (`[identity]`), and the answer that this revision must give.

A gate file outlives many versions, so what is expected is a text with placeholders for facts of the
revision. Standard library only; imported by gate files, plans and Prepare.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from testgate.core.errors import InputError, PlanError
from testgate.core.headers import header_problem

KEYS = ("path", "jmespath", "header", "expect")
MAX_TEXT = 512

_PATH = re.compile(r"/[!-\"$-~]*")
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[^{}]+|.", re.DOTALL)
_IMAGE = re.compile(r"(?P<name>[^@]+?)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")
_PARAMETER = re.compile(r"parameter\.[A-Z][A-Z0-9_]{0,62}")
_OF_A_CONTAINER = re.compile(r"(image|image_tag|image_digest)(\.[0-9A-Za-z_-]+)?")
_PLAIN = ("revision", "task_family", "task_revision")
PLACEHOLDERS = ("image", "image_tag", "image_digest", *_PLAIN, "parameter.NAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCheck:
    """GET `path` below the base URL must answer with `expect`, in what `jmespath` finds in its JSON
    or in `header`; one of the two is set."""

    path: str
    expect: str
    jmespath: str = ""
    header: str = ""

    @property
    def label(self) -> str:
        """What is looked at: `version`, or `header x-version`."""
        return self.jmespath or f"header {self.header}"

    def spell(self) -> dict[str, object]:
        """As it stands in a plan."""
        key = "jmespath" if self.jmespath else "header"
        return {"path": self.path, "expect": self.expect, key: self.jmespath or self.header}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The revision under test. `images` and `image_digests` are by container; `container` is that
    of the load balancer entry; `task_definition` and `revision` are ARNs."""

    container: str
    images: Mapping[str, str]
    revision: str
    image_digests: Mapping[str, str] = field(default_factory=dict)
    task_definition: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_check(raw: object) -> IdentityCheck:
    """A gate file's `[identity]`, or a plan's. Raises PlanError with every problem."""
    if not isinstance(raw, Mapping) or not all(isinstance(value, str) for value in raw.values()):
        raise PlanError("identity is no table of texts")
    problems = [
        f"unknown key {key!r}; known: {', '.join(KEYS)}" for key in sorted(set(raw) - set(KEYS))
    ]
    check = IdentityCheck(**{key: raw.get(key, "") for key in KEYS})
    problems += check_problems(check)
    if problems:
        raise PlanError(*(f"identity: {problem}" for problem in problems))
    return check


def check_problems(check: IdentityCheck) -> list[str]:
    """All that is wrong with it, each without its place."""
    problems = []
    segments = check.path.partition("?")[0].split("/")
    if not _PATH.fullmatch(check.path) or {".", ".."} & set(segments):
        problems.append(f"path is {check.path!r}, expected one like /version, without dots")
    if bool(check.jmespath) == bool(check.header):
        problems.append("exactly one of jmespath and header must be set")
    if check.header and header_problem(check.header, "x"):
        problems.append(f"{check.header!r} is not the name of a header that an answer could have")
    if any(len(text) > MAX_TEXT for text in (check.path, check.jmespath, check.expect)):
        problems.append(f"a text is longer than {MAX_TEXT} characters")
    return problems + _expect_problems(check.expect)


def expected_value(check: IdentityCheck, subject: Subject) -> str:
    """What green must answer if it is that revision. Raises InputError that says which fact the
    revision lacks."""
    facts = _facts(subject)
    return "".join(text if name is None else facts(name) for name, text in _pieces(check.expect))


def image_digest_of(subject: Subject) -> str:
    """The digest of the image under test: the reference's own, or what ECS resolved; "" if neither
    is known."""
    image = subject.images.get(subject.container, "")
    return _image_fact("image_digest", image, subject.image_digests.get(subject.container, ""))


def _expect_problems(expect: str) -> list[str]:
    try:
        names = [name for name, _ in _pieces(expect) if name is not None]
    except InputError as exc:
        return [str(exc)]
    unknown = [name for name in names if not _is_known(name)]
    if unknown:
        listed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return [f"expect asks for {{{unknown[0]}}}, which is not known; known: {listed}"]
    if not names:
        return [
            f"expect is {expect!r}, the same for every revision: the old one would pass; use a "
            "placeholder such as {image_tag}"
        ]
    return []


def _pieces(expect: str) -> Iterator[tuple[str | None, str]]:
    """Placeholders by name and plain text in between. Raises InputError for a lone brace."""
    for match in _PIECE.finditer(expect):
        text = match.group()
        if match["name"] is not None:
            yield match["name"], text
        elif text in ("{", "}"):
            raise InputError(f"expect has a lone {text}; write {text * 2} for the character")
        else:
            yield None, text[0] if text in ("{{", "}}") else text


def _is_known(name: str) -> bool:
    return name in _PLAIN or any(form.fullmatch(name) for form in (_PARAMETER, _OF_A_CONTAINER))


def _facts(subject: Subject) -> Callable[[str], str]:
    def fact(name: str) -> str:
        kind, _, of = name.partition(".")
        match kind:
            case "parameter":
                found = subject.parameters.get(of, "")
                lacks = f"hookDetails have no {of} in PARAMETERS"
            case "revision":
                found, lacks = subject.revision.rpartition("/")[2], "the revision has no ARN"
            case "task_family" | "task_revision":
                family, _, number = subject.task_definition.rpartition("/")[2].rpartition(":")
                found = family if kind == "task_family" else number
                lacks = "ECS names no task definition of the revision"
            case _:
                container = of or subject.container
                image = subject.images.get(container, "")
                found = _image_fact(kind, image, subject.image_digests.get(container, ""))
                lacks = (
                    f"the image of container {container}, {image!r}, has none"
                    if image
                    else f"the revision has no container {container!r} with an image"
                )
        if not found:
            raise InputError(f"identity: expect asks for {{{name}}}, and {lacks}")
        return found

    return fact


def _image_fact(kind: str, image: str, resolved_digest: str) -> str:
    if kind == "image":
        return image
    # A port has a slash behind it; only what follows the last one can be a tag.
    match = _IMAGE.fullmatch(image.rpartition("/")[2])
    told = (match["tag"] if kind == "image_tag" else match["digest"]) if match else ""
    return told or (resolved_digest if kind == "image_digest" else "")
