"""`testgate publish`: a gate file and its suites, stored by digest for deployments to name."""

import json
import os
from collections.abc import Mapping, Sequence
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
    is_of_this_machine,
    told_as_ours,
)
from testgate.cli.proving import prove
from testgate.cli.publishing import Publication, prepare_publication, publish
from testgate.cli.run import end_on_signals, pair
from testgate.cli.screen import Screen
from testgate.cli.vendoring import Machine
from testgate.core.canonical import DIGEST, canonical_json, digest_of
from testgate.core.errors import InputError, PlanError
from testgate.core.layout import proof_key
from testgate.core.plan import Suite

GateFilePath = Annotated[Path, typer.Argument(help="The gate file.", metavar="TESTGATE_TOML")]


def publish_command(
    gate_file: GateFilePath = Path("testgate.toml"),
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="For the proof: a parameter that suites need, NAME=VALUE; repeatable."),
    ] = None,
    proof: Annotated[
        bool,
        typer.Option("--proof/--no-proof", help="Run new suites once where nothing answers."),
    ] = True,
    image: Annotated[
        str | None,
        typer.Option(
            help="Image whose deployments use this plan when GATE is a bare name: a reference with "
            "@sha256:…, or the digest."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store a gate's suites and plan by their digests, and print the hookDetails that name it.

    A suite that has not been proven as it stands in the gate file is first run where nothing
    answers: it must not pass there, and must have its min_tests.

    Examples:

      testgate publish test_suites/testgate.toml

      testgate publish --stack testgate --region eu-west-1

      testgate publish --image 111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:4f53…
    """
    digest = _image_digest(image)
    here = publication = prepare_publication(gate_file)
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    store = connection.bucket()
    if here.vendors and not is_of_this_machine(connection.client):
        with told_as_ours():
            machine = Machine.of_stack(connection.stack_parameters())
        publication = prepare_publication(gate_file, machine=machine)
    plan = publication.plan
    if proof:
        end_on_signals()
        new = {proof_key(digest_of(canonical_json(suite.spell()))): suite for suite in plan.suites}
        new = {key: suite for key, suite in new.items() if not store.exists(key)}
        told = Console(stderr=as_json, soft_wrap=True, highlight=False)
        given = dict(pair("--parameter", text) for text in parameter or ())
        _prove(told, here, [here.plan.suite(suite.name) for suite in new.values()], given)
        for key, suite in new.items():
            store.put_json_once(key, {"suite": suite.name, "gate": plan.gate})
    publish(store, publication, digest)
    details = {"GATE": publication.pinned} | (
        {"TIMEOUT_SECONDS": plan.timeout_s} if plan.timeout_s else {}
    )
    if as_json:
        typer.echo(json.dumps({"gate": plan.gate, "hookDetails": details}))
        return
    console = Console(soft_wrap=True, highlight=False)
    suites = ", ".join(suite.name for suite in plan.suites)
    console.print(f"Published gate [bold]{plan.gate}[/] ({suites}) to {store.name}.")
    if digest:
        console.print(f"Deployments of image {digest} use this plan where GATE is {plan.gate}.")
    console.print("hookDetails, for exactly this plan (the bare name follows what is latest):")
    typer.echo(json.dumps(details))


def _image_digest(image: str | None) -> str | None:
    """The digest of `--image`. Raises InputError for a tag, which may stand for another image
    tomorrow."""
    if image is None:
        return None
    digest = image.rpartition("@")[2]
    if not DIGEST.fullmatch(digest):
        raise InputError(
            f"--image: got {image!r}, expected a digest, sha256:<64 hex>, alone or behind an "
            "image's name and @"
        )
    return digest


def _prove(
    console: Console,
    publication: Publication,
    suites: Sequence[Suite],
    parameters: Mapping[str, str],
) -> None:
    """Raises PlanError with every suite that must not be published."""
    with Screen(console, {suite.name: suite for suite in suites}, lines=False) as screen:
        proofs = prove(publication.bundles, suites, parameters, os.cpu_count() or 1, screen.tell)
    problems = [proof.problem for proof in proofs if proof.problem]
    for proof in proofs:
        if proof.problem is None:
            console.print(f"  suite {proof.suite.name}: {proof.says}")
    if problems:
        raise PlanError(*problems, "--no-proof publishes without this check")
