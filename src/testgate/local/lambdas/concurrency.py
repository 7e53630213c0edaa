"""Counts invocations under way, against the concurrency a function has reserved.

Used by the invoker of this package; the count also tells a reset when all is quiet.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from testgate.local.lambdas.catalog import Function
from testgate.local.lambdas.errors import ThrottledError


class Concurrency:
    """Slots per function, all versions together; without a reservation there is no limit."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: Counter[str] = Counter()

    @contextmanager
    def slot(self, function: Function) -> Iterator[None]:
        """Hold a slot; raises `ThrottledError` if the function's reserved ones are taken."""
        arn, limit = function.settings.arn, function.reserved_concurrency
        with self._changed:
            if limit is not None and self._running[arn] >= limit:
                raise ThrottledError("Rate Exceeded.")
            self._running[arn] += 1
        try:
            yield
        finally:
            with self._changed:
                self._running[arn] -= 1
                self._changed.notify_all()

    def wait_until_quiet(self, patience_s: float) -> bool:
        """Whether nothing runs any more, waiting up to `patience_s` for that."""
        with self._changed:
            return self._changed.wait_for(lambda: not +self._running, patience_s)
