"""The demo: real deployments on the local AWS, gated before one's eyes.

Imported when `testgate demo` runs, because the local AWS is slow to import.
"""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from testgate.aws.s3 import Bucket
from testgate.cli.acts import ACTS, Act, Ending
from testgate.cli.publishing import prepare_publication, publish
from testgate.cli.repository import repository
from testgate.cli.runs import find_run
from testgate.cli.watching import Follower
from testgate.core.errors import GateError
from testgate.local.gate_stack import GateStack, deploy_gate
from testgate.local.site import Hook, Site, build_site
from testgate.local.world import LocalAws, LocalSettings
from testgate.report.terminal import COLOURS, print_why

TIME_SCALE = 0.1
NAME = "shop"


def show_demo(*, keep: bool) -> bool:
    """Perform the acts and print them; whether each deployment ended as it must."""
    console = Console(highlight=False)
    root = repository()
    began = time.monotonic()
    settings = LocalSettings(time_scale=TIME_SCALE, images=root / "examples" / "images.toml")
    with LocalAws(settings) as local:
        stage = _set_the_stage(console, local, root)
        console.print(f"ready after {time.monotonic() - began:.1f} s\n", style="dim")
        endings = [stage.perform(console, number, act) for number, act in enumerate(ACTS, 1)]
        console.print(_summary(endings))
        explained = next(ending for ending in endings if ending.act.title == "refuse")
        console.print("\nWhy was version 1.2.0 refused?")
        console.print(f"[dim]$ testgate why {explained.arn}[/]\n", soft_wrap=True)
        run = find_run(stage.bucket, explained.arn)
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
    suites: Path
    follower: Follower

    def perform(self, console: Console, number: int, act: Act) -> Ending:
        """Deploy, follow, and ask the production port what it serves."""
        console.print(f"[bold]{number}. {act.says}[/]")
        began = time.monotonic()
        task = self.site.register(
            f"example.com/shop:{act.version}",
            {"SHOP_VERSION": act.version, **act.environment},
        )
        hook = self._hook(act)
        arn = self.site.create(task, hook) if number == 1 else self.site.update(task, hook)
        status = self.follower.follow(console, arn, act.meddling)
        ending = self._ending(act, arn, status, time.monotonic() - began)
        _print_ending(console, ending)
        return ending

    def _hook(self, act: Act) -> Hook:
        publication = prepare_publication(self.suites / act.gate)
        publish(self.bucket, publication)
        return self.gate.hook({"GATE": publication.plan.gate})

    def _ending(self, act: Act, arn: str, status: str, took_s: float) -> Ending:
        run = find_run(self.bucket, arn)
        return Ending(
            act=act,
            arn=arn,
            status=status,
            outcome=run.outcome,
            sentence=run.sentence,
            production=_version(self.site.production_url),
            took_s=took_s,
        )


def _set_the_stage(console: Console, local: LocalAws, root: Path) -> _Stage:
    with console.status("starting the local AWS …"):
        gate = deploy_gate(local.client, root)
        bucket = Bucket(local.client("s3"), gate.record_bucket)
        site = build_site(local.client, NAME)
    console.print(f"Local AWS at {local.url}, with stack {gate.name} from infra/gate.yaml.")
    console.print(f"Production listener {site.production_url}, test listener {site.test_url}.")
    follower = Follower(local=local, site=site, state_machine_arn=gate.state_machine_arn)
    local.ecs.subscribe(follower.seen.put)
    return _Stage(
        site=site,
        gate=gate,
        bucket=bucket,
        suites=root / "test_suites",
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
    table = Table(title=f"{len(endings)} deployments", title_justify="left")
    for name in ("deployment", "version", "gate", "ended as", "production"):
        table.add_column(name)
    for ending in endings:
        colour = COLOURS.get(ending.outcome, "white")
        table.add_row(
            ending.act.title,
            ending.act.version,
            f"[{colour}]{ending.outcome}[/]",
            ending.status,
            ending.production,
        )
    return table


def _wait_for_interrupt(console: Console, local: LocalAws) -> None:
    console.print(f"\nThe local AWS stays at {local.url}; Ctrl-C stops it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopping …")
