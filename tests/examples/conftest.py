"""A shop for the tests: a child process on a port of its own, ended with the test."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningShop:
    url: str
    process: subprocess.Popen[str]

    def stop(self) -> tuple[int, str]:
        """The exit code after SIGTERM, and what was logged since the start."""
        self.process.terminate()
        _, log = self.process.communicate(timeout=120)
        return self.process.returncode, log


StartShop = Callable[..., RunningShop]


@contextmanager
def running_shop(environ: Mapping[str, str]) -> Iterator[RunningShop]:
    process = subprocess.Popen(
        [sys.executable, "-m", "shop"],
        cwd=ROOT / "examples",
        env={"PATH": os.defpath, "PORT": "0", **environ},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        greeting = process.stderr.readline()
        assert " listens on http://127.0.0.1:" in greeting, greeting
        yield RunningShop(url=greeting.split()[-1], process=process)
    finally:
        process.kill()
        process.communicate(timeout=120)


@pytest.fixture
def start_shop() -> Iterator[StartShop]:
    """Starts shops with the environment given, as in `start_shop(SHOP_FAULT="checkout")`."""
    with ExitStack() as stack:
        yield lambda **environ: stack.enter_context(running_shop(environ))


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    """The address of a shop without faults, shared by the tests of a file."""
    with running_shop({"SHOP_VERSION": "1.4.2", "IMAGE": "registry.example/shop:1"}) as shop:
        yield shop.url
