"""Words that every report uses alike. Standard library only; imported by the renderers."""

from collections.abc import Mapping
from typing import Any

from testgate.core.events import POST_PRODUCTION

Record = Mapping[str, Any]

CLASSES: Mapping[str, str] = {
    "passed": "every blocking suite earned its pass",
    "flaky": "every blocking suite earned its pass, some only when tried again",
    "skipped": "suite: nothing ran",
    "failed": "product: green misbehaved",
    "suite_error": "suite: the tests are broken",
    "infra_error": "infrastructure: the gate could not tell",
    "timed_out": "time: the tests did not end",
    "aborted": "aborted: the deployment went on without this gate",
}


def what_happens_next(record: Record) -> str:
    """One sentence on what ECS does after this verdict."""
    if record.get("deployment") == "":
        return "Nothing is deployed: this gate was run against a URL."
    shifted = record.get("stage") == POST_PRODUCTION
    if record.get("outcome") == "passed":
        if shifted:
            return "ECS goes on: production stays with this revision."
        return "ECS goes on: production traffic may shift to this revision."
    if record.get("outcome") == "aborted":
        return "Nothing: the deployment had ended before the verdict."
    identity = record.get("identity")
    before = identity.get("before") if isinstance(identity, Mapping) else None
    if isinstance(before, Mapping) and before and not before.get("has_source"):
        return "ECS fails the deployment; there is no previous revision to roll back to."
    where = "returns to" if shifted else "stays with"
    return f"ECS rolls the deployment back; production {where} the previous revision."


def first_failure(record: Record) -> tuple[Record, Record] | None:
    """Suite and test of the first failure in a blocking suite, else of any; None if there is
    none."""
    suites = sorted(record["suites"], key=lambda suite: not suite["blocking"])
    return next(((suite, test) for suite in suites for test in suite["failures"]), None)
