"""The command line's own arguments. What Typer says of unknown options is Typer's."""

from collections.abc import Callable
from pathlib import Path

from testgate.cli.documents import read_record_document
from testgate.cli.listing import Query, find_page, read_scope, read_since
from testgate.cli.publishing import prepare_publication
from testgate.cli.runs import find_run
from testgate.cli.targets import read_target, the_one_service
from testgate.core.aws_events import ServiceName
from testgate.core.layout import place_of
from testgate.core.outcomes import Outcome
from testgate.core.record import RECORD_SCHEMA
from tests.bad_inputs.bundles import scratch
from tests.bad_inputs.catalogue import BadInput
from tests.bad_inputs.gate_files import GATE, SUITE, TODAY
from tests.core.samples import ARN, START, question
from tests.fakes.ports import FakeBucket


def why(target: str, says: str) -> BadInput:
    """`testgate why`, of a bucket that holds nothing."""
    return BadInput(
        kind="testgate why", given=target, act=lambda: find_run(FakeBucket(), target), says=says
    )


def a_command(kind: str, given: str, act: Callable[[], object], says: str) -> BadInput:
    """An argument, and what reads it."""
    return BadInput(kind=f"testgate {kind}", given=given, act=act, says=says)


def stored(given: str, record: bytes, says: str) -> BadInput:
    """A `record.json` of that content."""

    def act() -> str:
        return read_record_document("record.json", record, RECORD_SCHEMA).problem

    return BadInput(kind="a stored record", given=given, act=act, says=says)


def _only_indexed() -> str:
    bucket = FakeBucket()
    place = place_of(question().deployment, question().execution_name)
    bucket.put(place.index(Outcome.FAILED, START), b"", "text/plain")
    return find_run(bucket, ARN).sentence


def publish(given: str, says: str, *, gate_file: str | bytes | None, suite: str | None) -> BadInput:
    """`testgate publish testgate.toml`, beside a file of that name in the suite's directory."""

    def act() -> str:
        with scratch() as path:
            if gate_file is not None:
                text = gate_file if isinstance(gate_file, bytes) else gate_file.encode()
                (path / "testgate.toml").write_bytes(text)
            if suite is not None:
                (path / "smoke").mkdir()
                _make(path / "smoke" / suite)
            try:
                return str(prepare_publication(path / "testgate.toml", TODAY))
            except Exception as exc:
                raise type(exc)(str(exc).replace(f"{path}/", "")) from exc

    return BadInput(kind="testgate publish", given=given, act=act, says=says)


def _make(path: Path) -> None:
    if path.name == "link":
        path.symlink_to("elsewhere")
    else:
        path.write_text("def test_a(): pass\n")


GOOD = f"schema = 1\n{GATE}{SUITE}"

ROWS = (
    a_command(
        "show",
        "shop/web/1",
        lambda: read_target("shop/web/1"),
        "'shop/web/1' names no gate run: expected cluster/service, the name of a service or of a stack, or the ARN of a service, a service deployment, an execution or a stack",
    ),
    a_command(
        "show",
        "web, which is nowhere",
        lambda: the_one_service("web", []),
        "'web' is neither a service with a recorded gate run nor a stack with an ECS service: say cluster/service",
    ),
    a_command(
        "show",
        "web, which is in two clusters",
        lambda: the_one_service("web", [ServiceName(cluster=c, service="web") for c in "ab"]),
        "'web' may mean a/web, b/web: say which as cluster/service",
    ),
    a_command(
        "list",
        "shop/web/1",
        lambda: read_scope("shop/web/1"),
        "'shop/web/1' names no service: expected cluster, or cluster/service",
    ),
    a_command(
        "list",
        "--since yesterday",
        lambda: read_since("yesterday", START),
        "--since: got 'yesterday', expected a time ago such as 30m, 36h or 7d, or a time such as 2026-01-31 or 2026-01-31T12:00:00Z",
    ),
    a_command(
        "list",
        "--cursor 2",
        lambda: find_page(FakeBucket(), Query(after="2")),
        "--cursor: got '2', expected the one that the page before has printed",
    ),
    why("shop", "'shop' is neither the ARN of a service deployment nor cluster/service"),
    why("shop/web", "no ended gate run of shop/web is recorded in bucket records"),
    why(
        ARN,
        "no ended gate run of arn:aws:ecs:us-east-1:123456789012:service-deployment/shop/web/EZe5RNVL-6PPzHXINuP28 is recorded in bucket records",
    ),
    why(
        "arn:aws:ecs:us-east-1:123456789012:service/shop/web",
        "not the ARN of a service deployment: 'arn:aws:ecs:us-east-1:123456789012:service/shop/web'; expected arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>",
    ),
    a_command(
        "why",
        "a gate run of which only the index entry is left",
        _only_indexed,
        "it ended as failed at 2026-11-23 08:00:00 UTC; its index entry is all that can be read of it in bucket records",
    ),
    stored(
        '{"outcome": "fai',
        b'{"outcome": "fai',
        "record.json is no whole JSON object (16 bytes): it was cut off, or something else has written it; what else is stored of the gate run is told",
    ),
    stored(
        '{"outcome": "splendid"}',
        b'{"outcome": "splendid"}',
        "record.json lacks an outcome or a sentence that this version knows: something else has written it; what else is stored of the gate run is told",
    ),
    stored(
        "of testgate.record/2",
        b'{"schema": "testgate.record/2", "outcome": "failed", "sentence": "no"}',
        "record.json is of testgate.record/2, newer than the testgate.record/1 that this Testgate reads: only its outcome and sentence are told; upgrade testgate to see all of it",
    ),
    publish(
        "a gate file that is not there",
        "cannot read the gate file testgate.toml: No such file or directory",
        gate_file=None,
        suite=None,
    ),
    publish(
        "a gate file in Latin-1",
        "the gate file testgate.toml is not UTF-8",
        gate_file=b"# caf\xe9\n",
        suite=None,
    ),
    publish(
        "a gate file of more than 2 MB",
        "the gate file testgate.toml is larger than 2,000,000 bytes",
        gate_file=b"#" * 2_000_001,
        suite=None,
    ),
    publish(
        "a gate file without suites",
        "testgate.toml: no [[suites]] table: a gate without a suite could refuse nothing",
        gate_file=f"schema = 1\n{GATE}",
        suite=None,
    ),
    publish(
        "a suite whose directory is not there",
        "testgate.toml:6: suite 'smoke': its path smoke is not a directory",
        gate_file=GOOD,
        suite=None,
    ),
    publish(
        "a suite with a link in it",
        "testgate.toml:6: suite 'smoke': links are not published: smoke/link",
        gate_file=GOOD,
        suite="link",
    ),
    publish(
        "a suite with a file whose name is not UTF-8",
        "testgate.toml:6: suite 'smoke': names of files must be UTF-8: 'smoke/\\udcff.py'",
        gate_file=GOOD,
        suite="\udcff.py",
    ),
    publish(
        "a suite with a file test\\na.py",
        "testgate.toml:6: suite 'smoke': the suite's bundle holds 'test\\na.py', which has a character in its name that cannot be shown",
        gate_file=GOOD,
        suite="test\na.py",
    ),
)
