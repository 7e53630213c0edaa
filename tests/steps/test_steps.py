"""Prepare and Judge with fakes: what is data, what is raised, and what only counts once."""

import dataclasses
import json
from datetime import timedelta

import pytest

from state_machines.steps.judge import Judge
from state_machines.steps.prepare import Prepare, SettlingError
from testgate.aws.discovery import Discovery
from testgate.aws.ecs import LoadBalancerEntry, RevisionFacts
from testgate.aws.elbv2 import Elbv2, RuleFacts, listener_of
from testgate.core.binding import parse_question
from testgate.core.canonical import digest_of
from testgate.core.errors import InputError, UnavailableError
from testgate.core.evidence import Run
from testgate.core.facts import HookFacts
from testgate.core.handoff import ExecutionRef, Pointer
from testgate.core.layout import place_of, plan_key, suite_bundle_key
from testgate.core.outcomes import Outcome
from testgate.core.plan import MAX_RUNS, Plan
from testgate.core.reach import Listener
from testgate.core.routing import Condition
from testgate.core.states import parse_begun, parse_ready
from tests.core.samples import (
    BUNDLE,
    FUNCTION,
    GROUP,
    OTHER,
    START,
    deployment,
    evidence,
    failed,
    passed,
    plan,
    question,
    rule,
    suite,
)
from tests.fakes.ports import Failures, FakeBucket, FakeEcs

ENTRY = LoadBalancerEntry(container="web", test_rule="t", production_rule="p", resolved_group=GROUP)


class FakeElbv2(Elbv2):
    """Two rules and one target that tests change."""

    def __init__(self):
        self.rules = {"t": rule({GROUP: 100}, arn="t"), "p": rule({OTHER: 100}, arn="p")}
        self.conditions = ()
        self.above = []
        self.targets = [{"127.0.0.1:1": "healthy"}]
        self.failures = Failures()

    def rule(self, arn):
        self.failures.strike("rule")
        return RuleFacts(rule=self.rules[arn], conditions=self.conditions, priority=10)

    def rules_above(self, rule):
        return self.above

    def listener(self, rule_arn):
        port = 80 if rule_arn == "p" else 9001
        return Listener(
            arn=listener_of(rule_arn), protocol="HTTP", name="lb.example.com", port=port
        )

    def target_states(self, group_arn):
        return self.targets.pop(0) if len(self.targets) > 1 else self.targets[0]


def above(group, *conditions):
    return RuleFacts(rule=rule({group: 1}, arn="a/above"), conditions=conditions, priority=1)


class Stage:
    def __init__(self, facts=None, **details):
        self.question = question(**details)
        self.ecs = FakeEcs(
            facts or deployment(),
            RevisionFacts(images={"web": "shop:2"}, load_balancers=(ENTRY,)),
        )
        self.elbv2 = FakeElbv2()
        self.bucket = FakeBucket()
        self.sleeps: list[float] = []
        self.plan = plan()
        self.execution = ExecutionRef(
            arn="arn:execution", name=self.question.execution_name, started_at=START
        )
        discovery = Discovery(ecs=self.ecs, elbv2=self.elbv2)
        self.step = Prepare(
            ecs=self.ecs,
            discovery=discovery,
            bucket=self.bucket,
            hook_function_arn=FUNCTION,
            now=lambda: START,
        )
        self.judging = Judge(
            ecs=self.ecs,
            discovery=discovery,
            bucket=self.bucket,
            now=lambda: START + timedelta(seconds=9),
            sleep=self.sleeps.append,
        )
        self.publish(self.plan)

    def publish(self, of):
        self.plan = of
        self.bucket.objects[plan_key(of.digest)] = of.json.encode()
        self.bucket.objects["plans/gates/shop.json"] = json.dumps({"plan": of.digest}).encode()
        self.bucket.objects[suite_bundle_key(BUNDLE)] = b"zip"

    def prepare(self):
        raw = json.loads(self.question.input_json)
        return json.loads(json.dumps(self.step.prepare(self.execution, raw)))

    def judge(self, prepared, *results, **state):
        raw = json.loads(self.question.input_json)
        whole = {
            "prepare": {"payload": prepared},
            "so_far": {"number": 1, "results": [[], list(results)]},
        } | state
        return self.judging.judge(self.execution, raw, whole)

    def leave(self, left):
        """Store evidence as run_suite does; the pointer that it answers."""
        place = place_of(self.question.deployment, self.execution.name)
        key = place.evidence(left.run, "evidence.json")
        self.bucket.objects[key] = json.dumps(left.spell()).encode()
        return Pointer(run=left.run, digest=digest_of(self.bucket.objects[key])).spell()


def test_a_ready_run_names_what_is_due_and_until_when():
    prepared = Stage(TIMEOUT_SECONDS=600, PARAMETERS={"REGION": "eu"}).prepare()
    assert prepared["ready"] is True
    assert prepared["deadline"] == "2026-11-23T08:10:00.000Z"
    assert prepared["run"]["deadline"] == "2026-11-23T08:09:00.000Z"
    ((due,),) = prepared["waves"]
    assert due == {"suite": "smoke", "shard": 1, "attempt": 1, "task_timeout_s": 390}
    assert (prepared["wave_count"], prepared["run"]["judged_on"]) == (1, "2026-11-23")
    variables = prepared["run"]["variables"]
    assert variables["TESTGATE_IMAGE"] == "shop:2"
    assert variables["TESTGATE_PARAMETER_REGION"] == "eu"


def test_the_hooks_expiry_bounds_the_deadline_as_in_the_hook():
    expires = HookFacts(
        target_arn=FUNCTION,
        status="IN_PROGRESS",
        expires_at=START + timedelta(seconds=720),
        timeout_action="ROLLBACK",
    )
    assert Stage(deployment(hooks=(expires,))).prepare()["deadline"].endswith("08:10:00.000Z")


@pytest.mark.parametrize(
    ("change", "outcome", "says"),
    [
        (lambda s: s.bucket.objects.clear(), "infra_error", "gate 'shop' is not published"),
        (lambda s: s.bucket.objects.pop(plan_key(s.plan.digest)), "infra_error", "no plan sha256"),
        (
            lambda s: s.bucket.objects.update({plan_key(s.plan.digest): b"{}"}),
            "infra_error",
            "was tampered with",
        ),
        (lambda s: s.publish(plan(gate="other")), "infra_error", "is of gate 'other'"),
        (lambda s: setattr(s.ecs, "facts", deployment(status="STOPPED")), "aborted", "is STOPPED"),
        (lambda s: s.elbv2.rules.update(t=rule({OTHER: 100})), "infra_error", "100 % to"),
        (
            lambda s: setattr(
                s.elbv2, "conditions", (Condition(field="host-header", patterns=("x*",)),)
            ),
            "infra_error",
            "only takes requests with host-header x*",
        ),
        (
            lambda s: setattr(
                s.ecs, "revision_facts", RevisionFacts(images={}, load_balancers=(ENTRY, ENTRY))
            ),
            "infra_error",
            "not clear which one to test",
        ),
        (
            lambda s: s.elbv2.above.append(above(OTHER)),
            "infra_error",
            "has a higher priority than the rule under test",
        ),
        (
            lambda s: setattr(s, "execution", dataclasses.replace(s.execution, name="by-hand")),
            "infra_error",
            "not that of its input",
        ),
    ],
)
def test_a_run_that_cannot_begin_is_data_with_its_sentence(change, outcome, says):
    stage = Stage()
    change(stage)
    prepared = stage.prepare()
    assert (prepared["ready"], prepared["outcome"]) == (False, outcome)
    assert says in prepared["sentence"]
    output = stage.judge(prepared) if stage.execution.name != "by-hand" else None
    assert output is None or (output.outcome.value, says in output.sentence) == (outcome, True)


def test_rules_above_that_cannot_take_green_from_a_suite_are_harmless():
    stage = Stage()
    other_host = Condition(field="host-header", patterns=("other.example.com",))
    stage.elbv2.above = [above(GROUP), above(OTHER, other_host)]
    assert stage.prepare()["ready"] is True


def test_a_rule_above_that_needs_a_header_of_the_suites_own_is_fenced_off():
    stage = Stage()
    canary = Condition(field="http-header", patterns=("1",), name="X-Canary")
    stage.elbv2.above = [above(OTHER, canary)]
    prepared = stage.prepare()
    fence = {"header": "x-canary", "patterns": ["1"], "rule": "a/above"}
    assert prepared["run"]["fence"]["bars"] == [fence]
    stage.elbv2.above = []
    output = stage.judge(prepared, stage.leave(evidence(stage.plan, passed("a"))))
    assert "what requests must have changed while the tests ran" in output.sentence


@pytest.mark.parametrize(
    "details", [{"TEST_HEADERS": {"x-canary": "1"}}, {"TEST_HOST": "other.example.com"}]
)
def test_a_rule_above_that_takes_what_is_sent_refuses(details):
    stage = Stage(**details)
    stage.elbv2.above = [
        above(OTHER, Condition(field="http-header", patterns=("1",), name="X-Canary"))
        if "TEST_HEADERS" in details
        else above(OTHER, Condition(field="host-header", patterns=("other.example.com",)))
    ]
    prepared = stage.prepare()
    assert "listener rule above has a higher priority" in prepared["sentence"]


def test_a_listener_with_too_many_rules_to_fence_off_refuses():
    stage = Stage()
    stage.elbv2.above = [
        above(OTHER, Condition(field="http-header", patterns=("1",), name=f"x-{n}"))
        for n in range(11)
    ]
    assert "has a higher priority" in stage.prepare()["sentence"]


def test_what_green_needs_travels_to_the_relay_and_no_value_to_the_record():
    stage = Stage(TEST_HOST="green.example.com", TEST_HEADERS={"X-Key": "hunter2-hunter2"})
    prepared = stage.prepare()
    assert prepared["run"]["host"] == "green.example.com"
    assert prepared["run"]["headers"] == {"x-key": "hunter2-hunter2"}
    assert prepared["run"]["variables"]["TESTGATE_TEST_HOST"] == "green.example.com"
    left = evidence(stage.plan, passed("a"), input_digest=stage.question.digest)
    output = stage.judge(prepared, stage.leave(left))
    assert output.outcome is Outcome.PASSED
    record = json.loads(stage.bucket.objects[output.record_key])
    assert record["config"]["TEST_HEADERS"] == ["x-key"]
    assert record["identity"]["before"]["header_names"] == ["x-key"]
    assert not [key for key, body in stage.bucket.objects.items() if b"hunter2" in body]


@pytest.mark.parametrize(
    ("container", "says"),
    [
        (None, "web:80, web:9000; CONTAINER is not set"),
        ("web", "web:80, web:9000; CONTAINER is 'web'"),
        ("web:81", "CONTAINER is 'web:81'"),
        ("web:9000", "load balancer entry web:9000 has no testListenerRule"),
        ("web:80", ""),
    ],
)
def test_one_container_with_several_entries_is_told_apart_by_port(container, says):
    stage = Stage(**({"CONTAINER": container} if container else {}))
    entries = (
        dataclasses.replace(ENTRY, port=80),
        dataclasses.replace(ENTRY, port=9000, test_rule=""),
    )
    stage.ecs.revision_facts = RevisionFacts(images={}, load_balancers=entries)
    prepared = stage.prepare()
    assert prepared["ready"] is not bool(says)
    assert says in prepared.get("sentence", "")


def test_production_and_test_rule_may_share_a_listener():
    stage = Stage(TEST_ENDPOINT="http://lb.example.com:9001")
    prefix = "arn:aws:elasticloadbalancing:x:1:listener-rule/app/n/1/2"
    stage.elbv2.rules = {
        "t": rule({GROUP: 100}, arn=f"{prefix}/3"),
        "p": rule({OTHER: 100}, arn=f"{prefix}/4"),
    }
    assert stage.prepare()["ready"] is True


@pytest.mark.parametrize("endpoint", ["http://lb.example.com", "http://lb.example.com:80/"])
def test_an_endpoint_that_is_production_is_refused(endpoint):
    prepared = Stage(TEST_ENDPOINT=endpoint).prepare()
    assert "is the listener that is not under test" in prepared["sentence"]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: setattr(s.elbv2, "targets", [{"127.0.0.1:1": "draining"}]),
        lambda s: setattr(s.ecs, "facts", deployment(stage="TEST_TRAFFIC_SHIFT")),
    ],
)
def test_what_may_settle_is_raised_for_another_try(change):
    stage = Stage()
    change(stage)
    with pytest.raises(SettlingError):
        stage.prepare()


@pytest.mark.parametrize("call", ["deployment", "revision"])
def test_trouble_with_aws_is_raised_for_another_try(call):
    stage = Stage()
    stage.ecs.failures.add(call, UnavailableError("throttled"))
    with pytest.raises(UnavailableError):
        stage.prepare()


def test_a_named_endpoint_replaces_discovery_and_nothing_else():
    stage = Stage(TEST_ENDPOINT="https://green.example.com/")
    assert stage.prepare()["run"]["base_url"] == "https://green.example.com"
    stage.elbv2.rules["t"] = rule({OTHER: 100})
    assert stage.prepare()["ready"] is False


def test_a_clean_run_passes_and_is_recorded_before_it_answers():
    stage = Stage()
    prepared = stage.prepare()
    output = stage.judge(prepared, stage.leave(evidence(stage.plan, passed("a"))))
    assert output.outcome is Outcome.PASSED
    record = json.loads(stage.bucket.objects[output.record_key])
    assert record["input_digest"] == output.input_digest == stage.question.digest
    assert record["plan_digest"] == stage.plan.digest
    assert any(key.startswith("index/shop/web/") for key in stage.bucket.objects)


def test_the_first_record_stands_when_judge_runs_again():
    stage = Stage()
    prepared = stage.prepare()
    pointer = stage.leave(evidence(stage.plan, failed("a")))
    first = stage.judge(prepared, pointer)
    stage.leave(evidence(stage.plan, passed("a")))
    assert stage.judge(prepared, pointer) == first


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([], "left no result"),
        ([{"suite": "smoke", "shard": 1, "attempt": 1, "retry": 0}], "the runner stored none"),
        ([{"suite": "smoke", "shard": "x", "attempt": 1, "retry": 0}], "cannot be read"),
        ([{"suite": "other", "shard": 1, "attempt": 1, "retry": 0}], "which is not due"),
        ([None], "a result is None"),
        ([{"suite": "smoke"}], "a result cannot be read"),
        (["passed"], "a result is 'passed'"),
        (
            [
                {
                    "suite": "smoke",
                    "shard": 1,
                    "attempt": 1,
                    "crash": {"Error": "Lambda.Unknown", "Cause": '{"errorMessage": "gone"}'},
                }
            ],
            "could not run: Lambda.Unknown: gone",
        ),
    ],
)
def test_results_that_are_not_those_due_refuse(results, says):
    stage = Stage()
    output = stage.judge(stage.prepare(), *results)
    assert output.outcome is Outcome.INFRA_ERROR
    assert says in output.sentence


@pytest.mark.parametrize(
    "change",
    [
        {"input_digest": "sha256:" + "0" * 64},
        {"plan_digest": "sha256:" + "0" * 64},
        {"suite": "other"},
        {"shard": 2},
        {"attempt": 2},
        {"retry": 1},
        {"schema": "testgate.evidence/2"},
        {"exit_code": "0"},
        {"tests": None},
    ],
)
def test_evidence_of_anything_else_refuses(change):
    stage = Stage()
    prepared = stage.prepare()
    left = evidence(stage.plan, passed("a"))
    pointer = stage.leave(left)
    (key,) = [k for k in stage.bucket.objects if k.endswith("evidence.json")]
    stage.bucket.objects[key] = json.dumps(left.spell() | change).encode()
    digest = digest_of(stage.bucket.objects[key])
    output = stage.judge(prepared, pointer | {"evidence": digest})
    assert output.outcome is Outcome.INFRA_ERROR


def test_evidence_that_the_runner_did_not_store_refuses():
    stage = Stage()
    prepared = stage.prepare()
    pointer = stage.leave(evidence(stage.plan, failed("a")))
    stage.leave(evidence(stage.plan, passed("a")))
    output = stage.judge(prepared, pointer)
    assert output.outcome is Outcome.INFRA_ERROR
    assert "foreign evidence: the runner stored another" in output.sentence


def test_unreadable_evidence_of_an_advisory_suite_hides_nothing():
    stage = Stage()
    stage.publish(plan(suite(), suite("perf", blocking=False)))
    prepared = stage.prepare()
    good = stage.leave(evidence(stage.plan, passed("a")))
    bad = stage.leave(evidence(stage.plan, passed("a"), run=Run(suite="perf", shard=1)))
    (key,) = [k for k in stage.bucket.objects if "/perf/" in k]
    stage.bucket.objects[key] = b"{"
    output = stage.judge(prepared, good, bad | {"evidence": digest_of(b"{")})
    assert output.outcome is Outcome.PASSED
    assert "advisory and not passed: perf" in output.sentence


def test_an_execution_under_another_name_leaves_no_record():
    stage = Stage()
    prepared = stage.prepare()
    stage.execution = dataclasses.replace(stage.execution, name="started-by-hand")
    with pytest.raises(InputError, match="it has no record"):
        stage.judge(prepared)
    assert not any(key.startswith(("runs/", "index/")) for key in stage.bucket.objects)


def test_a_lost_index_entry_is_written_when_judge_runs_again():
    stage = Stage()
    prepared = stage.prepare()
    pointer = stage.leave(evidence(stage.plan, passed("a")))
    stage.judge(prepared, pointer)
    (entry,) = [key for key in stage.bucket.objects if key.startswith("index/")]
    del stage.bucket.objects[entry]
    stage.judge(prepared, pointer)
    assert entry in stage.bucket.objects


def test_a_rollback_that_changed_the_rules_is_called_what_it_is():
    stage = Stage()
    prepared = stage.prepare()
    pointer = stage.leave(evidence(stage.plan, passed("a")))
    stage.elbv2.rules["t"] = rule({OTHER: 100})
    stage.ecs.next_facts = [deployment(status="ROLLBACK_IN_PROGRESS")]
    assert stage.judge(prepared, pointer).outcome is Outcome.ABORTED


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"prepare_error": {"Error": "Runtime.ExitError", "Cause": ""}}, "prepare step failed"),
        (
            {
                "prepare_error": {
                    "Error": "SettlingError",
                    "Cause": '{"errorMessage": "b:1 drains"}',
                }
            },
            "b:1 drains",
        ),
        ({"waves_error": {"Error": "States.Runtime", "Cause": "x"}}, "the run step failed"),
        ({"so_far": {"results": None}}, "a result is None"),
    ],
)
def test_a_machine_that_stumbled_is_refused_with_the_reason(state, says):
    stage = Stage()
    output = stage.judge(stage.prepare(), **state)
    assert output.outcome is Outcome.INFRA_ERROR
    assert says in output.sentence


def test_a_moments_unhealthy_target_after_the_tests_is_looked_at_again():
    stage = Stage()
    prepared = stage.prepare()
    healthy = {"127.0.0.1:1": "healthy"}
    stage.elbv2.targets = [{"127.0.0.1:1": "unhealthy"}, healthy]
    output = stage.judge(prepared, stage.leave(evidence(stage.plan, passed("a"))))
    assert (output.outcome, len(stage.sleeps)) == (Outcome.PASSED, 1)


def rerun(stage, *tests, **changes):
    """Evidence of the shard's second run: the answer of the first one had got lost."""
    return evidence(stage.plan, *tests, run=Run(suite="smoke", shard=1, retry=1), **changes)


def test_a_failure_whose_answer_got_lost_is_not_forgotten():
    """Else a test would be tried again without its plan saying so."""
    stage = Stage()
    prepared = stage.prepare()
    stage.leave(evidence(stage.plan, failed("a")))
    output = stage.judge(prepared, stage.leave(rerun(stage, passed("a"))))
    assert output.outcome is Outcome.FAILED
    assert "1 of 1 tests in suite smoke failed" in output.sentence


@pytest.mark.parametrize(
    "first",
    [
        lambda s: s.leave(evidence(s.plan, passed("a"))),
        lambda s: s.leave(evidence(s.plan, failed("a"), plan_digest="sha256:" + "0" * 64)),
        lambda s: s.leave(evidence(s.plan, failed("a"), input_digest="sha256:" + "0" * 64)),
        lambda s: s.bucket.objects.update({key_of_first_run(s): b"no JSON"}),
        lambda s: s.bucket.objects.update({key_of_first_run(s): b"{}"}),
        lambda s: None,
    ],
    ids=["it passed", "another plan's", "another question's", "no JSON", "no evidence", "none"],
)
def test_what_else_an_unheard_run_left_neither_passes_nor_refuses(first):
    stage = Stage()
    prepared = stage.prepare()
    first(stage)
    output = stage.judge(prepared, stage.leave(rerun(stage, passed("a"), passed("b"))))
    assert (output.outcome, output.counts.total) == (Outcome.PASSED, 2)


def key_of_first_run(stage):
    place = place_of(stage.question.deployment, stage.execution.name)
    return place.evidence(Run(suite="smoke", shard=1), "evidence.json")


def test_a_target_that_came_and_went_while_judge_looked_undoes_a_pass():
    """It may have been another revision's, and it was there when the last test ran."""
    stage = Stage()
    prepared = stage.prepare()
    own = {"127.0.0.1:1": "healthy"}
    stage.elbv2.targets = [own | {"127.0.0.1:9": "healthy"}, own]
    output = stage.judge(prepared, stage.leave(evidence(stage.plan, passed("a"))))
    assert output.outcome is Outcome.INFRA_ERROR
    assert "targets that came and went while the tests ran" in output.sentence
    assert "127.0.0.1:9 was healthy" in output.sentence


def test_a_target_that_stays_unhealthy_undoes_a_pass_and_keeps_a_failure():
    for test, outcome in ((passed("a"), Outcome.INFRA_ERROR), (failed("a"), Outcome.FAILED)):
        stage = Stage()
        prepared = stage.prepare()
        stage.elbv2.targets = [{"127.0.0.1:1": "unhealthy"}]
        output = stage.judge(prepared, stage.leave(evidence(stage.plan, test)))
        assert output.outcome is outcome


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda s: setattr(s.ecs, "facts", deployment(status="STOPPED")), Outcome.ABORTED),
        (lambda s: s.elbv2.rules.update(t=rule({GROUP: 1, OTHER: 1})), Outcome.INFRA_ERROR),
        (lambda s: s.elbv2.rules.update(p=rule({GROUP: 100})), Outcome.INFRA_ERROR),
    ],
)
def test_what_changed_while_tests_ran_overrides_them(change, outcome):
    for test in (passed("a"), failed("a")):
        stage = Stage()
        prepared = stage.prepare()
        change(stage)
        output = stage.judge(prepared, stage.leave(evidence(stage.plan, test)))
        assert output.outcome is outcome


def test_an_input_that_is_no_question_has_no_verdict():
    with pytest.raises(InputError):
        Stage().judging.judge(Stage().execution, {"hello": "world"}, {})


def test_suites_named_alone_become_a_stored_plan():
    stage = Stage()
    stage.bucket.objects["plans/suites/pay.json"] = json.dumps(suite("pay").spell()).encode()
    raw = json.loads(stage.question.input_json)
    raw["config"] = {"TIMEOUT_SECONDS": 1800, "ON_CREATE": "run", "TEST_SUITES": ["pay"]}
    stage.question = parse_question(raw)
    stage.execution = dataclasses.replace(stage.execution, name=stage.question.execution_name)
    prepared = stage.prepare()
    assert prepared["gate"] == "pay"
    assert plan_key(prepared["plan_digest"]) in stage.bucket.objects


def test_the_largest_plan_fits_into_a_state():
    """Step Functions refuses a state of more than 262,144 bytes, past every Catch."""
    stage = Stage(PARAMETERS={"A": "x" * 1000})
    names = [f"{n}{'n' * 62}" for n in range(5)]
    largest = Plan(gate="shop", waves=(tuple(suite(name, shards=60) for name in names),))
    stage.publish(largest)
    prepared = stage.prepare()
    pointers = [
        Pointer(
            run=Run(suite=due.suite, shard=due.shard, attempt=5, retry=7),
            digest=largest.digest,
        ).spell()
        | {"again": False}
        for due in largest.due
    ]
    assert len(pointers) == MAX_RUNS
    ended = [[[], pointer] for pointer in pointers]
    state = {
        "prepare": {"payload": prepared},
        "check": {"go_on": True},
        "wave": ended,
        "so_far": {"number": 1, "results": [[], ended]},
    }
    assert len(json.dumps(state)) < 262_144 * 0.9


def states_told(stage):
    """What the steps told, by the last part of the key."""
    return {
        key.rpartition("/")[2]: json.loads(body)
        for key, body in stage.bucket.objects.items()
        if key.startswith("states/")
    }


def test_prepare_and_judge_tell_that_they_are_entered():
    stage = Stage()
    prepared = stage.prepare()
    told = states_told(stage)
    assert set(told) == {"prepare.json", "ready.json"}
    assert told["prepare.json"]["run_name"] == stage.execution.name
    assert parse_begun(told["prepare.json"]) is not None
    plan_told = parse_ready(told["ready.json"])
    assert plan_told is not None
    assert plan_told.waves == ((("smoke", 1),),)
    stage.judge(prepared, stage.leave(evidence(stage.plan, passed("a"))))
    assert "judge.json" in states_told(stage)


def test_prepare_tells_what_it_waits_for():
    stage = Stage()
    stage.elbv2.targets = [{"127.0.0.1:1": "initial"}]
    with pytest.raises(SettlingError) as raised:
        stage.prepare()
    assert states_told(stage)["prepare.json"]["waits_for"] == str(raised.value)


def test_no_step_minds_that_it_cannot_tell():
    stage = Stage()
    stage.bucket.failures.add("put", *[UnavailableError("later")] * 2)
    prepared = stage.prepare()
    assert prepared["ready"] is True
    stage.bucket.failures.add("put", UnavailableError("later"))
    output = stage.judge(prepared, stage.leave(evidence(stage.plan, passed("a"))))
    assert output.outcome is Outcome.PASSED
    assert states_told(stage) == {}
