"""Gives a pytest suite its base URL, however the suite asks for it, and its shard's own tests.

`--base-url` and the `base_url` fixture work in a suite that brings neither; a suite that brings
its own keeps its own. Loaded by `pytest -p`; core's standard library and pytest only.
"""

import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from testgate.core.durations import read_durations
from testgate.core.sharding import COLLECTED, digest_of_ids, own_ids

OPTION = "--base-url"
_TOLD = pytest.StashKey[str]()


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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep this shard's tests, in the order they have, once the suite has chosen and sorted its
    own, and remember what was collected."""
    shard = int(os.environ.get("TESTGATE_SHARD_INDEX", "1"))
    shards = int(os.environ.get("TESTGATE_SHARD_TOTAL", "1"))
    ids = [item.nodeid for item in items]
    own = own_ids(ids, shard, shards, _known())
    others = [item for item in items if item.nodeid not in own]
    if others:
        items[:] = [item for item in items if item.nodeid in own]
        config.hook.pytest_deselected(items=others)
    told = {"digest": digest_of_ids(ids), "total": len(ids), "selected": len(items)}
    config.stash[_TOLD] = json.dumps(told)
    _tell(f"of {len(items)}")


def _known() -> dict[str, int]:
    """How long tests took last time, if anybody told: it only decides who runs which."""
    path = os.environ.get("TESTGATE_DURATIONS_FILE")
    try:
        return read_durations(Path(path).read_bytes()) if path else {}
    except OSError:
        return {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell of each test that has ended. With xdist only its controller does: it hears of all."""
    if "PYTEST_XDIST_WORKER" in os.environ or report.outcome not in ("passed", "failed", "skipped"):
        return
    if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
        _tell(report.outcome)


def _tell(line: str) -> None:
    """Append a line to the progress, if anybody wants to know; never a reason to fail."""
    path = os.environ.get("TESTGATE_PROGRESS_FILE")
    if path:
        with contextlib.suppress(OSError), Path(path).open("a") as file:
            file.write(f"{line}\n")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave it beside the reports, which a suite finds empty; whole or not at all, for xdist's
    workers each tell the same."""
    directory, told = os.environ.get("TESTGATE_RESULTS_DIR"), session.config.stash.get(_TOLD, None)
    if directory and told is not None:
        part = Path(directory, f"{COLLECTED}.{os.getpid()}")
        part.write_text(told)
        part.replace(Path(directory, COLLECTED))


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> str:
    """Where the service under test answers, without a trailing slash."""
    url = request.config.getoption(OPTION) or os.environ.get("BASE_URL", "")
    if not url:
        raise pytest.UsageError(f"no base URL: give {OPTION} or set BASE_URL")
    return str(url).rstrip("/")
