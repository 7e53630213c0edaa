"""The one green of the runner's tests answers while any of them runs."""

import threading

import pytest

from tests.runner.place import GREEN


@pytest.fixture(autouse=True, scope="session")
def green():
    thread = threading.Thread(target=GREEN.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield
    GREEN.shutdown()
    GREEN.server_close()
    thread.join()
