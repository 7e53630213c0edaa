"""The working step: runs one shard of one suite, and stores what it left as evidence.

It also asks green who it is, in ask_green: only this function is in the suites' network.

Runs in the runner bundle, the only one in which suite code runs. Its role can write evidence and
nothing else.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from state_machines.steps.ask_green import answer_inquiry
from testgate.aws.clients import client
from testgate.aws.plans import load_plan
from testgate.aws.s3 import JSON_TYPE, Bucket
from testgate.core.canonical import digest_of
from testgate.core.errors import AccessDeniedError, NotFoundError, RunnerError
from testgate.core.evidence import Evidence
from testgate.core.handoff import Pointer, Task, parse_order
from testgate.core.layout import durations_key, suite_bundle_key
from testgate.core.masking import mask_bytes, mask_evidence
from testgate.core.plan import Runner
from testgate.core.redaction import redact_bytes
from testgate.core.storing import to_json_bytes
from testgate.runner.bundle import unpack_bundle
from testgate.runner.files import read_plain
from testgate.runner.remains import (
    empty_temporary_files,
    end_leftovers,
    fresh_directory,
    hide_from_children,
)
from testgate.runner.reported import MAX_REPORT_BYTES
from testgate.runner.suite import SuiteRun, may_try_again, run_suite


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
    suite = load_plan(bucket, order.context.plan_digest).suite(order.run.suite)
    task = Task(suite=suite, run=order.run, context=order.context)
    empty_temporary_files(os.environ)  # what another gate's suite left, or a run that was killed
    bundle = _bundle(bucket, suite.bundle) if suite.runner is Runner.LAMBDA else None
    with fresh_directory() as place:
        run = SuiteRun(task=task, directory=place)
        if bundle is not None:
            unpack_bundle(bundle, suite.bundle, run.suite_dir)
        durations = _durations(bucket, task)
        if durations is not None:
            run.durations_path.write_bytes(durations)
        evidence = mask_evidence(run_suite(run), task.context.headers)
        pointer = _store(bucket, task, run, evidence)
    return pointer.spell() | {"again": may_try_again(task, evidence, datetime.now(UTC))}


def _storable(path: Path, headers: Mapping[str, str]) -> bytes | None:
    """A plain file of a size that is read; a larger report counts as none, and is not kept."""
    try:
        return redact_bytes(mask_bytes(read_plain(path, MAX_REPORT_BYTES), headers))
    except RunnerError:
        return None


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
        stored = _storable(path, task.context.headers)
        if stored is not None:
            bucket.put_once(f"{prefix}{path.name}", stored, content_type)
    body = to_json_bytes(evidence.spell())
    bucket.put_once(f"{prefix}evidence.json", body, JSON_TYPE)
    return Pointer(run=task.run, digest=digest_of(body))
