"""Published gates: from what `hookDetails` names to one plan with one digest.

Imported by Prepare and Judge.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.core.canonical import DIGEST, digest_of
from testgate.core.config import GateConfig
from testgate.core.errors import NotFoundError, PlanError
from testgate.core.layout import gate_key, image_gate_key, plan_key, suite_key
from testgate.core.plan import Plan
from testgate.core.plan_problems import plan_problems
from testgate.core.plan_reading import parse_plan, parse_suite


class NamedBy(StrEnum):
    """How a configuration came to its plan."""

    DIGEST = "digest"
    IMAGE = "image"
    LATEST = "latest"
    SUITES = "suites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The plan that counts for a gate run, and by what it was found."""

    plan: Plan
    by: NamedBy


def resolve_plan(bucket: Bucket, config: GateConfig, image_digest: str) -> Resolved:
    """The plan that a configuration names, stored under its digest.

    `GATE` pinned by digest is that plan; by name, the one published for the image under test
    (`image_digest`, "" if nobody knows it), else the latest one published; `TEST_SUITES` becomes
    one wave of the latest published suites. Raises PlanError, PortError.
    """
    if config.gate is None:
        plan = _plan_of_suites(bucket, config.test_suites)
        return Resolved(plan=plan, by=NamedBy.SUITES)
    name, _, digest = config.gate.partition("@")
    by = NamedBy.DIGEST
    if not digest:
        by, digest = _latest(bucket, name, image_digest)
    plan = load_plan(bucket, digest)
    if plan.gate != name:
        raise PlanError(f"plan {digest} is of gate {plan.gate!r}, GATE names {name!r}")
    return Resolved(plan=plan, by=by)


def _latest(bucket: Bucket, name: str, image_digest: str) -> tuple[NamedBy, str]:
    """The digest that a gate's name stands for, for that image."""
    if DIGEST.fullmatch(image_digest):
        found = bucket.find_json(image_gate_key(name, image_digest))
        if found is not None:
            return NamedBy.IMAGE, str(found.get("plan") if isinstance(found, dict) else found)
    pointer = _published(bucket, gate_key(name), f"gate {name!r}")
    return NamedBy.LATEST, str(pointer.get("plan"))


def load_plan(bucket: Bucket, digest: str) -> Plan:
    """The plan of that digest, checked against it. Raises PlanError, PortError."""
    try:
        text = bucket.get(plan_key(digest))
    except NotFoundError:
        raise PlanError(f"no plan {digest} is published; publish the gate again") from None
    if digest_of(text) != digest:
        raise PlanError(f"the plan stored as {digest} has another digest: it was tampered with")
    return parse_plan(_json(text))


def _plan_of_suites(bucket: Bucket, names: tuple[str, ...]) -> Plan:
    suites = tuple(
        parse_suite(_published(bucket, suite_key(name), f"suite {name!r}")) for name in names
    )
    plan = Plan(gate="+".join(names), waves=(suites,))
    problems = plan_problems(plan)
    if problems:
        raise PlanError(*problems)
    bucket.put_once(plan_key(plan.digest), plan.json.encode(), "application/json")
    return plan


def _published(bucket: Bucket, key: str, what: str) -> Any:
    found = bucket.find_json(key)
    if not isinstance(found, dict):
        raise PlanError(f"{what} is not published in bucket {bucket.name}; publish it first")
    return found


def _json(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError as exc:
        raise PlanError(f"the stored plan is not JSON: {exc}") from exc
