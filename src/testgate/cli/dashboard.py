"""`testgate ui`: the dashboard on this machine, over the records of AWS or of the local AWS."""

import webbrowser
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from werkzeug.serving import WSGIRequestHandler, make_server

from testgate.aws.s3 import Bucket
from testgate.cli.connection import (
    DEFAULT_STACK,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
)
from testgate.cli.reporting import record_of
from testgate.cli.runs import StoredRun, read_run
from testgate.core.errors import EvidenceError, GateError
from testgate.core.layout import (
    INDEX,
    PROGRESS,
    IndexEntry,
    RunPlace,
    index_prefix,
    parse_index_key,
    progress_prefix,
)
from testgate.core.progress import ShardProgress, parse_shard_progress
from testgate.report.rendering import Form, render
from testgate.ui.pages import make_app
from testgate.ui.source import Shown

Port = Annotated[int, typer.Option("--port", help="Port; 0 for any free one.", min=0, max=65535)]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")]
_LOOPBACK = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Prints no line for each request: a live page makes one every two seconds."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class BucketSource:
    """The dashboard's source: the record bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.name = bucket.name

    def services(self) -> Iterable[tuple[str, str]]:
        """As in the index."""
        for cluster in self._bucket.folders(INDEX):
            for prefix in self._bucket.folders(cluster):
                _, cluster_name, service, _ = prefix.split("/")
                yield cluster_name, service

    def entries(self, cluster: str, service: str, limit: int) -> Sequence[IndexEntry]:
        """The newest; keys that are none are passed by."""
        keys = self._bucket.keys(index_prefix(cluster, service), limit)
        return [entry for key in keys if (entry := parse_index_key(key)) is not None]

    def show(self, place: RunPlace) -> Shown | None:
        """As far as it can be read."""
        run = read_run(self._bucket, place)
        if run is None:
            return self._unread(place)
        return Shown(sentence=run.sentence, record=run.record, problems=run.problems)

    def _unread(self, place: RunPlace) -> Shown | None:
        """What the index alone says of a run of which no document can be read."""
        entries = self.entries(place.cluster, place.service, 1000)
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
        return Shown(sentence=indexed.sentence, record=None, problems=(found,))

    def page(self, place: RunPlace) -> bytes | None:
        """Made anew."""
        run = read_run(self._bucket, place)
        return render(Form.HTML, record_of(run)) if run is not None else None

    def executions(self) -> Iterable[str]:
        """By the prefixes."""
        for prefix in self._bucket.folders(PROGRESS):
            yield prefix.removeprefix(PROGRESS).rstrip("/")

    def progress(self, execution: str) -> Sequence[ShardProgress]:
        """What can be read of it."""
        found: list[ShardProgress] = []
        for key in self._bucket.keys(progress_prefix(execution)):
            try:
                shard = parse_shard_progress(self._bucket.find_json(key))
            except EvidenceError:
                continue
            if shard is not None:
                found.append(shard)
        return found


def ui(
    port: Port = 0,
    open_browser: Open = True,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Show gate runs in a browser: services, runs as they run, suites over time, comparisons.

    Only this machine can reach it, and it changes nothing. Ctrl-C ends it.

    Examples:

      testgate ui

      testgate ui --port 8080 --no-open

      testgate ui --endpoint-url http://127.0.0.1:5000 --region us-east-1
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    app = make_app(BucketSource(connection.bucket()), lambda: datetime.now(UTC))
    try:
        server = make_server(_LOOPBACK, port, app, threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit) as exc:
        raise GateError(f"cannot listen on {_LOOPBACK}:{port}: choose another --port") from exc
    url = f"http://{_LOOPBACK}:{server.server_port}/"
    typer.echo(f"{url}  (Ctrl-C ends it)")
    if open_browser and not webbrowser.open(url):
        typer.echo("no browser could be started: open this address yourself", err=True)
    try:
        server.serve_forever()
    finally:
        server.server_close()
