"""`testgate ui` as a command: where it serves, and what it says where it cannot."""

import os
import signal
import socket
import subprocess
import sys

import pytest
import requests

from testgate.local.server import MotoServer

BUCKET = "records"


@pytest.fixture(scope="module")
def server():
    """S3 with an empty record bucket."""
    running = MotoServer()
    running.start()
    running.client("s3").create_bucket(Bucket=BUCKET)
    yield running
    running.close()


@pytest.fixture
def ui(server):
    """Starts `testgate ui`."""

    def start(*arguments, **changes):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "testgate", "ui", *arguments],
            env=environment | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def told(process):
    """Its exit code and what it said on standard error."""
    _, said = process.communicate(timeout=30)
    return process.returncode, said


def test_it_says_where_it_serves_and_ends_by_ctrl_c(ui):
    process = ui("--bucket", BUCKET, "--no-open")
    url = process.stdout.readline().split(" ", 1)[0]
    assert url.startswith("http://127.0.0.1:")
    assert "No gate run has ended yet" in requests.get(url, timeout=60).text
    process.send_signal(signal.SIGINT)
    code, said = told(process)
    assert (code, said) == (0, "")


def test_without_a_browser_it_serves_all_the_same(ui):
    process = ui("--bucket", BUCKET, BROWSER="/none/such %s", PATH="")
    url = process.stdout.readline().split(" ", 1)[0]
    assert "open this address yourself" in process.stderr.readline()
    assert requests.get(url, timeout=60).ok
    process.send_signal(signal.SIGINT)
    assert told(process)[0] == 0


def test_a_port_in_use_is_named(ui):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = told(ui("--bucket", BUCKET, "--no-open", "--port", str(port)))
    assert code == 2
    assert said.strip() == (
        f"error: cannot listen on 127.0.0.1:{port} (Address already in use): choose another "
        "--port, or 0 for any free one"
    )


@pytest.mark.parametrize(
    ("arguments", "changes", "says"),
    [
        (["--bucket", "nobody-has-it"], {}, ["nobody-has-it cannot be read", "NoSuchBucket"]),
        ([], {}, ["cannot read stack 'testgate'", "--stack", "--bucket"]),
        (["--stack", "another"], {}, ["cannot read stack 'another'"]),
        (
            ["--bucket", BUCKET],
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
            ["records cannot be read", "Could not connect"],
        ),
        (["--bucket", BUCKET, "--port", "99999"], {}, ["--port"]),
    ],
)
def test_what_it_cannot_serve_is_said_at_once(ui, arguments, changes, says):
    code, said = told(ui("--no-open", *arguments, **changes))
    assert code == 2
    for words in says:
        assert words in said
    assert "Traceback" not in said
