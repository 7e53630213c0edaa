"""Tells that a step has been entered, for people who watch: no step and no verdict waits for it.

Runs in the control bundle.
"""

import logging
from collections.abc import Mapping

from testgate.aws.s3 import JSON_TYPE, Bucket
from testgate.core.errors import GateError
from testgate.core.handoff import ExecutionRef
from testgate.core.layout import state_key
from testgate.core.states import Told
from testgate.core.storing import to_json_bytes

_log = logging.getLogger(__name__)


def tell_state(
    bucket: Bucket, execution: ExecutionRef, what: Told, told: Mapping[str, object]
) -> None:
    """Stored over what the same step told before; what goes wrong with it is logged."""
    key = state_key(execution.started_at, execution.name, what.value)
    try:
        bucket.put(key, to_json_bytes(told), JSON_TYPE)
    except GateError as exc:
        _log.warning("not told that %s: %s", what.value, exc)
