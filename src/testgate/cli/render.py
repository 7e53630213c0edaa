"""`testgate render`: documents for the AWS CLI, filled from what the stacks bring."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from testgate.cli.connection import (
    DEFAULT_STACK,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
    told_as_ours,
)
from testgate.cli.repository import repository
from testgate.core.errors import GateError, InputError
from testgate.stacks.catalogue import StackKind, stack_name
from testgate.stacks.deploying import Stacks
from testgate.stacks.rendering import placeholders, render

SUFFIX = ".tmpl"

Templates = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Templates, *.json.tmpl; by default those of infra/service.", metavar="[TEMPLATE…]"
    ),
]


def render_command(
    templates: Templates = None,
    out: Annotated[Path, typer.Option(help="Directory for the filled documents.")] = Path(
        "outputs"
    ),
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Fill templates of task definitions and services from the outputs of stacks.

    ${network.SubnetOneId}, ${cluster.ClusterName}, ${gate.HookFunctionArn}: outputs of the stacks
    that `testgate deploy` makes; ${name-of-a-stack.Output}: of any other. ${region} and ${account}
    say where. The documents are what `aws ecs … --cli-input-json file://` takes.

    Examples:

      testgate render

      testgate render deploy/service.json.tmpl --out build --region eu-west-1
    """
    console = Console(soft_wrap=True, highlight=False)
    paths = templates or sorted((repository() / "infra" / "service").glob(f"*{SUFFIX}"))
    texts = {path: _read(path) for path in paths}
    connection = Connection(endpoint_url=endpoint_url, region=region, profile=profile, stack=stack)
    with told_as_ours():
        values = _values(connection, stack, texts)
    documents: dict[Path, str] = {}
    problems: list[str] = []
    for path, text in texts.items():
        target = out / path.name.removesuffix(SUFFIX)
        if target in documents:
            problems.append(f"{path}: another template writes {target} too")
        try:
            documents[target] = render(text, values)
        except InputError as exc:
            problems += [f"{path}: {problem}" for problem in exc.problems]
    if problems:
        raise InputError(*problems)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for target, document in documents.items():
            target.write_text(document)
            console.print(f"Wrote {target}")
    except OSError as exc:
        raise GateError(f"cannot write to {out}: {exc.strerror}") from exc


def _read(path: Path) -> str:
    if path.suffix != SUFFIX:
        raise InputError(f"{path}: a template's name ends in {SUFFIX}, which is then taken off")
    try:
        text = path.read_text()
        placeholders(text)
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read: {exc}") from exc
    except InputError as exc:
        raise InputError(*(f"{path}: {problem}" for problem in exc.problems)) from exc
    return text


def _values(connection: Connection, base: str, texts: Mapping[Path, str]) -> dict[str, str]:
    """What every placeholder may stand for: the outputs of each stack that one names."""
    client = connection.client
    adapter = Stacks(client, lambda _: None)
    names = {name for text in texts.values() for name in placeholders(text)}
    values: dict[str, str] = {}
    if "region" in names:
        values["region"] = str(client("cloudformation").meta.region_name)
    if "account" in names:
        values["account"] = str(client("sts").get_caller_identity()["Account"])
    kinds = {kind.value for kind in StackKind}
    missing = []
    for prefix in sorted({name.split(".")[0] for name in names if "." in name}):
        name = stack_name(StackKind(prefix), base) if prefix in kinds else prefix
        found = adapter.find(name)
        if found is None:
            hint = f": `testgate deploy {prefix}` makes it" if prefix in kinds else ""
            missing.append(f"there is no stack {name}{hint}")
        else:
            values |= {f"{prefix}.{key}": value for key, value in found.outputs.items()}
    if missing:
        raise InputError(*missing)
    return values
