"""What to say behind a key that means nothing: the one that may have been meant.

Standard library only; imported by the readers of gate files and plans.
"""

import difflib
from collections.abc import Iterable


def nearest_key(key: str, known: Iterable[str]) -> str:
    """`; did you mean min_tests?`, or all that are known."""
    folded = {name.lower(): name for name in sorted(known)}
    close = difflib.get_close_matches(key.lower(), list(folded), n=1)
    return (
        f"; did you mean {folded[close[0]]}?" if close else f"; known: {', '.join(folded.values())}"
    )
