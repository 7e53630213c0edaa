"""`testgate deploy` and `testgate destroy`: the stacks of infra/, on AWS and on the local AWS."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from testgate.cli.connection import (
    DEFAULT_STACK,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
    is_of_this_machine,
    told_as_ours,
)
from testgate.cli.repository import repository
from testgate.cli.stack_lines import print_changes, print_kept, print_outputs, progress
from testgate.core.errors import GateError, InputError
from testgate.stacks.artifacts import ArtifactBucket, read_manifest, template_artifact
from testgate.stacks.catalogue import (
    ARTIFACT_PARAMETERS,
    StackKind,
    check_parameters,
    read_parameters,
    stack_name,
    template_path,
)
from testgate.stacks.changes import Stack
from testgate.stacks.deploying import Stacks, Template

_WHEELS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}
_RUNTIME, _ARCHITECTURE = "python3.13", "x86_64"  # as infra/gate.yaml has them by default

Kinds = Annotated[
    list[StackKind] | None,
    typer.Argument(help="Which stacks; by default the gate alone.", metavar="[STACK…]"),
]
All = Annotated[bool, typer.Option("--all", help="Network, cluster and gate.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def deploy(
    stacks: Kinds = None,
    every: All = False,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", help="A template's parameter, as Key=Value; repeatable."),
    ] = None,
    artifact_bucket: Annotated[
        str | None,
        typer.Option(help="Bucket for bundles and templates; made if it is not there."),
    ] = None,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Bring stacks up to the templates of this checkout: bundles are built and uploaded by their
    digests, the change set is shown, and applied after a yes.

    The gate's stack is named --stack; those of network and cluster after it (testgate-network,
    testgate-cluster). A parameter that is not given keeps the value that the stack has.

    Examples:

      testgate deploy --region eu-west-1

      testgate deploy --all --parameter HealthCheckPath=/health --yes

      testgate deploy gate --dry-run --parameter Architecture=arm64

      testgate deploy --all --yes --endpoint-url http://127.0.0.1:5000
    """
    console = Console(soft_wrap=True, highlight=False)
    wanted = read_parameters(parameters or ())
    kinds = _kinds(stacks, every)
    connection = Connection(endpoint_url=endpoint_url, region=region, profile=profile, stack=stack)
    if not (yes or dry_run):
        _must_be_able_to_ask()
    with told_as_ours():
        client = connection.client
        adapter = Stacks(client, time.sleep)
        names = {kind: stack_name(kind, stack) for kind in kinds}
        bucket = None if dry_run else ArtifactBucket(client, artifact_bucket)
        if bucket is not None and bucket.ensure():
            console.print(f"Made bucket {bucket.name} for bundles and templates.")
        templates = _templates(adapter, bucket, kinds)
        check_parameters(wanted, {names[k]: t.parameters for k, t in templates.items()})
        for kind in kinds:
            settings = dict(wanted)
            if kind is StackKind.GATE:
                found = adapter.find(names[kind])
                manifest = _build(console, wanted, found, is_of_this_machine(client))
                settings |= _keys(manifest) | _bucket_parameter(client, bucket, artifact_bucket)
                if bucket is not None:
                    _upload(console, bucket, manifest)
            _deploy_one(console, adapter, names[kind], templates[kind], settings, yes, dry_run)


def destroy(
    stacks: Kinds = None,
    every: All = False,
    yes: Yes = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Delete stacks, the gate first. Gate runs, published gates and approvals are kept.

    Delete services whose hooks name the gate, or take the hooks away, before: ECS rolls back a
    deployment whose hook it cannot invoke.

    Examples:

      testgate destroy --all

      testgate destroy gate --yes --region eu-west-1
    """
    console = Console(soft_wrap=True, highlight=False)
    kinds = list(reversed(_kinds(stacks, every)))
    connection = Connection(endpoint_url=endpoint_url, region=region, profile=profile, stack=stack)
    with told_as_ours():
        adapter = Stacks(connection.client, time.sleep)
        found = [each for kind in kinds if (each := adapter.find(stack_name(kind, stack)))]
        missing = {stack_name(kind, stack) for kind in kinds} - {each.name for each in found}
        for name in sorted(missing):
            console.print(f"There is no stack {name}.")
        if not found:
            return
        if not yes:
            _must_be_able_to_ask()
        names = ", ".join(each.name for each in found)
        if not yes and not typer.confirm(f"Delete {names}?"):
            console.print("Nothing is deleted.")
            raise typer.Exit(1)
        for each in found:
            console.print(f"\nDeleting [bold]{each.name}[/]")
            with progress(console, f"deleting {each.name}") as tell:
                kept = adapter.delete(each.name, tell)
            print_kept(console, kept)


def _kinds(given: Sequence[StackKind] | None, every: bool) -> list[StackKind]:
    if every and given:
        raise InputError("--all and names of stacks exclude each other")
    wanted = set(StackKind) if every else set(given or (StackKind.GATE,))
    return [kind for kind in StackKind if kind in wanted]


def _templates(
    adapter: Stacks, bucket: ArtifactBucket | None, kinds: Sequence[StackKind]
) -> dict[StackKind, Template]:
    """The templates, stored in the bucket; without one they travel with the call."""
    templates = {}
    for kind in kinds:
        path = template_path(kind, repository())
        artifact = template_artifact(path)
        if bucket is None:
            templates[kind] = adapter.template({"TemplateBody": path.read_text()})
        else:
            for _ in bucket.upload(artifact):
                pass
            templates[kind] = adapter.template({"TemplateURL": bucket.url(artifact)})
    return templates


def _build(
    console: Console, wanted: Mapping[str, str], stack: Stack | None, for_this_machine: bool
) -> Path:
    """Build the bundles for where they will run; the path of their manifest."""
    root = repository()
    script = [sys.executable, str(root / "infra" / "bundle.py")]
    if for_this_machine:
        out = root / "build"
        command = [*script, "--out", str(out)]
    else:
        settings = dict(stack.parameters if stack else {}) | dict(wanted)
        runtime = settings.get("PythonRuntime", _RUNTIME)
        architecture = settings.get("Architecture", _ARCHITECTURE)
        if architecture not in _WHEELS:
            raise InputError(
                f"--parameter: Architecture: got {architecture!r}, expected {' or '.join(_WHEELS)}"
            )
        out = root / "build" / "lambda"
        version = runtime.removeprefix("python")
        target = ["--platform", _WHEELS[architecture], "--python", version]
        command = [*script, "--out", str(out), *target]
    console.print("Building bundles …")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GateError(f"the bundles could not be built: {done.stderr.strip()}")
    return out / "manifest.json"


def _upload(console: Console, bucket: ArtifactBucket, manifest: Path) -> None:
    for artifact, uploaded in bucket.upload(*read_manifest(manifest).values()):
        word = "uploaded" if uploaded else "is there"
        console.print(f"  {word}  s3://{bucket.name}/{artifact.key}")


def _keys(manifest: Path) -> dict[str, str]:
    artifacts = read_manifest(manifest)
    return {parameter: artifacts[name].key for name, parameter in ARTIFACT_PARAMETERS.items()}


def _bucket_parameter(
    client: Callable[[str], Any], bucket: ArtifactBucket | None, named: str | None
) -> dict[str, str]:
    return {"ArtifactBucket": (bucket or ArtifactBucket(client, named)).name}


def _deploy_one(
    console: Console,
    adapter: Stacks,
    name: str,
    template: Template,
    settings: Mapping[str, str],
    yes: bool,
    dry_run: bool,
) -> None:
    console.print(f"\nStack [bold]{name}[/]")
    change_set = adapter.prepare(name, template, settings, f"testgate-{os.urandom(6).hex()}")
    if change_set is None:
        console.print("  nothing to change")
        found = adapter.find(name)
        if found is not None:
            print_outputs(console, found)
        return
    agreed = False
    try:
        print_changes(console, change_set)
        agreed = not dry_run and (yes or typer.confirm(f"Apply these changes to {name}?"))
    finally:
        if not agreed:  # whatever the reason, Ctrl-C too
            adapter.drop(change_set)
            console.print("  nothing is changed")
    if dry_run:
        return
    if not agreed:
        raise typer.Exit(1)
    try:
        with progress(console, f"stack {name}") as tell:
            made = adapter.apply(change_set, tell)
    except (KeyboardInterrupt, ClientError, BotoCoreError) as exc:
        if not isinstance(exc, ClientError) or exc.operation_name != "ExecuteChangeSet":
            console.print(
                f"\nCloudFormation goes on with stack {name}; run deploy again to follow."
            )
        raise
    print_outputs(console, made)


def _must_be_able_to_ask() -> None:
    """Raises InputError before anything is done."""
    if not sys.stdin.isatty():
        raise InputError("there is no terminal to ask at: give --yes, or --dry-run to look only")
