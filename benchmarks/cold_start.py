"""The hook's cold start: import and first client from the built bundle, against bare boto3."""

import os
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure
from testgate.cli.repository import repository
from testgate.local.world import lambda_python

BARE = "import boto3; boto3.client('ecs')"
HOOK = (
    "import hooks.test_gate, testgate.hook.gate, testgate.core.answers\n"
    "from testgate.aws.clients import client\n"
    "client('ecs')"
)


def measure_cold_start(rounds: int) -> list[Figure]:
    """The ratio of the medians, the two alternating so that both meet the same noise."""
    with tempfile.TemporaryDirectory() as place:
        with zipfile.ZipFile(repository() / "build" / "hook.zip") as bundle:
            bundle.extractall(place)
        _seconds(HOOK, place), _seconds(BARE, place)  # disk caches and bytecode for both
        pairs = [(_seconds(HOOK, place), _seconds(BARE, place)) for _ in range(rounds)]
    hook_s, bare_s = (median(column) for column in zip(*pairs, strict=True))
    return [
        Figure(
            what="hook cold start: import and first client",
            measured=hook_s / bare_s,
            against=f"bare boto3 with one client ({bare_s:.2f} s)",
            aim=1.1,
        )
    ]


def _seconds(code: str, bundle: str) -> float:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": bundle,
        "AWS_DEFAULT_REGION": "us-east-1",
        "HOME": str(Path(bundle)),
    }
    began = time.perf_counter()
    subprocess.run(
        [str(lambda_python()), "-s", "-c", code], env=environment, check=True, cwd=bundle
    )
    return time.perf_counter() - began
