"""Plans: what a gate file adds up to, and what is stored of it."""

import json
from datetime import date
from typing import Any

from testgate.core.budget import budget_problem
from testgate.core.identity_check import IdentityCheck
from testgate.core.plan import Plan
from testgate.core.plan_problems import plan_problems, service_problem, timeout_problem
from testgate.core.plan_reading import parse_plan
from testgate.core.quarantine import QuarantineEntry
from testgate.core.thresholds import parse_threshold
from tests.bad_inputs.catalogue import BadInput
from tests.core.samples import plan, suite


def meant(of: Plan, given: str, says: str) -> BadInput:
    """A plan that publish would store."""
    return BadInput(kind="plan", given=given, act=lambda: "; ".join(plan_problems(of)), says=says)


def stored(given: str, says: str, **changes: Any) -> BadInput:
    """A stored plan, with other values of these keys."""
    raw = json.loads(plan().json) | changes
    return BadInput(kind="stored plan", given=given, act=lambda: parse_plan(raw), says=says)


def stored_suite(given: str, says: str, **changes: Any) -> BadInput:
    """A stored plan, with other values of these keys of its suite."""
    raw = json.loads(plan().json)
    raw["waves"][0][0] |= changes
    return BadInput(kind="stored plan", given=given, act=lambda: parse_plan(raw), says=says)


def fit(given: str, act: Any, says: str) -> BadInput:
    """A plan that does not fit what it is used for."""
    return BadInput(kind="plan", given=given, act=act, says=says)


TWICE = QuarantineEntry(test="test_a", owner="a", reason="b", expires=date(2026, 12, 1))
LIMITS = parse_threshold("requests > 1")

ROWS = (
    meant(plan(suite(), suite()), "two suites of one name", "suite 'smoke' is named twice"),
    meant(
        Plan(gate="shop", waves=((suite(),), ())), "a wave without suites", "wave 2 has no suite"
    ),
    meant(
        plan(suite(blocking=False)),
        "advisory suites alone",
        "gate 'shop' has no blocking suite: it could refuse nothing",
    ),
    meant(
        Plan(gate="shop", waves=((suite(),),), services=("web",)),
        'services = ["web"]',
        "services holds 'web', expected cluster/service, with * for any",
    ),
    meant(
        Plan(gate="shop", waves=((suite(),),), timeout_s=5),
        "timeout_s = 5",
        "timeout_s of [gate] is 5, expected 10 to 82800",
    ),
    meant(
        plan(*(suite(f"s{n}", shards=60) for n in range(6))),
        "6 suites of 60 shards",
        "gate 'shop' may come to 360 runs of shards, attempts included; at most 300 fit into an execution",
    ),
    meant(
        plan(suite("Smoke")),
        'name = "Smoke"',
        "suite 'Smoke': name is 'Smoke', expected lower-case letters, digits, - and _",
    ),
    meant(
        plan(suite(bundle="latest")),
        'bundle = "latest"',
        "suite 'smoke': bundle is 'latest', expected sha256:<64 hex>",
    ),
    meant(
        plan(suite(framework="cobol")),
        'framework = "cobol"',
        "suite 'smoke': framework 'cobol' is not known; use pytest, command, robot, schemathesis, locust, k6, newman, playwright",
    ),
    meant(
        plan(suite(command=("make",))),
        'framework = "pytest", command = ["make"]',
        "suite 'smoke': framework 'pytest' runs no command; leave it out, or use framework 'command'",
    ),
    meant(
        plan(suite(framework="command")),
        'framework = "command" without a command',
        "suite 'smoke': framework 'command' needs a command: the program and its arguments",
    ),
    meant(
        plan(suite(evidence=suite().evidence.__class__("exit-code"))),
        'framework = "pytest", evidence = "exit-code"',
        "suite 'smoke': framework 'pytest' writes a report; evidence 'exit-code' is for commands",
    ),
    meant(
        plan(
            suite(
                framework="command",
                command=("make",),
                evidence=suite().evidence.__class__("exit-code"),
                min_tests=2,
            )
        ),
        'evidence = "exit-code", min_tests = 2',
        "suite 'smoke': min_tests is 2, and an exit code counts as one test",
    ),
    meant(
        plan(suite(framework="command", command=("make",), shards=2)),
        "a command in two shards",
        "suite 'smoke': a suite of framework 'command' cannot be shared out to shards",
    ),
    meant(
        plan(suite(timeout_s=781)),
        "timeout_s = 781",
        "suite 'smoke': timeout_s is 781, expected 1 to 780",
    ),
    meant(
        plan(suite(min_tests=0)),
        "min_tests = 0",
        "suite 'smoke': min_tests is 0, expected 1 or more",
    ),
    meant(plan(suite(shards=0)), "shards = 0", "suite 'smoke': shards is 0, expected 1 to 64"),
    meant(plan(suite(attempts=9)), "attempts = 9", "suite 'smoke': attempts is 9, expected 1 to 5"),
    meant(
        plan(suite(thresholds=(LIMITS,) * 21)),
        "21 thresholds",
        "suite 'smoke': it has 21 thresholds, at most 20 are allowed",
    ),
    meant(
        plan(suite(quarantine=(TWICE, TWICE))),
        "a test quarantined twice",
        "suite 'smoke': test 'test_a' is quarantined twice",
    ),
    fit(
        'services = ["shop/*"], used by bank/web',
        lambda: service_problem(
            Plan(gate="shop", waves=((suite(),),), services=("shop/*",)), "bank", "web"
        ),
        "gate 'shop' is for services shop/*, not bank/web",
    ),
    fit(
        "timeout_s = 2400, used with TIMEOUT_SECONDS 1800",
        lambda: timeout_problem(Plan(gate="shop", waves=((suite(),),), timeout_s=2400), 1800),
        "gate 'shop' is published for 2400 s and TIMEOUT_SECONDS is 1800: set it to 2400 or more",
    ),
    fit(
        "3 suites of 700 s, one after another, in 1800 s",
        lambda: budget_problem(
            Plan(gate="shop", waves=tuple((suite(f"s{n}", timeout_s=700),) for n in range(3)))
        ),
        "the gate has 1800 s and its suites may take 2160 s (wave 1: 700 s + wave 2: 700 s + wave 3: 700 s + 60 s for the verdict): raise timeout_s of [gate], or lower that of suites",
    ),
    fit(
        "11 shards of 780 s, ten at a time, in 1500 s",
        lambda: budget_problem(
            Plan(gate="shop", waves=((suite(timeout_s=780, shards=11),),), timeout_s=1500)
        ),
        "the gate has 1500 s and its suites may take 1620 s (wave 1: 11 shards, 2 rounds of 780 s + 60 s for the verdict): raise timeout_s of [gate], or lower that of suites",
    ),
    fit(
        "a suite of 780 s and [identity], in 800 s",
        lambda: budget_problem(
            Plan(
                gate="shop",
                waves=((suite(timeout_s=780),),),
                timeout_s=800,
                identity=IdentityCheck(path="/version", jmespath="v", expect="{image_tag}"),
            )
        ),
        "the gate has 800 s and its suites may take 880 s (wave 1: 780 s + 40 s for identity + 60 s for the verdict): raise timeout_s of [gate], or lower that of suites",
    ),
    fit(
        "a result of suite perf",
        lambda: plan().suite("perf"),
        "the plan of gate 'shop' has no suite 'perf'",
    ),
    stored(
        "of another version",
        "not a plan of schema testgate.plan/1: publish the gate again, with this version",
        schema="testgate.plan/9",
    ),
    stored("without waves", "the plan lacks its gate or its waves", waves=None),
    stored(
        'services = "shop/web"', "the plan's services are not a list of texts", services="shop/web"
    ),
    stored('timeout_s = "600"', "the plan's timeout_s is no whole number", timeout_s="600"),
    stored(
        "with a key of another version",
        "the plan holds keys that this version does not know: publish the gate again, with this version",
        more=1,
    ),
    stored(
        "with a wave that is none", "the plan holds a wave that is no list of suites", waves=[7]
    ),
    stored("with a suite that is none", "the plan holds a suite that is no object", waves=[[7]]),
    stored_suite('min_tests = "1"', "suite 'smoke' lacks or misspells: min_tests", min_tests="1"),
    stored_suite(
        "command = [7]", "suite 'smoke' has a command that is no list of texts", command=[7]
    ),
    stored_suite('evidence = "none"', "suite 'smoke' has unknown evidence 'none'", evidence="none"),
    stored_suite("quarantine = 7", "suite 'smoke' has a quarantine that is no list", quarantine=7),
    stored_suite(
        "quarantine = [{}]",
        "a quarantine entry needs exactly: test, owner, reason, expires",
        quarantine=[{}],
    ),
    stored_suite(
        "thresholds = [7]",
        "threshold '7' is not of the form 'metric <= number' (with <, <=, > or >=), such as 'response_p95_ms <= 300'",
        thresholds=[7],
    ),
    stored_suite(
        'expires = "soon"',
        "a quarantine entry expires 'soon', not on a date",
        quarantine=[{"test": "a", "owner": "b", "reason": "c", "expires": "soon"}],
    ),
)
