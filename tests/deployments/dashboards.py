"""`testgate ui` as a process of its own, asked as a browser asks it."""

import contextlib
import html
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import requests

from tests.deployments.conftest import Lab

_STATE = re.compile(r'<li data-step="(\w+)"><strong>([^<]+)</strong>')
_LINK = re.compile(r'<a [^>]*href="(/[^"]*)"')


@dataclass(frozen=True)
class Dashboard:
    """Where it answers."""

    url: str

    def page(self, path: str = "/") -> str:
        """A page, as text."""
        answer = requests.get(self.url + path.lstrip("/"), timeout=60)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    def links(self, path: str = "/") -> list[str]:
        """Addresses that a page leads to."""
        return [html.unescape(found) for found in _LINK.findall(self.page(path))]

    def live(self) -> str:
        """The address of the one gate run that runs, "" if none does."""
        return next((link for link in self.links() if link.startswith("/live/")), "")


@contextlib.contextmanager
def serving(lab: Lab, **changes: str) -> Iterator[Dashboard]:
    """Over the lab's stack; `changes` of its environment are whose rights it has."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": lab.local.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "testgate", "ui", "--no-open"],
        env=environment | changes,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        try:
            yield Dashboard(first.split(" ", 1)[0])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def states_of(page: str) -> dict[str, str]:
    """Each state of a live page, with its step."""
    return {name: step for step, name in _STATE.findall(page)}
