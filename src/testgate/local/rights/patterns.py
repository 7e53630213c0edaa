"""Wildcard patterns of IAM policies: actions, resource ARNs, and the values of conditions.

Pure. `*` is any run of characters, `?` any one. Imported by this package and its tests.
"""

import re
from dataclasses import dataclass

from testgate.local.rights.errors import PolicyError

_ARN_PARTS = 6  # arn : partition : service : region : account : resource


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as it is written, ready to be compared."""

    text: str
    _expression: re.Pattern[str]

    def matches(self, value: str) -> bool:
        return self._expression.fullmatch(value) is not None

    @property
    def literal_length(self) -> int:
        """Characters that are no wildcards: the more, the narrower."""
        return len(self.text) - self.text.count("*") - self.text.count("?")


def action_pattern(text: str) -> Pattern:
    """`service:Action`, compared without regard to case (documented)."""
    if text != "*" and ":" not in text:
        raise PolicyError(f"an action is `*` or `service:Action`, got {text!r}")
    return Pattern(text, re.compile(_glob(_plain(text)), re.IGNORECASE | re.DOTALL))


def resource_pattern(text: str) -> Pattern:
    """A resource ARN or `*`.

    AWS (documented): wildcards stay within a part between colons; a `*` that ends a part goes
    beyond it. The last part is the service's own text, colons included (assumed).
    """
    if text == "*":
        return Pattern(text, re.compile(".*", re.DOTALL))
    parts = _plain(text).split(":", _ARN_PARTS - 1)
    if parts[0] not in ("arn", "*", "arn*"):
        raise PolicyError(f"a resource is `*` or an ARN, got {text!r}")
    pieces = [
        _glob(part) if number == _ARN_PARTS - 1 else _part(part)
        for number, part in enumerate(parts)
    ]
    return Pattern(text, re.compile(":".join(pieces), re.DOTALL))


def value_pattern(text: str, *, wildcards: bool = True, ignore_case: bool = False) -> Pattern:
    """The value of a condition; without `wildcards`, `*` and `?` stand for themselves."""
    expression = _glob(_plain(text)) if wildcards else re.escape(_plain(text))
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG)
    return Pattern(text, re.compile(expression, flags))


def arn_value_pattern(text: str) -> Pattern:
    """The value of an `ArnLike` or `ArnEquals` condition: each of six parts by itself."""
    parts = _plain(text).split(":", _ARN_PARTS - 1)
    if len(parts) != _ARN_PARTS:
        raise PolicyError(f"an ARN has six parts between colons, got {text!r}")
    *first, last = parts
    pieces = [*(_glob(part, "[^:]") for part in first), _glob(last)]
    return Pattern(text, re.compile(":".join(pieces), re.DOTALL))


def _part(text: str) -> str:
    """One part of a resource that is not its last."""
    if text.endswith("*"):
        return f"{_glob(text[:-1], '[^:]')}.*"
    return _glob(text, "[^:]")


def _glob(text: str, any_character: str = ".") -> str:
    wild = {"*": f"{any_character}*", "?": any_character}
    return "".join(wild.get(character) or re.escape(character) for character in text)


def _plain(text: str) -> str:
    if "${" in text:
        raise PolicyError(f"policy variables are not evaluated here, got {text!r}")
    return text
