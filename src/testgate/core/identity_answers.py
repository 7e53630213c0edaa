"""What green answered when it was asked who it is, and whether that is the revision under test.

Asked by the runner from its own network, judged here: every address of the load balancer, three
times each, before the first test and after the last. Pure; standard library only. Imported by the
runner, Judge and finish.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from testgate.core.errors import InputError, PlanError
from testgate.core.identity import Finding, IdentityProblem
from testgate.core.identity_check import IdentityCheck, parse_check

TIMES = 3
MAX_GROUPS = 3  # different wrong answers that a sentence tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What Prepare made of the gate's check: the answer that this revision must give."""

    check: IdentityCheck
    expected: str

    @property
    def request(self) -> str:
        """`GET /version`"""
        return f"GET {self.check.path}"

    def spell(self) -> dict[str, object]:
        """As it travels."""
        return {"check": self.check.spell(), "expected": self.expected}


def parse_inquiry(raw: object) -> Inquiry:
    """A spelled inquiry. Raises InputError."""
    if not isinstance(raw, dict) or not isinstance(raw.get("expected"), str):
        raise InputError("what green is to be asked cannot be read")
    try:
        return Inquiry(check=parse_check(raw.get("check")), expected=raw["expected"])
    except PlanError as exc:
        raise InputError(f"what green is to be asked cannot be read: {exc}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, or why there was none. `status` is None if nothing answered; `value` is None if
    the answer did not have what was looked for, and `problem` says so."""

    address: str
    status: int | None = None
    value: str | None = None
    problem: str = ""

    def spell(self) -> dict[str, object]:
        """As it travels and stands in the record."""
        spelled: dict[str, object] = {
            "address": self.address,
            "status": self.status,
            "value": self.value,
        }
        return spelled | ({"problem": self.problem} if self.problem else {})


def parse_answers(raw: object) -> tuple[Answer, ...]:
    """Spelled answers. Raises InputError."""
    if not isinstance(raw, list):
        raise InputError("green's answers are no list")
    return tuple(_parse_answer(item) for item in raw)


def answers_problem(
    inquiry: Inquiry, answers: Sequence[Answer], when: str
) -> IdentityProblem | None:
    """Why these are not the answers of the revision under test; None if each is.

    `when` is "before" or "after" (the tests). Nothing that answers is the word of green, so that
    silence alone may be what tests did to it.
    """
    if not answers:
        return _found(Finding.WRONG, f"{inquiry.request} was not asked {when} the tests")
    for address, count in Counter(answer.address for answer in answers).items():
        if count != TIMES:
            what = f"{address} was asked {inquiry.request} {count} times {when} the tests"
            return _found(Finding.WRONG, f"{what}, {TIMES} are due")
    wrong = [answer for answer in answers if answer.value != inquiry.expected]
    if not wrong:
        return None
    silent = all(answer.status is None for answer in wrong)
    places = sorted({answer.address for answer in wrong})
    everywhere = len(places) == len({answer.address for answer in answers})
    sentence = (
        f"{len(wrong)} of {len(answers)} answers of {inquiry.request} {_told(inquiry, wrong)}"
        f"{'' if everywhere else ' (all at ' + ', '.join(places[:MAX_GROUPS]) + ')'}, "
        f"{when} the tests"
    )
    return _found(Finding.UNSETTLED if silent else Finding.WRONG, sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a gate run asked green, if anything; None are answers that were not had. `failure` says
    why the step that asks broke."""

    inquiry: Inquiry | None = None
    before: tuple[Answer, ...] | None = None
    after: tuple[Answer, ...] | None = None
    failure: str = ""

    @property
    def says(self) -> str:
        """What identity rests on, in one line."""
        if self.inquiry is None:
            return "routing only"
        asked = f'{self.inquiry.request} {self.inquiry.check.label} = "{self.inquiry.expected}"'
        told = [both or () for both in (self.before, self.after)]
        if not any(answers_problem(self.inquiry, both, "") for both in told):
            addresses = [len({answer.address for answer in both}) for both in told]
            many = " and ".join(map(str, dict.fromkeys(addresses)))
            word = "address" if addresses == [1, 1] else "addresses"
            return f"{asked} at {many} {word}, {TIMES} times each, before and after"
        shares = [_share(self.inquiry, both) for both in told]
        return f"{asked}: {shares[0]} before, {shares[1]} after"

    def spell(self) -> dict[str, object]:
        """As the record has it, beside what it says."""
        if self.inquiry is None:
            return {}
        told = {"before": self.before or (), "after": self.after or ()}
        spelled = {moment: [answer.spell() for answer in both] for moment, both in told.items()}
        return {"answers": self.inquiry.spell() | spelled}


def read_asked(prepared: Mapping[str, Any], state: Mapping[str, Any], failure: str = "") -> Asked:
    """From Prepare's answer and the state of the machine. Raises InputError."""
    if not prepared.get("asks_identity"):
        return Asked(failure=failure)
    told = [
        _answers_in(state[key]) if key in state else None
        for key in ("identity_before", "identity_after")
    ]
    inquiry = parse_inquiry(prepared.get("inquiry"))
    return Asked(inquiry=inquiry, before=told[0], after=told[1], failure=failure)


def asked_problem(check: IdentityCheck | None, asked: Asked) -> IdentityProblem | None:
    """Why green's own word is not what the plan asks for; None if it is, or if the plan asks none.

    What was wrong before the tests makes them worthless; silence after them only undoes a pass.
    """
    inquiry = asked.inquiry
    if check is None and inquiry is None:
        return None
    if inquiry is None or inquiry.check != check:
        return _found(Finding.WRONG, "the gate run did not ask what its plan asks")
    before = answers_problem(inquiry, asked.before or (), "before")
    if before is not None:
        sentence = asked.failure if asked.failure and not asked.before else before.sentence
        return IdentityProblem(finding=Finding.WRONG, sentence=sentence)
    if asked.after is None:
        sentence = f"identity: {inquiry.request} was not asked after the tests"
        return IdentityProblem(finding=Finding.UNSETTLED, sentence=asked.failure or sentence)
    return answers_problem(inquiry, asked.after, "after")


def _answers_in(raw: object) -> tuple[Answer, ...]:
    payload = raw.get("payload") if isinstance(raw, dict) else None
    return parse_answers(payload.get("answers") if isinstance(payload, dict) else None)


def _parse_answer(raw: object) -> Answer:
    told = raw if isinstance(raw, dict) else {}
    address, status, value = told.get("address"), told.get("status"), told.get("value")
    if (
        not isinstance(address, str)
        or not (status is None or type(status) is int)
        or not (value is None or isinstance(value, str))
    ):
        raise InputError(f"an answer of green cannot be read: {str(raw)[:200]}")
    return Answer(address=address, status=status, value=value, problem=str(told.get("problem", "")))


def _found(finding: Finding, sentence: str) -> IdentityProblem:
    return IdentityProblem(finding=finding, sentence=f"identity: {sentence}")


def _wrong(inquiry: Inquiry, answers: Sequence[Answer]) -> int:
    return sum(answer.value != inquiry.expected for answer in answers)


def _share(inquiry: Inquiry, answers: Sequence[Answer]) -> str:
    if not answers:
        return "not asked"
    return f"{len(answers) - _wrong(inquiry, answers)} of {len(answers)} answers"


def _told(inquiry: Inquiry, wrong: Sequence[Answer]) -> str:
    """`said version "1.1.0", expected "1.2.0"`, or each different thing that was said."""
    groups = Counter(_word(inquiry, answer) for answer in wrong).most_common()
    expected = f'expected "{inquiry.expected}"'
    if len(groups) == 1:
        return f"{groups[0][0]}, {expected}"
    listed = ", ".join(f"{count} {word}" for word, count in groups[:MAX_GROUPS])
    more = ", …" if len(groups) > MAX_GROUPS else ""
    return f"are wrong ({listed}{more}), {expected}"


def _word(inquiry: Inquiry, answer: Answer) -> str:
    if answer.value is not None:
        return f'said {inquiry.check.label} "{answer.value}"'
    return f"said no {inquiry.check.label}: {answer.problem}"
