"""Evidence: what the runner stores of a run, and Judge reads back. Only a forger gets it wrong."""

from typing import Any

from testgate.core.evidence import parse_evidence
from testgate.core.handoff import parse_result
from tests.bad_inputs.catalogue import BadInput
from tests.core.samples import evidence as sample
from tests.core.samples import passed, plan


def stored(given: str, says: str, **changes: Any) -> BadInput:
    """Stored evidence with other values of these keys; None takes a key away."""
    spelled = sample(plan(), passed("a")).spell() | changes
    raw = {key: value for key, value in spelled.items() if value is not ...}
    return BadInput(kind="evidence", given=given, act=lambda: parse_evidence(raw), says=says)


def result(given: str, raw: object, says: str) -> BadInput:
    """What a step of the state machine hands on."""
    return BadInput(kind="result", given=given, act=lambda: parse_result(raw), says=says)


ROWS = (
    stored(
        "of another version",
        "not evidence of schema testgate.evidence/1",
        schema="testgate.evidence/9",
    ),
    stored("without its suite", "evidence lacks 'suite'", suite=...),
    stored('exit_code: "0"', "evidence has exit_code '0', expected int", exit_code="0"),
    stored("tests: [7]", "a test in the evidence is not an object", tests=[7]),
    stored(
        "outcome: fine",
        "a test in the evidence has outcome 'fine'",
        tests=[{"name": "a", "outcome": "fine"}],
    ),
    stored("artifacts: [7]", "evidence has an artifact that is no object", artifacts=[7]),
    stored("relay: 7", "the relay's counts are not an object", relay=7),
    stored(
        "relay counts that are none",
        "the relay's counts hold something that is no count",
        relay={"requests": -1, "statuses": {}},
    ),
    stored(
        "relay counts that do not add up",
        "the relay's counts do not add up to its requests",
        relay={"requests": 2, "statuses": {"200": 1}},
    ),
    stored("metrics: 7", "metrics are not an object of numbers", metrics=7),
    stored("collected: 7", "what was collected is not an object", collected=7),
    stored(
        "more collected tests run than there are",
        "2 of 1 collected tests are this shard's own",
        collected={"digest": "sha256:" + "0" * 64, "total": 1, "selected": 2},
    ),
    result("null", None, "a result is None, expected a pointer to evidence or a crash"),
    result("{}", {}, "a result cannot be read: KeyError('suite')"),
)
