"""Nothing is lost: each answer, each ended gate run is told, once, with its sentence.

Part of the invariants, which list these.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.events import GATED_STAGES
from testgate.core.layout import place_of
from testgate.core.outcomes import Outcome
from tests.schedules.aws.executions import Execution
from tests.schedules.journal import HookCallFact
from tests.schedules.reading import is_skipped, said, service_failed
from tests.schedules.schedule import Function
from tests.schedules.simulate import Happened

Finding = Iterator[str]
_MAX_SENTENCE = 1_100


def answers_say_why(happened: Happened) -> Finding:
    """Each final answer lies in the bucket with one sentence; if the bucket failed, in the log."""
    stored = [
        json.loads(body)
        for key, body in happened.world.storage.objects.items()
        if key.rpartition("/")[2].startswith("answer") or key.startswith("errors/")
    ]
    logged = [
        line
        for line in map(json.loads, happened.journal.logged)
        if line.get("testgate") == "answer"
    ]
    lost = service_failed(happened, Function.HOOK, ("s3:",))
    for call in happened.journal.hook_calls:
        answer = said(call)
        if answer not in ("SUCCEEDED", "FAILED"):
            continue
        known = [told for told in (logged if lost else stored) if _is_of(told, call)]
        if not known:
            yield f"hook call {call.nth} answered {answer}, and nothing tells so"
        for told in known:
            problem = _sentence_problem(told, call)
            if problem:
                yield f"hook call {call.nth} answered {answer}: {problem}"


def answers_are_emitted(happened: Happened) -> Finding:
    """Each final answer is an event, unless EventBridge or the bucket failed the hook."""
    if service_failed(happened, Function.HOOK, ("events:", "s3:")):
        return
    emitted = [json.loads(entry["Detail"]) for entry in happened.journal.emitted]
    for call in happened.journal.hook_calls:
        final = said(call) in ("SUCCEEDED", "FAILED")
        if final and not any(_is_of(told, call) for told in emitted):
            yield f"hook call {call.nth} answered {said(call)}, and no event says so"


def records_stand(happened: Happened) -> Finding:
    """A record is written once, says one sentence, and agrees with a pass that counted."""
    for at_s, function, key, once in happened.journal.writes:
        if key.endswith(("/record.json", "/evidence.json", "/answer.json")) and not once:
            yield f"{function} could have replaced {key} at {at_s:.2f} s"
    for key, body in happened.world.storage.objects.items():
        if key.endswith("/record.json"):
            record = json.loads(body)
            problem = line_problem(record["sentence"])
            if problem or record["outcome"] not in list(Outcome):
                yield f"{key} says {record['outcome']}: {problem}"
    for call in happened.journal.hook_calls:
        if said(call) != "SUCCEEDED" or call.mode == "observe" or call.stage not in GATED_STAGES:
            continue
        deployment = happened.world.deployments.by_arn[call.deployment]
        if is_skipped(happened, deployment):
            continue
        outcomes = [record_of(happened, e).get("outcome") for e in _executions(happened, call)]
        if "passed" not in outcomes:
            yield f"hook call {call.nth} passed, and the record says {outcomes}"


def ended_runs_are_recorded(happened: Happened) -> Finding:
    """What `finish` has dealt with has a record, and an entry in the index."""
    for arn in set(happened.journal.finished):
        execution = happened.world.executions.by_arn[arn]
        if not record_of(happened, execution):
            yield f"finish was there, and execution {execution.name[-8:]} has no record"
        if not any(
            key.startswith("index/") and key.endswith(execution.name)
            for key in happened.world.storage.objects
        ):
            yield f"finish was there, and execution {execution.name[-8:]} is not indexed"


def _is_of(told: Mapping[str, Any], call: HookCallFact) -> bool:
    wanted = (call.deployment, call.stage, said(call))
    return (told.get("deployment"), told.get("stage"), told.get("hook_status")) == wanted


def _sentence_problem(told: Mapping[str, Any], call: HookCallFact) -> str:
    if call.mode == "enforce" and told["mode"] == "enforce":
        refused = told["outcome"] != Outcome.PASSED
        if refused is not (said(call) == "FAILED"):
            return f"the outcome is {told['outcome']}"
    return line_problem(told["sentence"])


def line_problem(sentence: str) -> str:
    if not sentence.strip() or "\n" in sentence:
        return f"no sentence on one line: {sentence!r}"
    return "" if len(sentence) <= _MAX_SENTENCE else f"{len(sentence)} characters"


def _executions(happened: Happened, call: HookCallFact) -> list[Execution]:
    found = []
    for execution in happened.world.executions.by_arn.values():
        asked = json.loads(execution.input)
        if (asked.get("deployment"), asked.get("stage")) == (call.deployment, call.stage):
            found.append(execution)
    return found


def record_of(happened: Happened, execution: Execution) -> Mapping[str, Any]:
    asked = json.loads(execution.input)
    place = place_of(parse_service_deployment_arn(asked["deployment"]), execution.name)
    body = happened.world.storage.objects.get(place.record)
    return json.loads(body) if body else {}
