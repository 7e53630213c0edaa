"""Gate runs for the dashboard, from the record bucket: one LIST a look, and a GET of what changed.

Imported by `testgate ui`.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from threading import Lock
from typing import TypeVar

from testgate.aws.s3 import Bucket
from testgate.cli.reporting import record_of
from testgate.cli.runs import StoredRun, read_run
from testgate.core.errors import EvidenceError
from testgate.core.layout import (
    INDEX,
    STATES,
    IndexEntry,
    RunPlace,
    index_prefix,
    parse_index_key,
    parse_state_folder,
    progress_prefix,
    reversed_ms,
)
from testgate.core.progress import ShardProgress, parse_shard_progress
from testgate.core.states import Told, parse_begun, parse_ready
from testgate.report.rendering import Form, render
from testgate.ui.source import RunTold, Shown

_Parsed = TypeVar("_Parsed")
_MAX_SHARDS = 1_000
_MAX_KEPT = 2_000  # documents of progress, each of a few kilobytes
_MAX_ENTRIES = 1_000


class BucketSource:
    """The dashboard's source. What was read once is not read again until it is another."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.name = bucket.name
        self._kept: OrderedDict[str, tuple[str, object]] = OrderedDict()
        self._keeping = Lock()

    def services(self) -> Iterable[tuple[str, str]]:
        """As in the index."""
        for cluster in self._bucket.folders(INDEX):
            for prefix in self._bucket.folders(cluster):
                _, cluster_name, service, _ = prefix.split("/")
                yield cluster_name, service

    def entries(
        self, cluster: str, service: str, limit: int, until: datetime | None = None
    ) -> Sequence[IndexEntry]:
        """The newest; keys that are none are passed by."""
        prefix = index_prefix(cluster, service)
        after = f"{prefix}{reversed_ms(until)}" if until else ""
        keys = self._bucket.keys(prefix, limit, after)
        return [entry for key in keys if (entry := parse_index_key(key)) is not None]

    def show(self, place: RunPlace) -> Shown | None:
        """As far as it can be read."""
        run = read_run(self._bucket, place)
        if run is None:
            return self._unread(place)
        return Shown(sentence=run.sentence, record=run.record, problems=run.problems)

    def _unread(self, place: RunPlace) -> Shown | None:
        """What the index alone says of a run of which no document can be read."""
        entries = self.entries(place.cluster, place.service, _MAX_ENTRIES)
        entry = next((each for each in entries if each.place == place), None)
        if entry is None:
            return None
        indexed = StoredRun(place=place, bucket=self.name, record=None, answer=None, indexed=entry)
        found = (
            f"{place.record} is there and cannot be read: it was cut off, or another version or "
            "another program wrote it"
            if self._bucket.exists(place.record)
            else f"{place.record} is missing: it has expired, or was never written"
        )
        return Shown(sentence=indexed.sentence, record=None, problems=(found,), has_page=False)

    def page(self, place: RunPlace) -> bytes | None:
        """Made anew."""
        run = read_run(self._bucket, place)
        return render(Form.HTML, record_of(run)) if run is not None else None

    def begun(self, limit: int) -> Sequence[str]:
        """By their folders' names, which sort so."""
        folders = self._bucket.folders(STATES, limit)
        return [folder.removeprefix(STATES).rstrip("/") for folder in folders]

    def told(self, run: str) -> RunTold | None:
        """What can be read of it."""
        named = parse_state_folder(run)
        if named is None:
            return None
        prefix = f"{STATES}{run}/"
        tags = {
            key.removeprefix(prefix): tag
            for key, tag in self._bucket.tagged_keys(prefix, len(Told))
        }
        if not tags:
            return None

        def told(what: Told, parse: Callable[[object], _Parsed]) -> _Parsed | None:
            name = f"{what.value}.json"
            return self._read(f"{prefix}{name}", tags[name], parse) if name in tags else None

        started_at, execution = named
        return RunTold(
            execution=execution,
            started_at=started_at,
            begun=told(Told.PREPARE, parse_begun),
            ready=told(Told.READY, parse_ready),
            judging=f"{Told.JUDGE.value}.json" in tags,
        )

    def progress(self, execution: str) -> Sequence[ShardProgress]:
        """What can be read of it."""
        listed = self._bucket.tagged_keys(progress_prefix(execution), _MAX_SHARDS)
        read = [self._read(key, tag, parse_shard_progress) for key, tag in listed]
        return [shard for shard in read if shard is not None]

    def _read(self, key: str, tag: str, parse: Callable[[object], _Parsed]) -> _Parsed | None:
        kept = self._kept.get(key)
        if kept is None or kept[0] != tag:
            try:
                raw = self._bucket.find_json(key)
            except EvidenceError:
                raw = None
            kept = (tag, raw)
            self._keep(key, kept)
        return parse(kept[1])

    def _keep(self, key: str, read: tuple[str, object]) -> None:
        """Requests are answered side by side."""
        with self._keeping:
            self._kept[key] = read
            self._kept.move_to_end(key)
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
