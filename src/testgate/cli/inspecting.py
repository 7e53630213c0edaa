"""`testgate why` and `testgate show`: from a deployment to its gate run's reason."""

import json
from typing import Annotated, Any

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
from testgate.cli.executions import what_step_functions_says
from testgate.cli.exits import exit_code
from testgate.cli.runs import RunNotFoundError, StoredRun, find_run, what_ecs_says
from testgate.report.terminal import print_run, print_why

Target = Annotated[
    str,
    typer.Argument(
        help="ARN of a service deployment, or cluster/service for its newest gate run.",
        metavar="DEPLOYMENT_ARN|CLUSTER/SERVICE",
    ),
]
_EXAMPLES = (
    "Examples:\n\n"
    "  testgate {name} shop/web\n\n"
    "  testgate {name} arn:aws:ecs:eu-west-1:123456789012:service-deployment/shop/web/EZe5RN…\n\n"
    "  testgate {name} shop/web --endpoint-url http://127.0.0.1:5000 --region us-east-1\n\n"
    "Exits 0 passed, 1 failed, 3 suite_error, 4 infra_error, 5 timed_out, 6 aborted, "
    "7 nothing recorded, 2 usage."
)


def why(
    target: Target,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Say in one sentence why a deployment was promoted or refused, and where to look next."""
    run = _find(target, endpoint_url, region, profile, bucket, stack)
    if as_json:
        _print_json(
            {
                "outcome": run.outcome.value,
                "sentence": run.sentence,
                "service": run.service,
                "record": f"s3://{run.bucket}/{run.place.record}",
            }
        )
    else:
        print_why(Console(), run.record, run.answer, run.bucket, run.place)
    raise typer.Exit(exit_code(run.outcome))


def show(
    target: Target,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Show a gate run whole: verdict, suites, tests, identity, times and where its record lies."""
    run = _find(target, endpoint_url, region, profile, bucket, stack)
    if as_json:
        _print_json({"record": run.record, "answer": run.answer})
    else:
        print_run(Console(), run.record, run.answer, run.bucket, run.place)
    raise typer.Exit(exit_code(run.outcome))


why.__doc__ = f"{why.__doc__}\n\n{_EXAMPLES.format(name='why')}"
show.__doc__ = f"{show.__doc__}\n\n{_EXAMPLES.format(name='show')}"


def _find(
    target: str,
    endpoint_url: str | None,
    region: str | None,
    profile: str | None,
    bucket: str | None,
    stack: str,
) -> StoredRun:
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    try:
        return find_run(connection.bucket(), target)
    except RunNotFoundError as exc:
        says = (
            what_step_functions_says(connection, target),
            what_ecs_says(connection.client("ecs"), target),
        )
        raise RunNotFoundError("; ".join([str(exc), *filter(None, says)])) from exc


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
