"""Work on a stack that may take as long as a deployment: in the background, as AWS does all of it.

What needs no waiting is done before the call returns, so that nobody has to poll for it. Imported
by `stacks` and `change_sets`.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

_WAITING_TYPES = frozenset({"AWS::ECS::Service"})
# The AWS CLI looks each 30 s: what ends in a moment should have ended when it looks first.
_PATIENCE_S = 3.0
_here = threading.local()


def waits(template: Mapping[str, Any]) -> bool:
    """Whether the template has resources that wait for something outside."""
    return any(each.get("Type") in _WAITING_TYPES for each in template["Resources"].values())


def carry_out(work: Callable[[], None], *, in_background: bool) -> None:
    """Do `work`; if it is still under way after a few seconds, leave it to the background.

    Within other work, as a stack within a stack, it is always done before this returns.
    """
    if not in_background or getattr(_here, "busy", False):
        _guarded(work)
        return
    thread = threading.Thread(target=_guarded, args=(work,), name="stack", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)


def _guarded(work: Callable[[], None]) -> None:
    before, _here.busy = getattr(_here, "busy", False), True
    try:
        work()
    finally:
        _here.busy = before
