"""One server of moto for the tests of all ports."""

import pytest

from testgate.local.server import MotoServer


@pytest.fixture(scope="package")
def server():
    running = MotoServer()
    running.start()
    yield running
    running.close()
