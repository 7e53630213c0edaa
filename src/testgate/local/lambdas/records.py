"""Remembers what was invoked, for tests to ask about.

Used by the Lambda host alone.
"""

import threading
from collections import defaultdict, deque

from testgate.local.lambdas.model import InvocationRecord

_LIMIT = 10_000


class Records:
    """The last records of each function (by its ARN without qualifier), oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, deque[InvocationRecord]] = defaultdict(
            lambda: deque(maxlen=_LIMIT)
        )

    def add(self, function_arn: str, record: InvocationRecord) -> None:
        with self._lock:
            self._records[function_arn].append(record)

    def of(self, function_arn: str) -> list[InvocationRecord]:
        with self._lock:
            return list(self._records.get(function_arn, ()))

    def clear(self) -> None:
        with self._lock:
            self._records.clear()
