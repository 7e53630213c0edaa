"""What holds for every text and document before it is stored: no controls, no credentials, bounded.

Standard library only; imported by whoever stores, logs or emits.
"""

import json
import re
from collections.abc import Mapping

from testgate.core.redaction import MARK, redact

MAX_SENTENCE_CHARS = 1_000  # far below the 32,768 of an execution's cause

_COLOURS = re.compile(r"\x1b\[[0-9;]{0,40}[A-Za-z]")
# Controls but tab and line feed, and characters that reorder or break lines where they are shown.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


def plain(text: str) -> str:
    """The text without characters that act on a terminal or cannot be stored."""
    # JSON can spell half a character; UTF-8 cannot.
    return _CONTROLS.sub("", _COLOURS.sub("", text)).encode(errors="replace").decode()


def cap_sentence(sentence: str) -> str:
    """A sentence on one line and of bounded length, whatever was quoted in it."""
    line = redact(plain(" ".join(sentence[: 16 * MAX_SENTENCE_CHARS].split())))
    return line if len(line) <= MAX_SENTENCE_CHARS else line[: MAX_SENTENCE_CHARS - 1] + "…"


def redacted(value: object) -> object:
    """A JSON value without credentials: neither texts that look like one, nor those whose key says
    that they are one."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            key: MARK if isinstance(item, str) and _names_secret(key) else redacted(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def to_json_bytes(value: object) -> bytes:
    """JSON as it is stored: readable, UTF-8, no NaN."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace")


def _names_secret(key: object) -> bool:
    probe = f"{key}=probe"
    return redact(probe) != probe
