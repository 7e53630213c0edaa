"""What must hold on every schedule, each by its own name, with a sentence where it does not.

`broken` lists what is broken. Imported by the property test, the soak and the mutation check.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.deadlines import EXPIRY_RESERVE_S
from testgate.core.events import GATED_STAGES, SHIFT_STAGES
from testgate.core.layout import place_of
from testgate.core.outcomes import Outcome
from tests.schedules.aws.deployments import Deployment
from tests.schedules.aws.executions import Execution
from tests.schedules.expectations import must_pass
from tests.schedules.journal import HookCallFact
from tests.schedules.oracle import earned
from tests.schedules.schedule import (
    ApiFault,
    Function,
    HookQuirk,
    Lag,
    Outage,
)
from tests.schedules.simulate import Happened

Finding = Iterator[str]
# A hook's own call, the delay before it, and what a reader may call prompt.
_PROMPT_S = 120
# What each disturbance may cost in time: a lost call is tried again after half a minute, a call of
# AWS that does not come back after ten seconds, and a late one comes as late as the schedule says.
_A_DISTURBANCE_S = 75
# Past the gate's deadline: tasks run to their own timeouts, Prepare and Judge are retried.
_EXECUTION_SLACK_S = 1_500
_MAX_SENTENCE = 1_100


def broken(happened: Happened) -> list[str]:
    """Every invariant that does not hold: `name: sentence`."""
    return [
        f"{name}: {sentence}" for name, holds in INVARIANTS.items() for sentence in holds(happened)
    ]


def passes_are_earned(happened: Happened) -> Finding:
    """SUCCEEDED is answered, to whomever, only for a pass that this deployment earned."""
    for call in happened.journal.hook_calls:
        deployment = happened.world.deployments.by_arn[call.deployment]
        if _said(call) != "SUCCEEDED" or call.mode == "observe" or _is_way_back(happened, call):
            continue
        if _is_skipped(happened, deployment):
            continue
        if call.stage not in GATED_STAGES:
            yield f"hook call {call.nth} passed stage {call.stage}, where no gate can stand"
            continue
        found = earned(happened, deployment, call.stage, call.ended_s)
        if found.missing:
            yield f"hook call {call.nth} of {deployment.arn[-12:]} passed, but {found.missing}"


def production_shifts_by_a_pass(happened: Happened) -> Finding:
    """A gated stage is left forwards only by a SUCCEEDED of each hook, or its own CONTINUE."""
    for deployment in happened.world.deployments.by_arn.values():
        for at_s, stage in deployment.passed:
            if stage not in happened.schedule.setup.stages:
                continue
            waits = [
                wait
                for wait in happened.journal.waits
                if (wait.deployment, wait.stage) == (deployment.arn, stage)
                and wait.ended_s is not None
                and wait.ended_s <= at_s
            ]
            for wait in waits:
                if wait.how == "SUCCEEDED" or wait.mode == "observe":
                    continue
                if wait.how == "CONTINUED" and "hook" not in happened.journal.continue_seen:
                    continue  # nobody told the hook that it would pass by expiring
                yield f"stage {stage} of {deployment.arn[-12:]} was passed: a hook {wait.how}"


def waits_end_in_time(happened: Happened) -> Finding:
    """No deployment waits longer than the gate's own time, and a little."""
    for wait in happened.journal.waits:
        bound_s = happened.schedule.setup.timeout_s + _PROMPT_S + _excused_s(happened)
        if wait.ended_s is None:
            yield f"{wait.deployment[-12:]} still waits at {wait.stage}"
        elif wait.ended_s - wait.began_s > bound_s:
            waited_s = wait.ended_s - wait.began_s
            yield f"{wait.deployment[-12:]} waited {waited_s:.0f} s, at most {bound_s:.0f}"


def hooks_do_not_expire(happened: Happened) -> Finding:
    """The hook answers before ECS gives up on it, if it was told when that is."""
    setup = happened.schedule.setup
    if not setup.expiry_told or _excused_s(happened) > EXPIRY_RESERVE_S:
        return
    for wait in happened.journal.waits:
        if wait.how in ("TIMED_OUT", "CONTINUED"):
            yield f"the hook of {wait.deployment[-12:]} expired at {wait.stage}"


def executions_end_in_time(happened: Happened) -> Finding:
    """No execution outlives its gate's deadline by much, whoever still asks."""
    for execution in happened.world.executions.by_arn.values():
        began_s = max(at_s for at_s, told in execution.told if told["status"] == "RUNNING")
        bound_s = happened.schedule.setup.timeout_s + _EXECUTION_SLACK_S + _excused_s(happened)
        if execution.ended_s is None:
            yield f"execution {execution.name[-8:]} never ended"
        elif execution.ended_s - began_s > bound_s:
            lasted_s = execution.ended_s - began_s
            yield f"execution {execution.name[-8:]} ran {lasted_s:.0f} s, at most {bound_s:.0f}"


def hook_never_raises(happened: Happened) -> Finding:
    """Whatever happens is an answer."""
    for call in happened.journal.hook_calls:
        if call.raised:
            yield f"hook call {call.nth} raised {call.raised}"


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
    lost = _bucket_failed_the_hook(happened)
    for call in happened.journal.hook_calls:
        said = _said(call)
        if said not in ("SUCCEEDED", "FAILED"):
            continue
        known = [told for told in (logged if lost else stored) if _is_of(told, call)]
        if not known:
            yield f"hook call {call.nth} answered {said}, and nothing tells so"
        for told in known:
            problem = _sentence_problem(told, call)
            if problem:
                yield f"hook call {call.nth} answered {said}: {problem}"


def answers_are_emitted(happened: Happened) -> Finding:
    """Each final answer is an event, unless EventBridge or the bucket failed the hook."""
    if _service_failed(happened, Function.HOOK, ("events:", "s3:")):
        return
    emitted = [json.loads(entry["Detail"]) for entry in happened.journal.emitted]
    for call in happened.journal.hook_calls:
        final = _said(call) in ("SUCCEEDED", "FAILED")
        if final and not any(_is_of(told, call) for told in emitted):
            yield f"hook call {call.nth} answered {_said(call)}, and no event says so"


def records_stand(happened: Happened) -> Finding:
    """A record is written once, says one sentence, and agrees with a pass that counted."""
    for at_s, function, key, once in happened.journal.writes:
        if key.endswith(("/record.json", "/evidence.json", "/answer.json")) and not once:
            yield f"{function} could have replaced {key} at {at_s:.2f} s"
    for key, body in happened.world.storage.objects.items():
        if key.endswith("/record.json"):
            record = json.loads(body)
            problem = _line_problem(record["sentence"])
            if problem or record["outcome"] not in list(Outcome):
                yield f"{key} says {record['outcome']}: {problem}"
    for call in happened.journal.hook_calls:
        if _said(call) != "SUCCEEDED" or call.mode == "observe" or call.stage not in GATED_STAGES:
            continue
        deployment = happened.world.deployments.by_arn[call.deployment]
        if _is_skipped(happened, deployment):
            continue
        outcomes = [_record_of(happened, e).get("outcome") for e in _executions(happened, call)]
        if "passed" not in outcomes:
            yield f"hook call {call.nth} passed, and the record says {outcomes}"


def ended_runs_are_recorded(happened: Happened) -> Finding:
    """What `finish` has dealt with has a record, and an entry in the index."""
    for arn in set(happened.journal.finished):
        execution = happened.world.executions.by_arn[arn]
        if not _record_of(happened, execution):
            yield f"finish was there, and execution {execution.name[-8:]} has no record"
        if not any(
            key.startswith("index/") and key.endswith(execution.name)
            for key in happened.world.storage.objects
        ):
            yield f"finish was there, and execution {execution.name[-8:]} is not indexed"


def stops_are_due(happened: Happened) -> Finding:
    """The hook stops what is past its deadline, `cancel` what is of a dead deployment."""
    for stop in happened.journal.stops:
        execution = happened.world.executions.by_arn[stop.execution]
        asked = json.loads(execution.input)
        deployment = happened.world.deployments.by_arn[asked["deployment"]]
        if stop.by == Function.CANCEL:
            if _is_alive(deployment, asked["stage"], stop.at_s):
                yield f"cancel stopped {execution.name[-8:]}, whose deployment waits for it"
        elif stop.at_s < _deadline_s(happened, execution, deployment):
            yield f"the hook stopped {execution.name[-8:]} before its deadline"


def way_back_is_free(happened: Happened) -> Finding:
    """A gate never hinders a rollback."""
    for deployment in happened.world.deployments.by_arn.values():
        if deployment.status == "ROLLBACK_FAILED" and deployment.source is not None:
            yield f"{deployment.arn[-12:]} could not roll back"


def what_is_survived_passes(happened: Happened) -> Finding:
    """Refusing without a reason is a mistake too."""
    first = next(iter(happened.world.deployments.by_arn.values()))
    if must_pass(happened.schedule) and first.status != "SUCCESSFUL":
        yield f"nothing spoke against it, and it is {first.status}: {_last_sentence(happened)}"


INVARIANTS: Mapping[str, Callable[[Happened], Finding]] = {
    check.__name__: check
    for check in (
        passes_are_earned,
        production_shifts_by_a_pass,
        waits_end_in_time,
        hooks_do_not_expire,
        executions_end_in_time,
        hook_never_raises,
        answers_say_why,
        answers_are_emitted,
        records_stand,
        ended_runs_are_recorded,
        stops_are_due,
        way_back_is_free,
        what_is_survived_passes,
    )
}


def _said(call: HookCallFact) -> str:
    return str((call.answer or {}).get("hookStatus", ""))


def _is_way_back(happened: Happened, call: HookCallFact) -> bool:
    """Whether the call was one of a rollback."""
    if call.stage not in SHIFT_STAGES:
        return False
    deployment = happened.world.deployments.by_arn[call.deployment]
    left_s = [at_s for at_s, told in deployment.told if told["status"].startswith("ROLLBACK")]
    return bool(left_s) and call.began_s >= left_s[0]


def _is_skipped(happened: Happened, deployment: Deployment) -> bool:
    return happened.schedule.setup.skips_first and deployment.source is None


def _excused_s(happened: Happened) -> float:
    """How much longer the disturbances of a schedule may make it wait."""
    excused = 0.0
    for each in happened.schedule.disturbances:
        if isinstance(each, (Outage | Lag, HookQuirk)):
            excused += each.seconds + _A_DISTURBANCE_S
        elif isinstance(each, ApiFault) and each.function is Function.HOOK:
            excused += _A_DISTURBANCE_S
    return excused


def _service_failed(happened: Happened, function: Function, operations: tuple[str, ...]) -> bool:
    services = {operation.rstrip(":") for operation in operations}
    if any(isinstance(d, Outage) and d.service in services for d in happened.schedule.disturbances):
        return True
    return any(
        call.fault and call.function == function and call.operation.startswith(operations)
        for call in happened.journal.calls
    )


def _bucket_failed_the_hook(happened: Happened) -> bool:
    return _service_failed(happened, Function.HOOK, ("s3:",))


def _is_of(told: Mapping[str, Any], call: HookCallFact) -> bool:
    wanted = (call.deployment, call.stage, _said(call))
    return (told.get("deployment"), told.get("stage"), told.get("hook_status")) == wanted


def _sentence_problem(told: Mapping[str, Any], call: HookCallFact) -> str:
    if call.mode == "enforce" and told["mode"] == "enforce":
        refused = told["outcome"] != Outcome.PASSED
        if refused is not (_said(call) == "FAILED"):
            return f"the outcome is {told['outcome']}"
    return _line_problem(told["sentence"])


def _line_problem(sentence: str) -> str:
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


def _record_of(happened: Happened, execution: Execution) -> Mapping[str, Any]:
    asked = json.loads(execution.input)
    place = place_of(parse_service_deployment_arn(asked["deployment"]), execution.name)
    body = happened.world.storage.objects.get(place.record)
    return json.loads(body) if body else {}


def _is_alive(deployment: Deployment, stage: str, at_s: float) -> bool:
    """Whether it really waited at that stage then."""
    told = [told for since_s, told in deployment.told if since_s <= at_s][-1]
    return told["status"] == "IN_PROGRESS" and told.get("lifecycleStage") == stage


def _deadline_s(happened: Happened, execution: Execution, deployment: Deployment) -> float:
    """The gate's deadline, from the schedule's own numbers."""
    setup = happened.schedule.setup
    own_s = execution.started_s + setup.timeout_s
    if not setup.expiry_told:
        return own_s
    expiries = [hook.expires_s for hook in deployment.hooks]
    return min([own_s, *(expiry_s - EXPIRY_RESERVE_S for expiry_s in expiries)])


def _last_sentence(happened: Happened) -> str:
    told = [line for line in happened.journal.logged if '"answer"' in line]
    return str(json.loads(told[-1])["sentence"]) if told else "no answer"
