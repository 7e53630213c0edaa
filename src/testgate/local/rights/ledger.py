"""What rights were used, and what was denied, since a local AWS was started.

Imported by this package and its tests.
"""

import threading
from collections import Counter
from dataclasses import dataclass

from testgate.local.rights.evaluation import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A grant that let `caller` (a role's name, or a service) pass."""

    caller: str
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A call that was refused; `reason` is what the caller was told."""

    caller: str
    action: str
    resource: str
    reason: str


class Ledger:
    """Counts uses, keeps denials in their order; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: Counter[Use] = Counter()
        self._denials: list[Denial] = []

    def note_use(self, use: Use) -> None:
        with self._lock:
            self._uses[use] += 1

    def note_denial(self, denial: Denial) -> None:
        with self._lock:
            self._denials.append(denial)

    def uses(self) -> dict[Use, int]:
        """How often each grant was what let a call pass."""
        with self._lock:
            return dict(self._uses)

    def denials(self) -> list[Denial]:
        """Every denied call, oldest first."""
        with self._lock:
            return list(self._denials)
