"""The runner's overhead: a suite of 200 HTTP tests through it, against plain pytest on the same."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure
from testgate.cli.repository import repository
from testgate.core.evidence import Run
from testgate.core.handoff import RunContext, Task
from testgate.core.plan import Suite
from testgate.runner.suite import SuiteRun, run_suite

TESTS = 200
SUITE = f"""
import os, pytest, requests

@pytest.fixture(scope="session")
def shop():
    with requests.Session() as session:
        yield session

@pytest.mark.parametrize("n", range({TESTS}))
def test_catalogue(shop, n):
    answer = shop.get(os.environ["BASE_URL"] + "/catalogue")
    assert answer.status_code == 200
"""


def measure_runner(rounds: int) -> list[Figure]:
    """The ratio of the medians. The two alternate, and so does who begins: both meet the same
    noise."""
    with tempfile.TemporaryDirectory() as place, _shop() as url:
        pairs = [_pair(Path(place, str(n)), url, plain_first=n % 2 == 0) for n in range(rounds + 1)]
        del pairs[0]
    runner_s, plain_s = (median(column) for column in zip(*pairs, strict=True))
    return [
        Figure(
            what=f"runner, a suite of {TESTS} HTTP tests",
            measured=runner_s / plain_s,
            against=f"plain pytest on the same suite ({plain_s:.2f} s)",
            aim=1.05,
        )
    ]


def _pair(place: Path, url: str, *, plain_first: bool) -> tuple[float, float]:
    """Seconds through the runner and without it."""
    place.mkdir()
    plain_s = _plain(place / "before", url) if plain_first else None
    runner_s = _through_runner(place / "runner", url)
    return runner_s, _plain(place / "after", url) if plain_s is None else plain_s


def _through_runner(place: Path, url: str) -> float:
    place.mkdir()
    now = datetime.now(UTC)
    run = SuiteRun(
        task=Task(
            suite=Suite(name="bench", bundle="sha256:" + "0" * 64),
            run=Run(suite="bench", shard=1),
            context=RunContext(
                input_digest="",
                plan_digest="",
                prefix="",
                base_url=url,
                deadline=now + timedelta(seconds=300),
                judged_on=now.date(),
                variables={},
            ),
        ),
        directory=place,
    )
    _write(run.suite_dir)
    began = time.perf_counter()
    evidence = run_suite(run)
    took_s = time.perf_counter() - began
    if evidence.exit_code != 0 or len(evidence.tests) != TESTS:
        raise SystemExit(f"the benchmark's suite failed:\n{evidence.output_tail}")
    return took_s


def _plain(place: Path, url: str) -> float:
    _write(place)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=junit.xml"],
        cwd=place,
        env=os.environ | {"BASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def _write(directory: Path) -> None:
    directory.mkdir()
    (directory / "test_shop.py").write_text(SUITE)
    (directory / "pytest.ini").write_text("[pytest]\n")


@contextmanager
def _shop() -> Iterator[str]:
    """The demo's shop in a process of its own, answering."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "shop"],
        env=os.environ | {"PYTHONPATH": str(repository() / "examples"), "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_until_it_answers(url)
            yield url
        finally:
            process.terminate()


def _wait_until_it_answers(url: str) -> None:
    for _ in range(200):
        with suppress(OSError), urllib.request.urlopen(f"{url}/health"):
            return
        time.sleep(0.05)
    raise SystemExit(f"the shop does not answer at {url}")
