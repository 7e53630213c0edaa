"""`testgate artifacts`: the files that a gate run has left, listed, or downloaded into a directory
that nothing gets out of."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from testgate.aws.s3 import Bucket
from testgate.cli.connection import (
    DEFAULT_STACK,
    AsJson,
    BucketName,
    Connection,
    EndpointUrl,
    Profile,
    Region,
    StackName,
    print_json,
)
from testgate.cli.inspecting import Target, find_or_explain, tell_problems
from testgate.cli.resolving import resolve
from testgate.core.errors import GateError, InputError, NotFoundError

_MAX_FILES = 20_000
_MAX_NAME_BYTES = 255

Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Download into this directory, which must be new or empty."
    ),
]
SuiteName = Annotated[
    str | None, typer.Option("--suite", help="Only what runs of this suite have left.")
]


def artifacts(
    target: Target,
    output: Output = None,
    suite: SuiteName = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    bucket: BucketName = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """List the files of a gate run, or download them: record, reports, and what each run of each
    shard has left.

    Examples:

      testgate artifacts shop/web

      testgate artifacts shop/web --suite smoke --output evidence

      testgate artifacts my-stack --json

    Exits 0 done, 7 nothing recorded, 2 usage.
    """
    connection = Connection(
        endpoint_url=endpoint_url, region=region, profile=profile, bucket_name=bucket, stack=stack
    )
    run = find_or_explain(connection, resolve(connection, target))
    tell_problems(run)
    records = Bucket(connection.client("s3"), run.bucket)
    prefix = run.place.prefix
    names = [key.removeprefix(prefix) for key in records.keys(prefix, _MAX_FILES)]
    files = files_by_name(names, suite)
    if output is not None:
        _download(records, prefix, files, output)
    if as_json:
        listed = [{"name": name, "key": f"s3://{records.name}/{prefix}{name}"} for name in files]
        print_json({"files": listed, "directory": str(output.resolve()) if output else None})
        return
    for name in files:
        typer.echo(output / files[name] if output else name)
    if not files:
        typer.echo(f"no files are left of this gate run in {records.name}", err=True)


def files_by_name(names: Iterable[str], suite: str | None) -> Mapping[str, PurePosixPath]:
    """Each file with its path below a directory. Raises InputError for a name that leads out of
    it, which no gate run writes: then nothing is downloaded at all."""
    chosen = [name for name in names if not suite or name.startswith(f"evidence/{suite}/")]
    return {name: path_below(name) for name in chosen}


def path_below(name: str) -> PurePosixPath:
    """A key's rest as a path below any directory, on any system. Raises InputError."""
    parts = name.split("/")
    if any(_is_no_name(part) for part in parts):
        raise InputError(
            f"the bucket holds {name[:200]!r}, which is no file name below a directory; somebody "
            "else has written it, so nothing is downloaded"
        )
    return PurePosixPath(*parts)


def _is_no_name(part: str) -> bool:
    return (
        part in ("", ".", "..")
        or any(mark in part for mark in '\\:*?"<>|')
        or not part.isprintable()
        or len(part.encode(errors="surrogatepass")) > _MAX_NAME_BYTES
    )


def _download(
    records: Bucket, prefix: str, files: Mapping[str, PurePosixPath], directory: Path
) -> None:
    """Raises GateError for a place that cannot be written, PortError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            # A link in it could lead anywhere.
            raise GateError(f"{directory} is not empty: name a new directory")
        for name, path in files.items():
            place = directory / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                file.write(records.get(f"{prefix}{name}"))
    except NotFoundError as exc:
        raise GateError(f"a file went away while it was downloaded: {exc}") from exc
    except OSError as exc:
        raise GateError(f"cannot write into {directory}: {exc.strerror}") from exc
