"""What may happen to a deployment, as plain values: a setup, suites, and what disturbs them.

A schedule without disturbances is a clean run. Values print as the code that makes them, so that a
failing schedule can be read, and pasted into a test. Times are seconds of virtual time.
"""

from dataclasses import dataclass, fields
from enum import StrEnum

from testgate.core.events import POST_TEST


class _Value:
    """Prints only what differs from the default."""

    __slots__ = ()

    def __repr__(self) -> str:
        said = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)  # type: ignore[arg-type]
            if getattr(self, field.name) != field.default
        ]
        return f"{type(self).__name__}({', '.join(said)})"


class _Word(StrEnum):
    """Prints as code."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"


class Function(_Word):
    """The functions of the stack, whose calls can be disturbed."""

    HOOK = "hook"
    PREPARE = "prepare"
    CHECK = "check"
    RUN_SUITE = "run_suite"
    JUDGE = "judge"
    FINISH = "finish"
    CANCEL = "cancel"


class ApiFaultKind(_Word):
    """What becomes of one call to an AWS API. TIMED_OUT had no effect, LOST had its effect and no
    answer; ECHOED had its effect, no answer, and was repeated by the SDK itself; STALLED comes to
    its effect more than a minute late."""

    THROTTLED = "throttled"
    BROKEN = "broken"
    TIMED_OUT = "timed_out"
    LOST = "lost"
    ECHOED = "echoed"
    STALLED = "stalled"
    DENIED = "denied"
    DIES_BEFORE = "dies_before"
    DIES_AFTER = "dies_after"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApiFault(_Value):
    """The nth API call that a function makes, over all of its invocations, goes wrong."""

    function: Function
    nth: int
    kind: ApiFaultKind


class InvokeFaultKind(_Word):
    """What becomes of one invocation of a function by the state machine."""

    THROTTLED = "Lambda.TooManyRequestsException"
    BROKEN = "Lambda.ServiceException"
    NOT_READY = "Lambda.ResourceNotReadyException"
    CONFLICT = "Lambda.ResourceConflictException"
    LOST = "Lambda.SdkClientException"  # it ran, and nobody heard its answer
    EXITED = "Runtime.ExitError"
    OUT_OF_MEMORY = "Runtime.OutOfMemory"
    FROZEN = "frozen"  # it runs into its function's timeout, or the task's


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InvokeFault(_Value):
    """The nth invocation of a function goes wrong, and the following ones up to `times`."""

    function: Function
    nth: int
    kind: InvokeFaultKind
    times: int = 1


class HookQuirkKind(_Word):
    """What ECS does with one call of the hook."""

    LOST = "lost"  # never arrives; tried again after half a minute
    ANSWER_LOST = "answer_lost"  # arrives; tried again after half a minute
    DOUBLED = "doubled"  # two at once, the first answer counts
    DOUBLED_LAST = "doubled_last"  # two at once, the last answer counts
    REPEATED = "repeated"  # once more, `seconds` later, nobody listening
    LATE = "late"  # `seconds` after the delay that was asked for
    EARLY = "early"  # without the delay


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HookQuirk(_Value):
    """The nth call of the hook is not what the hook might expect."""

    nth: int
    kind: HookQuirkKind
    seconds: int = 5


class HandBackKind(_Word):
    """What ECS makes of the hookDetails that an answer returned."""

    MERGED = "merged"
    REPLACED = "replaced"
    DROPPED = "dropped"
    TEXT = "text"
    TEXT_OF_CONFIGURED = "text_of_configured"
    FOREIGN = "foreign"  # with another execution's ARN
    GARBAGE = "garbage"  # text that is no JSON


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HandBack(_Value):
    """From the nth call of the hook on."""

    nth: int
    kind: HandBackKind


class EventQuirkKind(_Word):
    """What EventBridge does with one event."""

    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EventQuirk(_Value):
    """The nth event of AWS's services, counted over all."""

    nth: int
    kind: EventQuirkKind
    seconds: int = 60


class Service(_Word):
    """AWS services that the functions call."""

    ECS = "ecs"
    STATES = "states"
    S3 = "s3"
    ELB = "elb"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Lag(_Value):
    """What a service tells is as old as this (of ECS and Step Functions, which are eventually
    consistent)."""

    service: Service
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outage(_Value):
    """Every call to a service fails, from `at` seconds after the first hook was asked."""

    service: Service
    at: int
    seconds: int


class ActKind(_Word):
    """What somebody does from outside."""

    STOP_DEPLOYMENT = "stop_deployment"
    SUPERSEDE = "supersede"
    STOP_EXECUTION = "stop_execution"
    REDRIVE = "redrive"  # the first execution that has failed; until one has, it is tried again
    START_EXECUTION = "start_execution"  # the very one that the hook would start
    FORGE_EXECUTION = "forge_execution"  # the right name, another input
    REPUBLISH = "republish"  # another plan under the same gate's name
    SPOIL_PLAN = "spoil_plan"  # the stored plan is changed under its digest
    DRIFT_TEST = "drift_test"  # the test rule leads to blue
    MIX_TEST = "mix_test"  # the test rule leads to both
    DRIFT_PRODUCTION = "drift_production"  # production leads to green too
    STICK = "stick"  # the test rule becomes sticky
    RULE_ABOVE = "rule_above"  # a rule of higher priority leads to blue
    OLD_TARGET = "old_target"  # a task of blue serves in green's group
    SICK_TARGET = "sick_target"  # a target of green is not healthy


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Act(_Value):
    """Happens `at` seconds after the first hook was asked, or right before the API call of that
    number of a function, if one is named. Lasts so many seconds, if it is of the kind that ends."""

    kind: ActKind
    at: int = 0
    function: Function | None = None
    lasts: int | None = None


Disturbance = ApiFault | InvokeFault | HookQuirk | HandBack | EventQuirk | Lag | Outage | Act


class Behaviour(_Word):
    """What one run of a suite does, and leaves."""

    PASSES = "passes"
    FLAKY = "flaky"
    FAILS = "fails"
    SKIPS_ALL = "skips_all"
    SKIPS_MOST = "skips_most"
    COLLECTS_NONE = "collects_none"
    FAILS_TO_COLLECT = "fails_to_collect"
    EXITS_ODDLY = "exits_oddly"
    EXIT_HIDES_FAILURES = "exit_hides_failures"
    EXIT_WITHOUT_FAILURE = "exit_without_failure"
    SEGFAULTS = "segfaults"
    KILLED = "killed"
    HANGS = "hangs"
    HANGS_UNKILLABLE = "hangs_unkillable"
    NO_REPORT = "no_report"
    FLOODS = "floods"  # passes, and prints 300 MB, of which the evidence keeps the end
    ASKS_NOBODY = "asks_nobody"
    UNCOUNTED = "uncounted"  # no relay was between it and green
    ONE_TEST_MANY_TIMES = "one_test_many_times"
    RAISES = "raises"
    BUNDLE_MISSING = "bundle_missing"
    OUT_OF_MEMORY = "out_of_memory"
    FREEZES = "freezes"  # with its function, past every deadline
    ANSWERS_NOTHING = "answers_nothing"
    ANSWERS_TEXT = "answers_text"
    ANSWERS_TOO_MUCH = "answers_too_much"
    NO_EVIDENCE = "no_evidence"
    OTHER_EVIDENCE = "other_evidence"  # not what its pointer's digest says
    FORGED_FIRST = "forged_first"  # the suite itself has written a pass where evidence goes
    FORGES_OTHERS = "forges_others"  # passes, and writes passes where others leave evidence
    EVIDENCE_OF_OTHER_PLAN = "evidence_of_other_plan"
    EVIDENCE_OF_OTHER_QUESTION = "evidence_of_other_question"
    EVIDENCE_OF_OTHER_RUN = "evidence_of_other_run"
    POINTS_TO_OTHER_SUITE = "points_to_other_suite"
    ANSWERS_PASSED = "answers_passed"  # as Judge would


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SuiteSpec(_Value):
    """One suite of the gate. Its nth run, over all executions, shards and attempts, has the nth
    behaviour; those beyond the last have the last."""

    name: str
    wave: int = 0
    blocking: bool = True
    seconds: int = 5
    timeout_s: int = 300
    shards: int = 1
    attempts: int = 1
    behaviours: tuple[Behaviour, ...] = (Behaviour.PASSES,)


class GateName(_Word):
    """How hookDetails name the gate."""

    BY_NAME = "by_name"
    PINNED = "pinned"
    BY_SUITES = "by_suites"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Setup(_Value):
    """How the service is configured. `pace` seeds how long calls take; 0 is always the same."""

    timeout_s: int = 1800
    hook_timeout_min: int = 60
    expiry_told: bool = True
    continues: bool = False
    stages: tuple[str, ...] = (POST_TEST,)
    observes: bool = False
    first_deployment: bool = False
    skips_first: bool = False
    gate: GateName = GateName.BY_NAME
    asks_identity: bool = False
    second_hook: str = ""  # the same function once more: "enforce" or "observe"
    configured_as_text: bool = False
    pace: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Schedule(_Value):
    """Everything that one simulation begins from."""

    setup: Setup = Setup()
    suites: tuple[SuiteSpec, ...] = (SuiteSpec(name="smoke"),)
    disturbances: tuple[Disturbance, ...] = ()
