"""What changed since the service's gate run before: found in the index, compared, and put into the
record for people.

Runs in the control bundle, for Judge. No verdict depends on it: what cannot be read is left out.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.core.layout import RunPlace, index_prefix, parse_index_key
from testgate.core.record import with_changes

MAX_LOOKED_AT = (
    12  # entries of the index: other hooks of the service are in it, and leave no record
)
MAX_READ = 3  # records: each may have 5 MB
_log = logging.getLogger(__name__)


def compared(bucket: Bucket, place: RunPlace, record: dict[str, Any]) -> dict[str, Any]:
    """The record with what changed; as it is if there is nothing to compare it with, or if
    anything at all goes wrong."""
    try:
        # Imported here, so that a renderer that cannot even be imported harms no verdict.
        from testgate.report.changes import is_comparable, spell_changes

        for before in _records_before(bucket, place):
            if is_comparable(before, record):
                return with_changes(record, spell_changes(before, record))
    except Exception as exc:  # noqa: BLE001 - a comparison is for reading: no fault of it may refuse
        _log.warning("not compared: %s: %s", type(exc).__name__, exc)
    return record


def _records_before(bucket: Bucket, place: RunPlace) -> Iterator[Mapping[str, Any]]:
    """The service's newest records, this gate run's own not among them."""
    read = 0
    for key in bucket.keys(index_prefix(place.cluster, place.service), MAX_LOOKED_AT):
        entry = parse_index_key(key)
        if entry is None or entry.place == place:
            continue
        found = bucket.find_json(entry.place.record)
        if not isinstance(found, Mapping):
            continue
        yield found
        read += 1
        if read == MAX_READ:
            return
