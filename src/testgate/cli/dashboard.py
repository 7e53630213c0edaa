"""`testgate ui`: the dashboard on this machine, over the records of AWS or of the local AWS."""

import os
import socket
import webbrowser
from datetime import UTC, datetime
from typing import Annotated

import typer
from werkzeug.serving import WSGIRequestHandler, make_server

from testgate.cli.connection import (
    DEFAULT_STACK,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
)
from testgate.cli.dashboard_source import BucketSource
from testgate.core.errors import GateError
from testgate.ui.pages import make_app

Port = Annotated[int, typer.Option("--port", help="Port; 0 for any free one.", min=0, max=65535)]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")]
_LOOPBACK = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Prints no line for each request: a live page makes one every two seconds."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


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
    app = make_app(_readable(BucketSource(connection.bucket())), lambda: datetime.now(UTC))
    with _listening(port) as listener:
        server = make_server(
            _LOOPBACK, 0, app, threaded=True, request_handler=_Quiet, fd=listener.fileno()
        )
        url = f"http://{_LOOPBACK}:{listener.getsockname()[1]}/"
        typer.echo(f"{url}  (Ctrl-C ends it)")
        if open_browser and not webbrowser.open(url):
            typer.echo("no browser could be started: open this address yourself", err=True)
        try:
            server.serve_forever()
        finally:
            server.server_close()


def _readable(source: BucketSource) -> BucketSource:
    """The source, once it has been listed: what is wrong with it is told here, not on a page.
    Raises GateError."""
    try:
        source.begun(1)
    except GateError as exc:
        raise GateError(
            f"bucket {source.name} cannot be read ({exc}): name another with --bucket or --stack, "
            "or have the rights of docs/read-only-policy.json"
        ) from exc
    return source


def _listening(port: int) -> socket.socket:
    """Raises GateError."""
    try:
        return socket.create_server((_LOOPBACK, port))
    except OSError as exc:
        why = os.strerror(exc.errno) if exc.errno else str(exc)
        raise GateError(
            f"cannot listen on {_LOOPBACK}:{port} ({why}): choose another --port, or 0 for any "
            "free one"
        ) from exc
