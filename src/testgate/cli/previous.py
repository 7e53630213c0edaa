"""The gate run before a gate run: the service's next older test gate with a record.

Imported by `show` and `diff`.
"""

from datetime import datetime

from testgate.aws.s3 import Bucket
from testgate.cli.listing import kind_of
from testgate.cli.runs import StoredRun, read_run
from testgate.core.kinds import TEST_GATE
from testgate.core.layout import index_prefix, parse_index_key, reversed_ms
from testgate.report.view import parse_time

_MAX_LOOKED_AT = 50


def previous_of(bucket: Bucket, run: StoredRun) -> StoredRun | None:
    """The newest recorded gate run that ended before this one; None if none is among the next few
    of the index. Raises PortError."""
    ended_at = parse_time(str((run.record or {}).get("ended_at") or ""))
    return recorded_before(bucket, run, ended_at) if ended_at else None


def recorded_before(bucket: Bucket, run: StoredRun, ended_at: datetime) -> StoredRun | None:
    """As `previous_of`, of a time."""
    prefix = index_prefix(run.place.cluster, run.place.service)
    for key in bucket.keys(prefix, _MAX_LOOKED_AT, f"{prefix}{reversed_ms(ended_at)}"):
        entry = parse_index_key(key)
        if entry is None or kind_of(entry.place) != TEST_GATE.name or entry.place == run.place:
            continue
        found = read_run(bucket, entry.place)
        if found is not None and found.record is not None:
            return found
    return None
