"""10,000 tests in 64 shards, half of them failing: what of AWS's limits is used, and the record.

Takes minutes, so `make test-large` runs it and `make test` does not. The figures are printed.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from testgate.core.outcomes import Outcome
from tests.deployments.conftest import Lab, authority, lab, local, stack

__all__ = ["authority", "lab", "local", "stack"]  # fixtures

TESTS, SHARDS = 10_000, 64
MAX_STATE_BYTES = 262_144  # Step Functions' limit on a state's input or output
MAX_HISTORY_EVENTS = 25_000  # and on the events of an execution's history
MAX_RECORD_BYTES = 5_000_000
SUITE = f"""
import pytest, requests

@pytest.fixture(scope="session", autouse=True)
def asked(base_url):
    assert requests.get(base_url + "/health").status_code == 200

@pytest.mark.parametrize("case", range({TESTS}))
def test_a_case_with_a_name_of_usual_length(case):
    assert case % 2 == 0, f"case {{case}} of the catalogue answered 500, expected 200"
"""


@pytest.mark.timeout(900)
def test_ten_thousand_tests_fit(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.established()
    lab.publish({"smoke": SUITE}, extra=f"shards = {SHARDS}", gate="timeout_s = 2400")
    deployment = lab.local.ecs.wait_until_ended(
        lab.site.update(lab.task("2"), lab.hook(TIMEOUT_SECONDS=2400)), 800
    )
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    run = lab.run(deployment)
    assert run.outcome is Outcome.FAILED
    assert run.sentence.startswith(
        f"{TESTS // 2} of {TESTS} tests in suite smoke failed (allowed 0); first: "
    )
    record = lab.bucket.get(run.place.record)
    (suite,) = json.loads(record)["suites"]
    assert suite["counts"]["total"] == TESTS
    assert len(suite["failures"]) == TESTS // 2
    events = list(_history(lab, lab.executions(deployment)[0]))
    largest_bytes = max(len(text.encode()) for event in events for text in _payloads(event))
    used = {
        "largest state payload, bytes": (largest_bytes, MAX_STATE_BYTES),
        "longest history, events": (len(events), MAX_HISTORY_EVENTS),
        "record, bytes": (len(record), MAX_RECORD_BYTES),
    }
    with capsys.disabled():
        Console().print(_table(used))
    assert all(measured <= limit for measured, limit in used.values())


def _history(lab: Lab, arn: str) -> Iterator[dict[str, Any]]:
    client = lab.local.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    for page in pages:
        yield from page["events"]


def _payloads(event: dict[str, Any]) -> Iterator[str]:
    """Every input and output that an event tells."""
    for details in event.values():
        if isinstance(details, dict):
            yield from (
                str(details[key]) for key in ("input", "output", "parameters") if key in details
            )


def _table(used: dict[str, tuple[int, int]]) -> Table:
    table = Table(title=f"{TESTS:,} tests in {SHARDS} shards", title_justify="left")
    for name in ("what", "used", "limit", "share"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for what, (measured, limit) in used.items():
        table.add_row(what, f"{measured:,}", f"{limit:,}", f"{measured / limit:.1%}")
    return table
