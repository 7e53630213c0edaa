"""The working step: runs one shard of one suite, and stores what it left as evidence.

It also asks green who it is, in ask_green: only this function is in the suites' network.

Runs in the runner bundle, the only one in which suite code runs. Its role can write evidence, read
the secrets and assume the roles that the policy of SuitePolicyArn names, and nothing else.
"""

import mimetypes
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from state_machines.steps.ask_green import answer_inquiry
from testgate.aws.clients import client
from testgate.aws.plans import load_plan
from testgate.aws.provisions import SuiteRoles, SuiteSecrets
from testgate.aws.s3 import JSON_TYPE, Bucket
from testgate.core.canonical import digest_of
from testgate.core.errors import (
    AccessDeniedError,
    NotFoundError,
    PortError,
    RunnerError,
    UnavailableError,
)
from testgate.core.evidence import Evidence, Kept
from testgate.core.handoff import Pointer, Task, parse_order
from testgate.core.layout import durations_key, progress_key, suite_bundle_key
from testgate.core.masking import (
    MIN_SECRET_CHARS,
    hidden_values,
    mask,
    mask_bytes,
    mask_evidence,
)
from testgate.core.plan import Plan, Runner, Suite
from testgate.core.progress import Progress, ShardProgress
from testgate.core.redaction import redact_bytes
from testgate.core.storing import to_json_bytes
from testgate.runner.artifacts import Artifact, artifacts_in
from testgate.runner.bundle import unpack_bundle
from testgate.runner.files import read_plain
from testgate.runner.remains import (
    empty_temporary_files,
    end_leftovers,
    fresh_directory,
    hide_from_children,
)
from testgate.runner.reported import MAX_NAME_CHARS, MAX_REPORT_BYTES, clean
from testgate.runner.suite import SuiteRun, may_try_again, run_suite
from testgate.runner.telling import telling

_OF_AWS = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
_RIGHTS = (
    "; what suites may read and assume stands in the policy that the stack's parameter "
    "SuitePolicyArn names (docs/secrets.md)"
)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, object]:
    """The Lambda function: `{due, run, retry}` in, a pointer to the evidence out, and `again`:
    whether the suite's attempts allow, and its failures deserve, another try. An event with an
    `inquiry` asks green who it is instead (see ask_green)."""
    bucket = Bucket(client("s3"), os.environ["RECORD_BUCKET"])
    hide_from_children()
    end_leftovers(os.environ)  # of a suite that had killed this function's process
    return answer_inquiry(bucket, event) if "inquiry" in event else run_shard(bucket, event)


def run_shard(bucket: Bucket, event: Mapping[str, Any]) -> dict[str, object]:
    """Run one shard of one suite and store what it left."""
    order = parse_order(event)
    plan = load_plan(bucket, order.context.plan_digest)
    suite = plan.suite(order.run.suite)
    task = Task(suite=suite, run=order.run, context=order.context)
    empty_temporary_files(os.environ)  # what another gate's suite left, or a run that was killed
    bundle = _bundle(bucket, suite.bundle) if suite.runner is Runner.LAMBDA else None
    with fresh_directory() as place:
        run = SuiteRun(task=task, directory=place, granted=_granted(suite, bucket.name))
        with _telling_no_secret(_hidden(run)):
            if bundle is not None:
                unpack_bundle(bundle, suite.bundle, run.suite_dir)
            durations = _durations(bucket, task)
            if durations is not None:
                run.durations_path.write_bytes(durations)
            with telling(run.progress_path, _teller(bucket, plan, task, _hidden(run))):
                left = run_suite(run)
            evidence = mask_evidence(left, _hidden(run))
            pointer = _store(bucket, task, run, evidence)
    return pointer.spell() | {"again": may_try_again(task, evidence, datetime.now(UTC))}


@contextmanager
def _telling_no_secret(hidden: Sequence[str]) -> Iterator[None]:
    """What is raised within becomes the cause that the execution and the record show."""
    try:
        yield
    except Exception as exc:
        masked = mask(str(exc), hidden)
        if masked == str(exc):
            raise
        kind = type(exc) if isinstance(exc, UnavailableError) else RunnerError
        raise kind(masked) from None


def _teller(
    bucket: Bucket, plan: Plan, task: Task, hidden: Sequence[str]
) -> Callable[[Progress, bool], None]:
    """Stores how far the shard is, over what it told before; names of tests as in evidence."""
    run, context, started_at = task.run, task.context, datetime.now(UTC)
    number, wave = next(
        (number, wave)
        for number, wave in enumerate(plan.waves, 1)
        if any(suite.name == run.suite for suite in wave)
    )
    key = progress_key(context.variables["TESTGATE_RUN_ID"], run.suite, run.shard)

    def tell(progress: Progress, ended: bool) -> None:
        told = ShardProgress(
            suite=run.suite,
            shard=run.shard,
            attempt=run.attempt,
            progress=progress.renamed(lambda name: clean(mask(name, hidden), MAX_NAME_CHARS)),
            started_at=started_at,
            at=datetime.now(UTC),
            deadline=context.deadline,
            wave=number,
            waves=len(plan.waves),
            due=sum(suite.shards for suite in wave),
            expected_s=context.expected_s.get(run.suite),
            ended=ended,
        )
        bucket.put(key, to_json_bytes(told.spell()), JSON_TYPE)

    return tell


def _granted(suite: Suite, bucket: str) -> dict[str, str]:
    """What the suite's secrets and role stand for, as variables. Raises RunnerError,
    UnavailableError."""
    granted: dict[str, str] = {}
    try:
        if suite.secrets:
            secrets = SuiteSecrets(client("secretsmanager"), client("ssm"))
            granted |= {name: secrets.value(found) for name, found in suite.secrets.items()}
        if suite.role:
            granted |= {name: os.environ[name] for name in _OF_AWS if name in os.environ}
            granted |= SuiteRoles(client("sts")).credentials(suite.role, suite.name, bucket)
    except UnavailableError:
        raise
    except PortError as exc:
        raise RunnerError(f"{exc}{_RIGHTS}") from exc
    short = [name for name in suite.secrets if len(granted[name]) < MIN_SECRET_CHARS]
    if short:
        raise RunnerError(
            f"secret {short[0]} has fewer than {MIN_SECRET_CHARS} characters, which could not be "
            "kept out of reports: use a longer one"
        )
    return granted


def _hidden(run: SuiteRun) -> tuple[str, ...]:
    known = {name: text for name, text in run.granted.items() if name not in _OF_AWS}
    return hidden_values(run.task.context.headers, known)


def _storable(path: Path, hidden: Sequence[str]) -> bytes | None:
    """A plain file of a size that is read; a larger report counts as none, and is not kept."""
    try:
        return _clean(read_plain(path, MAX_REPORT_BYTES), hidden)
    except RunnerError:
        return None


def _clean(data: bytes, hidden: Sequence[str]) -> bytes:
    return redact_bytes(mask_bytes(data, hidden))


def _bundle(bucket: Bucket, digest: str) -> bytes:
    """The published zip. Without the right to list, S3 says "denied" for what is missing."""
    try:
        return bucket.get(suite_bundle_key(digest))
    except (AccessDeniedError, NotFoundError) as exc:
        raise RunnerError(
            f"the suite's bundle {digest} is missing or cannot be read; publish the gate again "
            f"({exc})"
        ) from exc


def _durations(bucket: Bucket, task: Task) -> bytes | None:
    """How long the suite's tests took, as Prepare picked it; without it shards are even. None of
    them may fall back by itself, so what may only be away for a moment is raised."""
    digest = task.context.durations.get(task.suite.name)
    if digest is None:
        return None
    try:
        data = bucket.get(durations_key(digest))
    except (AccessDeniedError, NotFoundError):
        return None
    return data if digest_of(data) == digest else None


def _store(bucket: Bucket, task: Task, run: SuiteRun, evidence: Evidence) -> Pointer:
    """Files first, then the evidence; each written once.

    What was there before stays, be it a forgery or this very write, whose answer got lost: Judge
    accepts it only if it has the digest that is answered here.
    """
    prefix = f"{task.context.prefix}evidence/{task.run.path}/"
    for path, content_type in (
        (run.report_path, "application/xml"),
        (run.output_path, "text/plain; charset=utf-8"),
    ):
        stored = _storable(path, _hidden(run))
        if stored is not None:
            bucket.put_once(f"{prefix}{path.name}", stored, content_type)
    evidence = replace(evidence, artifacts=_store_artifacts(bucket, prefix, run))
    body = to_json_bytes(evidence.spell())
    bucket.put_once(f"{prefix}evidence.json", body, JSON_TYPE)
    return Pointer(run=task.run, digest=digest_of(body))


def _store_artifacts(bucket: Bucket, prefix: str, run: SuiteRun) -> tuple[Kept, ...]:
    """What the suite's patterns find; of what is not text, only the known secrets are taken out."""
    kept = []
    hidden = _hidden(run)
    for found in artifacts_in(run.results_dir, run.task.suite.artifacts, hidden):
        if not isinstance(found, Artifact):
            kept.append(Kept(path=found.path, left_out=found.why))
            continue
        data = mask_bytes(found.data, hidden)
        if _is_text(data):
            data = redact_bytes(data)
        content_type = mimetypes.guess_type(found.path)[0] or "application/octet-stream"
        bucket.put_once(f"{prefix}artifacts/{found.path}", data, content_type)
        kept.append(Kept(path=found.path, size_bytes=len(data)))
    return tuple(kept)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
