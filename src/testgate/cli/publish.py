"""`testgate publish`: a gate file and its suites, stored by digest for deployments to name."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from testgate.cli.connection import (
    DEFAULT_STACK,
    AsJson,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
)
from testgate.cli.publishing import prepare_publication, publish

GateFilePath = Annotated[Path, typer.Argument(help="The gate file.", metavar="TESTGATE_TOML")]


def publish_command(
    gate_file: GateFilePath = Path("testgate.toml"),
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Store a gate's suites and plan by their digests, and print the hookDetails that name it.

    Examples:

      testgate publish test_suites/testgate.toml

      testgate publish --stack testgate --region eu-west-1
    """
    publication = prepare_publication(gate_file)
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    store = connection.bucket()
    publish(store, publication)
    plan = publication.plan
    details = {"GATE": publication.pinned} | (
        {"TIMEOUT_SECONDS": plan.timeout_s} if plan.timeout_s else {}
    )
    if as_json:
        typer.echo(json.dumps({"gate": plan.gate, "hookDetails": details}))
        return
    console = Console(soft_wrap=True, highlight=False)
    suites = ", ".join(suite.name for suite in plan.suites)
    console.print(f"Published gate [bold]{plan.gate}[/] ({suites}) to {store.name}.")
    console.print("hookDetails, for exactly this plan (the bare name follows what is latest):")
    typer.echo(json.dumps(details))
