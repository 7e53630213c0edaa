"""How a deployment ended: success only if it is earned, and each other end has its own code."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.cli.endings import ENDED, Deployed, End, GateWord, ending_of
from testgate.cli.exits import Exit
from testgate.core.outcomes import PASSING, Outcome

TARGET, OTHER = "arn:x/web/2", "arn:x/web/1"
PASSED = GateWord(outcome=Outcome.PASSED, sentence="14 of 14 tests passed", refused=False)
ABORTED = GateWord(outcome=Outcome.ABORTED, sentence="nobody waits", refused=False)


def refusal(outcome):
    return GateWord(outcome=outcome, sentence="3 of 14 tests failed", refused=True)


def deployed(status, *kinds, **changes):
    facts: dict[str, Any] = {
        "reason": "",
        "target": TARGET,
        "current": [TARGET],
        "gate": PASSED,
    } | changes
    return Deployed(status=status, kinds=kinds, **facts)


BACK = {"current": [OTHER]}


@pytest.mark.parametrize(
    ("facts", "end", "code"),
    [
        (deployed("SUCCESSFUL"), End.SUCCESS, 0),
        (deployed("SUCCESSFUL", "never_asked", gate=None), End.NEVER_CALLED, 13),
        (deployed("SUCCESSFUL", **BACK), End.FAILED, 14),
        (deployed("SUCCESSFUL", current=[]), End.FAILED, 14),
        (deployed("SUCCESSFUL", replaced=True), End.SUPERSEDED, 12),
        (
            deployed("ROLLBACK_SUCCESSFUL", "hook_failed", gate=refusal(Outcome.FAILED), **BACK),
            End.REFUSED,
            1,
        ),
        (
            deployed("ROLLBACK_FAILED", "hook_failed", gate=refusal(Outcome.SUITE_ERROR)),
            End.REFUSED,
            3,
        ),
        (
            deployed("ROLLBACK_SUCCESSFUL", "hook_failed", gate=refusal(Outcome.TIMED_OUT)),
            End.REFUSED,
            5,
        ),
        (deployed("ROLLBACK_SUCCESSFUL", "alarm", **BACK), End.ALARM, 10),
        (deployed("ROLLBACK_SUCCESSFUL", alarmed=True, **BACK), End.ALARM, 10),
        (
            deployed("ROLLBACK_SUCCESSFUL", alarmed=True, gate=refusal(Outcome.FAILED)),
            End.REFUSED,
            1,
        ),
        (deployed("ROLLBACK_SUCCESSFUL", "stopped_by_hand", gate=ABORTED), End.STOPPED, 11),
        (deployed("ROLLBACK_SUCCESSFUL", "pause_rolled_back"), End.STOPPED, 11),
        (deployed("STOPPED", "superseded", gate=ABORTED), End.SUPERSEDED, 12),
        (deployed("STOPPED", "stopped_by_hand", overtaken=True), End.SUPERSEDED, 12),
        (deployed("ROLLBACK_SUCCESSFUL", "stopped_by_hand", overtaken=True), End.STOPPED, 11),
        (deployed("ROLLBACK_SUCCESSFUL", "role_not_assumed", gate=None), End.NEVER_CALLED, 13),
        (deployed("ROLLBACK_SUCCESSFUL", "function_not_found", gate=None), End.NEVER_CALLED, 13),
        (deployed("ROLLBACK_SUCCESSFUL", "circuit_breaker", gate=None), End.FAILED, 14),
        (deployed("ROLLBACK_SUCCESSFUL", "answer_not_understood", gate=ABORTED), End.FAILED, 14),
    ],
)
def test_an_end_is_told_by_its_cause(facts, end, code):
    ending = ending_of(facts)
    assert (ending.end, ending.code) == (end, code)


def test_no_two_ends_but_refusals_share_a_code():
    ends = {
        ending_of(each).end: ending_of(each).code
        for each in (
            deployed("SUCCESSFUL"),
            deployed("SUCCESSFUL", **BACK),
            deployed("SUCCESSFUL", gate=None),
            deployed("SUCCESSFUL", replaced=True),
            deployed("ROLLBACK_SUCCESSFUL", "alarm"),
            deployed("ROLLBACK_SUCCESSFUL", "stopped_by_hand"),
            deployed("ROLLBACK_SUCCESSFUL", gate=refusal(Outcome.FAILED)),
        )
    }
    assert set(ends) == set(End)
    assert all(a != b for a, b in itertools.combinations(ends.values(), 2))


_WORDS = st.builds(
    GateWord, outcome=st.sampled_from(Outcome), sentence=st.just("said"), refused=st.booleans()
)


@given(
    status=st.sampled_from([*sorted(ENDED), "SOMETHING_NEW"]),
    kinds=st.lists(st.sampled_from(["alarm", "hook_failed", "superseded", "unheard_of"])),
    current=st.lists(st.sampled_from([TARGET, OTHER])),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    gate=st.none() | _WORDS.filter(lambda word: not (word.refused and word.outcome in PASSING)),
)
def test_only_the_target_in_production_by_ecss_word_is_success(status, kinds, current, flags, gate):
    alarmed, overtaken, replaced = flags
    facts = deployed(
        status,
        *kinds,
        current=current,
        gate=gate,
        alarmed=alarmed,
        overtaken=overtaken,
        replaced=replaced,
    )
    ending = ending_of(facts)
    earned = status == "SUCCESSFUL" and TARGET in current and gate is not None and not replaced
    assert (ending.code is Exit.PASSED) == earned
    assert (ending.end is End.SUCCESS) == earned
    assert ending.sentence
