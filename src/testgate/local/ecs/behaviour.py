"""Where nobody knows what AWS does: each open question as a switch with a default.

The questions are those that only an experiment in a real account could settle; a gate has to hold
under every value of each. docs/control-plane.md lists them. Imported by `testgate.local`.
"""

from dataclasses import dataclass
from enum import StrEnum


class ExecutionIds(StrEnum):
    """The event's `executionId` over the calls of one hook in one stage.

    SAME: one UUID. EACH_CALL: another UUID each time. HOOK_ID: the hook's `hookId`.
    """

    SAME = "SAME"
    EACH_CALL = "EACH_CALL"
    HOOK_ID = "HOOK_ID"


class HookDetailsMode(StrEnum):
    """What the next event's hookDetails hold; AWS's own answer has changed over time.

    MERGE: the configured object with returned keys over it (documented, 2026).
    KEEP_CONFIGURED: as MERGE, but of equal keys the one that stands already wins.
    REPLACE: what was returned last (seen in 2025). FORGET: as REPLACE, and an answer without
    hookDetails leaves none. DROP: only what was configured.
    TEXT: as MERGE, handed over as JSON text (a possible result of CloudFormation's string form).
    """

    MERGE = "MERGE"
    KEEP_CONFIGURED = "KEEP_CONFIGURED"
    REPLACE = "REPLACE"
    FORGET = "FORGET"
    DROP = "DROP"
    TEXT = "TEXT"


class CallBackDelays(StrEnum):
    """Which `callBackDelay` is taken, and when the next call comes.

    AS_GIVEN: any number above 0, to the second; one beyond the hook's time ends in a timeout.
    WHOLE_SECONDS: a number with a fraction counts as absent, which is 30 s.
    AT_LEAST_30: a smaller one becomes 30 s. ZERO_AT_ONCE: 0 is taken as it is.
    LATE: each call comes half as late again. LAST_CALL: a delay beyond the hook's time is cut, so
    that the hook is called once more before it times out.
    """

    AS_GIVEN = "AS_GIVEN"
    WHOLE_SECONDS = "WHOLE_SECONDS"
    AT_LEAST_30 = "AT_LEAST_30"
    ZERO_AT_ONCE = "ZERO_AT_ONCE"
    LATE = "LATE"
    LAST_CALL = "LAST_CALL"


class Throttling(StrEnum):
    """What an invocation does that Lambda throttled or failed itself (429, 5xx)."""

    ROLLS_BACK = "ROLLS_BACK"
    IS_RETRIED = "IS_RETRIED"


class Stopping(StrEnum):
    """When hooks that run end, once a rollback is asked for from outside.

    AT_ONCE: a late answer is not heard. AFTER_ANSWER: the call that runs is awaited, its answer
    shown and without effect. AFTER_HOOKS: hooks are called on until each has answered for good.
    """

    AT_ONCE = "AT_ONCE"
    AFTER_ANSWER = "AFTER_ANSWER"
    AFTER_HOOKS = "AFTER_HOOKS"


class TextDetails(StrEnum):
    """What a hook gets whose hookDetails CloudFormation has as JSON text, the documented form."""

    PARSED = "PARSED"
    AS_TEXT = "AS_TEXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One answer to every open question; the numbers are those of docs/control-plane.md.

    1 `execution_ids`; 2 `details_mode`, `text_details`; 3 `call_back_delays`; 4 `throttling`;
    5 `hook_events`: Lambda hooks emit "ECS Hook State Change"; `failure_events`: what failed
    without a circuit breaker emits SERVICE_DEPLOYMENT_FAILED; 6 `long_timeouts`: a Lambda hook may
    have more than 1440 minutes; 7 `stopping`; 8 `source_keys`: `aws:SourceAccount` and
    `aws:SourceArn` come with the AssumeRole of the hook's role; 9 `shows_reason`: the answer's
    `reason` becomes part of the status reason; 10 `qualified_targets`: a hook's target may be a
    version or an alias.
    """

    execution_ids: ExecutionIds = ExecutionIds.SAME
    details_mode: HookDetailsMode = HookDetailsMode.MERGE
    text_details: TextDetails = TextDetails.PARSED
    call_back_delays: CallBackDelays = CallBackDelays.AS_GIVEN
    throttling: Throttling = Throttling.ROLLS_BACK
    hook_events: bool = True
    failure_events: bool = True
    long_timeouts: bool = False
    stopping: Stopping = Stopping.AT_ONCE
    source_keys: bool = False
    shows_reason: bool = False
    qualified_targets: bool = True
