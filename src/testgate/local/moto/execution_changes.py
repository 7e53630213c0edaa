"""Who wants to know that an execution started or ended; told by the execution itself.

Apart from the interpreter, so that it imports at once. Imported by `executions` and by
`testgate.local.events`.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

_log = logging.getLogger(__name__)


class ChangedExecution(Protocol):
    """What there is to know of an execution at that moment; `output` is JSON text."""

    exec_arn: str
    name: str
    state_machine_arn: str
    exec_status: Any
    start_date: datetime
    stop_date: datetime | None
    execution_input: str
    output: str | None
    error: str | None
    cause: str | None


Watcher = Callable[[ChangedExecution], None]
_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> Callable[[], None]:
    """Be told of each start and end, in the execution's thread; returns what ends it."""
    _watchers.append(watcher)

    def end() -> None:
        if watcher in _watchers:
            _watchers.remove(watcher)

    return end


def tell(execution: Any) -> None:
    """Tell every watcher; what one raises is logged and changes nothing."""
    for watcher in list(_watchers):
        try:
            watcher(execution)
        except Exception:  # noqa: BLE001 - a watcher must not change an execution
            _log.exception("a watcher failed on %s", execution.exec_arn)
