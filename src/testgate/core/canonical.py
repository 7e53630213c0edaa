"""One spelling for each JSON value, so that equal questions have equal digests.

Digests are written `sha256:<64 hex>` everywhere. Standard library only; everything may import this.
"""

import hashlib
import json
import re

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def canonical_json(value: object) -> str:
    """The one spelling of `value`: sorted keys, no blanks, no NaN. Raises ValueError, TypeError."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest_of(data: str | bytes) -> str:
    """`sha256:<hex>` of text (as UTF-8) or bytes."""
    raw = data.encode() if isinstance(data, str) else data
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def hex_of(digest: str) -> str:
    """The bare hex of a digest."""
    return digest.removeprefix("sha256:")
