"""The demo: real deployments on the local AWS, gated before one's eyes.

Imported when `testgate demo` runs, because the local AWS is slow to import.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from testgate.aws.s3 import Bucket
from testgate.cli.publishing import Publication, prepare_publication, publish
from testgate.cli.repository import repository
from testgate.cli.runs import find_run
from testgate.cli.watching import Follower
from testgate.core.errors import GateError
from testgate.local.gate_stack import GateStack, deploy_gate
from testgate.local.site import Site, build_site
from testgate.local.world import LocalAws, LocalSettings
from testgate.report.terminal import COLOURS, print_why

TIME_SCALE = 0.1
NAME = "shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One deployment of the demo, and how it must end."""

    title: str
    says: str
    version: str
    environment: Mapping[str, str] = field(default_factory=dict)
    must_end: str = "SUCCESSFUL"
    production_must_be: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an act ended."""

    act: Act
    status: str
    outcome: str
    sentence: str
    production: str
    took_s: float

    @property
    def as_it_must(self) -> bool:
        """Whether deployment, verdict and production are what the act promises."""
        promoted = self.act.must_end == "SUCCESSFUL"
        return (
            self.status == self.act.must_end
            and (self.outcome == "passed") == promoted
            and self.production == self.act.production_must_be
        )


ACTS = (
    Act(
        title="create",
        says="Create the service with version 1.0.0",
        version="1.0.0",
        production_must_be="1.0.0",
    ),
    Act(
        title="promote",
        says="Promote version 1.1.0, which is good",
        version="1.1.0",
        production_must_be="1.1.0",
    ),
    Act(
        title="refuse",
        says="Refuse version 1.2.0, whose checkout fails",
        version="1.2.0",
        environment={"SHOP_FAULT": "checkout"},
        must_end="ROLLBACK_SUCCESSFUL",
        production_must_be="1.1.0",
    ),
)


def show_demo(*, keep: bool) -> bool:
    """Perform the acts and print them; whether each deployment ended as it must."""
    console = Console(highlight=False)
    root = repository()
    began = time.monotonic()
    settings = LocalSettings(time_scale=TIME_SCALE, images=root / "examples" / "images.toml")
    publication = prepare_publication(root / "test_suites" / "testgate.toml")
    with LocalAws(settings) as local:
        stage = _set_the_stage(console, local, root, publication)
        console.print(f"ready after {time.monotonic() - began:.1f} s\n", style="dim")
        endings = [stage.perform(console, number, act) for number, act in enumerate(ACTS, 1)]
        console.print(_summary(endings))
        console.print("\nWhy was the last one refused? [dim]$ testgate why shop/shop[/]\n")
        run = find_run(stage.bucket, f"{NAME}/{NAME}")
        print_why(console, run.record, run.answer, run.bucket, run.place)
        if keep:
            _wait_for_interrupt(console, local)
    wrong = [ending.act.title for ending in endings if not ending.as_it_must]
    if wrong:
        console.print(f"\n[red]Not as it must be:[/] {'; '.join(wrong)}")
        return False
    console.print("\n[green]Each deployment ended as it must.[/]")
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Everything the acts need."""

    site: Site
    gate: GateStack
    bucket: Bucket
    details: Mapping[str, object]
    follower: Follower

    def perform(self, console: Console, number: int, act: Act) -> Ending:
        """Deploy, follow, and ask the production port what it serves."""
        console.print(f"[bold]{number}. {act.says}[/]")
        began = time.monotonic()
        task = self.site.register(
            f"example.com/shop:{act.version}",
            {"SHOP_VERSION": act.version, **act.environment},
        )
        if number == 1:
            arn = self.site.create(task, self.gate.hook(self.details))
        else:
            arn = self.site.update(task)
        status = self.follower.follow(console, arn)
        ending = self._ending(act, arn, status, time.monotonic() - began)
        _print_ending(console, ending)
        return ending

    def _ending(self, act: Act, arn: str, status: str, took_s: float) -> Ending:
        run = find_run(self.bucket, arn)
        return Ending(
            act=act,
            status=status,
            outcome=run.outcome.value,
            sentence=run.sentence,
            production=_version(self.site.production_url),
            took_s=took_s,
        )


def _set_the_stage(
    console: Console, local: LocalAws, root: Path, publication: Publication
) -> _Stage:
    with console.status("starting the local AWS …"):
        gate = deploy_gate(local.client, root)
        bucket = Bucket(local.client("s3"), gate.record_bucket)
        publish(bucket, publication)
        site = build_site(local.client, NAME)
    console.print(f"Local AWS at {local.url}, with stack {gate.name} from infra/gate.yaml.")
    console.print(f"Production listener {site.production_url}, test listener {site.test_url}.")
    follower = Follower(local=local, state_machine_arn=gate.state_machine_arn)
    local.ecs.subscribe(follower.seen.put)
    return _Stage(
        site=site,
        gate=gate,
        bucket=bucket,
        details={"GATE": publication.plan.gate},
        follower=follower,
    )


def _version(url: str) -> str:
    try:
        answer: dict[str, Any] = requests.get(f"{url}/version", timeout=5).json()
    except (requests.RequestException, ValueError) as exc:
        raise GateError(f"production does not answer at {url}: {exc}") from exc
    return str(answer.get("version", ""))


def _print_ending(console: Console, ending: Ending) -> None:
    mark = "[green]✓[/]" if ending.as_it_must else "[red]✗[/]"
    colour = COLOURS.get(ending.outcome, "white")
    console.print(f"  {mark} [bold]{ending.status}[/] after {ending.took_s:.1f} s")
    said = f"    gate:       [{colour}]{ending.outcome}[/] — {escape(ending.sentence)}"
    console.print(said, soft_wrap=True)
    console.print(f'    production: GET /version → {{"version": "{ending.production}"}}\n')


def _summary(endings: list[Ending]) -> Table:
    table = Table(title="Three deployments", title_justify="left")
    for name in ("deployment", "version", "gate", "ended as", "production now", "took"):
        table.add_column(name)
    for ending in endings:
        colour = COLOURS.get(ending.outcome, "white")
        table.add_row(
            ending.act.title,
            ending.act.version,
            f"[{colour}]{ending.outcome}[/]",
            ending.status,
            ending.production,
            f"{ending.took_s:.1f} s",
        )
    return table


def _wait_for_interrupt(console: Console, local: LocalAws) -> None:
    console.print(f"\nThe local AWS stays at {local.url}; Ctrl-C stops it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopping …")
