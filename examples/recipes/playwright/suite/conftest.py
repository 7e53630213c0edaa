import os

import pytest


def pytest_configure(config):
    """A picture of each page that a test failed on."""
    config.option.screenshot = "only-on-failure"
    config.option.output = os.environ["TESTGATE_RESULTS_DIR"] + "/pictures"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium, which has no sandbox when root runs it."""
    return {
        **browser_type_launch_args,
        "executable_path": "/usr/bin/chromium",
        "args": ["--no-sandbox", "--disable-dev-shm-usage"],
    }
