"""A gated deployment on the local AWS: what it costs besides the suite's own time."""

import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from benchmarks.figure import Figure
from testgate.aws.s3 import Bucket
from testgate.cli.publishing import prepare_publication, publish
from testgate.cli.repository import repository
from testgate.cli.runs import find_run
from testgate.local.gate_stack import deploy_gate
from testgate.local.site import build_site
from testgate.local.world import LocalAws, LocalSettings

TIME_SCALE = 0.1
WARM_ROUNDS = 3
SUITE = "def test_nothing(base_url):\n    assert base_url\n"
GATE_FILE = 'schema = 1\n[gate]\nname = "bench"\n[[suites]]\nname = "bench"\npath = "bench"\n'


def measure_deployments() -> list[Figure]:
    """The first deployment with the start of everything, and the best of some warm ones."""
    root = repository()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        settings = LocalSettings(time_scale=TIME_SCALE, images=root / "examples/images.toml")
        with LocalAws(settings) as local:
            stack = deploy_gate(local.client, root)
            bucket = Bucket(local.client("s3"), stack.record_bucket)
            publish(bucket, prepare_publication(_gate_file(Path(place))))
            site = build_site(local.client, "bench")
            hook = stack.hook({"GATE": "bench"})

            def besides(arn: str, since: float) -> float:
                local.ecs.wait_until_ended(arn, 120)
                took_s = time.perf_counter() - since
                record = find_run(bucket, arn).record
                return took_s - _suite_s(record or {})

            task = site.register("example.com/shop:1", {"SHOP_VERSION": "1"})
            first_s = besides(site.create(task, hook), began)
            warm_s = []
            for _ in range(WARM_ROUNDS):
                since = time.perf_counter()
                warm_s.append(besides(site.update(task), since))
    return [
        Figure(
            what="gated local deployment, the first with all starts",
            measured=first_s,
            against="besides the suite's own time",
            aim=10,
            unit="s",
        ),
        Figure(
            what="gated local deployment, warm",
            measured=min(warm_s),
            against="besides the suite's own time",
            aim=3,
            unit="s",
        ),
    ]


def _gate_file(place: Path) -> Path:
    (place / "bench").mkdir()
    (place / "bench" / "test_it.py").write_text(SUITE)
    path = place / "testgate.toml"
    path.write_text(GATE_FILE)
    return path


def _suite_s(record: Mapping[str, object]) -> float:
    suites = record.get("suites")
    if not isinstance(suites, list) or not suites:
        raise RuntimeError("the deployment left no record of its suite")
    started, ended = (datetime.fromisoformat(suites[0][key]) for key in ("started_at", "ended_at"))
    return (ended - started).total_seconds()
