"""Gives a pytest suite its base URL, however the suite asks for it.

`--base-url` and the `base_url` fixture work in a suite that brings neither; a suite that brings
its own keeps its own. Loaded by `pytest -p`; standard library and pytest only.
"""

import contextlib
import os
from collections.abc import Generator
from typing import Any

import pytest

OPTION = "--base-url"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
    parser: pytest.Parser,
) -> Generator[None, Any, Any]:
    """Register the option after plugins and conftests had their chance to: two of one name are
    an error that would stop a suite which brings its own."""
    result = yield
    with contextlib.suppress(ValueError):
        parser.addoption(OPTION, default=None, help="where the service under test answers")
    return result


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> str:
    """Where the service under test answers, without a trailing slash."""
    url = request.config.getoption(OPTION) or os.environ.get("BASE_URL", "")
    if not url:
        raise pytest.UsageError(f"no base URL: give {OPTION} or set BASE_URL")
    return str(url).rstrip("/")
