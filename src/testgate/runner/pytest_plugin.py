"""Gives a pytest suite its base URL, however it asks for it, and its shard's own tests, and tells
which of them were run again.

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

from testgate.core.balancing import digest_of_ids, own_ids
from testgate.core.durations import read_durations
from testgate.runner.layout import COLLECTED, PRINTED, RERUN, VENDORED
from testgate.runner.progress_file import ended_line, tell_progress

OPTION = "--base-url"
_TOLD = pytest.StashKey[dict[str, object]]()
_WHY_CHARS = 2_000
_PRINTED_CHARS, _MOST_PRINTED = 16_000, 200  # of a test, and tests: a record shows no more


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
    parser: pytest.Parser,
) -> Generator[None, Any, Any]:
    """Register the option after plugins and conftests had their chance to: two of one name are
    an error that would stop a suite which brings its own. First in, and so last to leave:
    pytest-playwright registers its own here, too."""
    result = yield
    with contextlib.suppress(ValueError):
        parser.addoption(OPTION, default=None, help="where the service under test answers")
    return result


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A suite's packages may hold tests of their own, as certifi does: those are not its tests."""
    inside = collection_path.is_relative_to(config.rootpath)
    own = inside and VENDORED in collection_path.relative_to(config.rootpath).parts
    return True if own else None


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
    told: dict[str, object] = {"digest": digest_of_ids(ids), "total": len(ids)}
    config.stash[_TOLD] = told


def pytest_collection_finish(session: pytest.Session) -> None:
    """How many are this shard's own, whoever has deselected others by now."""
    told = session.config.stash.get(_TOLD, None)
    if told is not None:
        told["selected"] = len(session.items)
        tell_progress(f"of {len(session.items)}")


def _known() -> dict[str, int]:
    """How long tests took last time, if anybody told: it only decides who runs which."""
    path = os.environ.get("TESTGATE_DURATIONS_FILE")
    try:
        return read_durations(Path(path).read_bytes()) if path else {}
    except OSError:
        return {}


def pytest_configure(config: pytest.Config) -> None:
    """See what happens to tests. With xdist only its controller does: it hears of all."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(_Watching())


class _Watching:
    """Tells of each test that has ended, and in the end of those that were run again and of what
    failing ones printed."""

    def __init__(self) -> None:
        self._failed_first: dict[str, str] = {}
        self._printed: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # "rerun" is what pytest-rerunfailures makes of a failure that it will try again.
        if str(report.outcome) == "rerun":
            self._failed_first.setdefault(report.nodeid, _first_words(report))
        elif report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
            tell_progress(ended_line(report.outcome, report.nodeid))
        if report.failed and (len(self._printed) < _MOST_PRINTED or report.nodeid in self._printed):
            self._printed[report.nodeid] = _sections(report)

    def pytest_sessionfinish(self) -> None:
        if self._failed_first:
            _leave(RERUN, json.dumps(self._failed_first))
        printed = {test: text for test, text in self._printed.items() if text}
        if printed:
            _leave(PRINTED, json.dumps(printed))


def _first_words(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(getattr(crash, "message", "") or report.longreprtext)[:_WHY_CHARS]


def _sections(report: pytest.TestReport) -> str:
    """The end of what was captured, under pytest's own headings."""
    told = (f"--- {title} ---\n{text.rstrip()}" for title, text in report.sections if text.strip())
    return "\n".join(told)[-_PRINTED_CHARS:]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave what was collected; xdist's workers each tell the same."""
    told = session.config.stash.get(_TOLD, None)
    if told is not None and "selected" in told:
        _leave(COLLECTED, json.dumps(told))


def _leave(name: str, text: str) -> None:
    """A file beside the reports, which a suite finds empty; whole or not at all."""
    directory = os.environ.get("TESTGATE_RESULTS_DIR")
    if directory:
        part = Path(directory, f"{name}.{os.getpid()}")
        part.write_text(text)
        part.replace(Path(directory, name))


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> str:
    """Where the service under test answers, without a trailing slash."""
    url = request.config.getoption(OPTION) or os.environ.get("BASE_URL", "")
    if not url:
        raise pytest.UsageError(f"no base URL: give {OPTION} or set BASE_URL")
    return str(url).rstrip("/")
