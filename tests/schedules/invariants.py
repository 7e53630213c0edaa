"""What must hold on every schedule, each by its own name, with a sentence where it does not.

`broken` lists what is broken. Imported by the property test, the soak and the mutation check.
"""

import json
from collections.abc import Callable, Iterator, Mapping

from testgate.core.deadlines import EXPIRY_RESERVE_S
from testgate.core.events import GATED_STAGES
from tests.schedules.expectations import must_pass
from tests.schedules.oracle import earned
from tests.schedules.reading import (
    deadline_s,
    excused_s,
    is_alive,
    is_skipped,
    is_way_back,
    last_sentence,
    said,
    was_cut_off,
)
from tests.schedules.schedule import Function
from tests.schedules.simulate import Happened
from tests.schedules.telling import (
    answers_are_emitted,
    answers_say_why,
    ended_runs_are_recorded,
    records_stand,
)

Finding = Iterator[str]
# A hook's own call, the delay before it, and what a reader may call prompt.
PROMPT_S = 120
# Past the gate's deadline: tasks run to their own timeouts, Prepare and Judge are retried.
_EXECUTION_SLACK_S = 1_500


def broken(happened: Happened) -> list[str]:
    """Every invariant that does not hold: `name: sentence`."""
    return [
        f"{name}: {sentence}" for name, holds in INVARIANTS.items() for sentence in holds(happened)
    ]


def passes_are_earned(happened: Happened) -> Finding:
    """SUCCEEDED is answered, to whomever, only for a pass that this deployment earned."""
    for call in happened.journal.hook_calls:
        deployment = happened.world.deployments.by_arn[call.deployment]
        if said(call) != "SUCCEEDED" or call.mode == "observe" or is_way_back(happened, call):
            continue
        if is_skipped(happened, deployment):
            continue
        if happened.schedule.setup.continues:
            yield f"hook call {call.nth} passed, though the gate would pass by expiring"
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
        bound_s = happened.schedule.setup.timeout_s + PROMPT_S + excused_s(happened)
        if wait.ended_s is None:
            yield f"{wait.deployment[-12:]} still waits at {wait.stage}"
        elif wait.ended_s - wait.began_s > bound_s:
            waited_s = wait.ended_s - wait.began_s
            yield f"{wait.deployment[-12:]} waited {waited_s:.0f} s, at most {bound_s:.0f}"


def hooks_do_not_expire(happened: Happened) -> Finding:
    """The hook answers before ECS gives up on it, if it was told when that is."""
    setup = happened.schedule.setup
    if not setup.expiry_told or excused_s(happened) > EXPIRY_RESERVE_S:
        return
    for wait in happened.journal.waits:
        if wait.how in ("TIMED_OUT", "CONTINUED"):
            yield f"the hook of {wait.deployment[-12:]} expired at {wait.stage}"


def executions_end_in_time(happened: Happened) -> Finding:
    """No execution outlives its gate's deadline by much, whoever still asks."""
    for execution in happened.world.executions.by_arn.values():
        began_s = max(at_s for at_s, told in execution.told if told["status"] == "RUNNING")
        bound_s = happened.schedule.setup.timeout_s + _EXECUTION_SLACK_S + excused_s(happened)
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


def stops_are_due(happened: Happened) -> Finding:
    """The hook stops what is past its deadline, `cancel` what is of a dead deployment."""
    for stop in happened.journal.stops:
        execution = happened.world.executions.by_arn[stop.execution]
        asked = json.loads(execution.input)
        deployment = happened.world.deployments.by_arn[asked["deployment"]]
        if stop.by == Function.CANCEL:
            if is_alive(deployment, asked["stage"], stop.at_s):
                yield f"cancel stopped {execution.name[-8:]}, whose deployment waits for it"
        elif stop.at_s < deadline_s(happened, execution, deployment):
            yield f"the hook stopped {execution.name[-8:]} before its deadline"


def way_back_is_free(happened: Happened) -> Finding:
    """A gate never hinders a rollback, as long as ECS can be asked about it at all."""
    if was_cut_off(happened):
        return
    for deployment in happened.world.deployments.by_arn.values():
        if deployment.status == "ROLLBACK_FAILED" and deployment.source is not None:
            yield f"{deployment.arn[-12:]} could not roll back"


def what_is_survived_passes(happened: Happened) -> Finding:
    """Refusing without a reason is a mistake too."""
    first = next(iter(happened.world.deployments.by_arn.values()))
    if must_pass(happened.schedule) and first.status != "SUCCESSFUL":
        yield f"nothing spoke against it, and it is {first.status}: {last_sentence(happened)}"


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
