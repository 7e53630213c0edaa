"""What a team publishes: a gate's plan as waves of suites, and its digest.

A plan fixes every (suite, shard) that is due; nothing else may decide what counts.
Standard library only; imported by publishing, the steps and the verdict.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from testgate.core.canonical import DIGEST, canonical_json, digest_of
from testgate.core.checks import Check, checks_problems, read_check
from testgate.core.conditions import texts_in
from testgate.core.config import DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S, MIN_TIMEOUT_S
from testgate.core.deadlines import ASK_S, JUDGE_RESERVE_S
from testgate.core.errors import PlanError
from testgate.core.frameworks import FRAMEWORKS, HTTP
from testgate.core.identity_check import IdentityCheck, parse_check
from testgate.core.provisions import (
    SecretReference,
    glob_problems,
    parse_secret,
    role_problem,
    variable_problems,
)
from testgate.core.quarantine import QuarantineEntry, entry_problems, parse_entry
from testgate.core.thresholds import MAX_THRESHOLDS, Threshold, parse_threshold
from testgate.core.variables import unknown_variables

PLAN_SCHEMA = "testgate.plan/1"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MAX_SUITE_TIMEOUT_S = 780  # a Lambda function's 900 s, less its own start and its upload
MAX_SHARDS = 64
MAX_ATTEMPTS = 5
PARALLEL = 10  # shards of a wave that run side by side, unless a gate says otherwise
MAX_PARALLEL = 40  # AWS runs no more of an inline Map side by side (documented)
MAX_RUNS = 300  # of a whole plan: a state's 256 KB and a history's 25,000 events hold so many


OF_FILES = tuple(name for name in FRAMEWORKS if name != HTTP)  # what a gate file may name


class Runner(StrEnum):
    """What runs a suite: its files in the runner's function, or the runner asks its checks."""

    LAMBDA = "lambda"
    HTTP = "http"


class EvidenceKind(StrEnum):
    """What a suite's pass rests on: a report of its tests, or its exit code as one test."""

    REPORT = "report"
    EXIT_CODE = "exit-code"


class FlakyPolicy(StrEnum):
    """Whether a suite passes with tests that only passed when they were tried again."""

    PASS = "pass"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One suite as it is due. `bundle` is the digest of the published zip it runs from, "" for a
    suite of checks, which stand in the plan.

    `timeout_s` is that of one attempt at one shard; `command` is what runs a suite of any framework
    but pytest. `environment`, `secrets`, `role` and `artifacts`: see provisions.
    """

    name: str
    bundle: str = ""
    framework: str = "pytest"
    timeout_s: int = 300
    min_tests: int = 1
    blocking: bool = True
    shards: int = 1
    attempts: int = 1
    thresholds: tuple[Threshold, ...] = ()
    quarantine: tuple[QuarantineEntry, ...] = ()
    command: tuple[str, ...] = ()
    evidence: EvidenceKind = EvidenceKind.REPORT
    flaky: FlakyPolicy = FlakyPolicy.PASS
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretReference] = field(default_factory=dict)
    role: str = ""
    artifacts: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def runner(self) -> Runner:
        """What runs it."""
        return Runner.HTTP if self.framework == HTTP else Runner.LAMBDA

    def spell(self) -> dict[str, object]:
        """As it stands in a plan; a key that says nothing is left out."""
        optional: dict[str, object] = {
            "bundle": self.bundle,
            "checks": [check.spell() for check in self.checks],
            "quarantine": [entry.spell() for entry in self.quarantine],
            "thresholds": [str(threshold) for threshold in self.thresholds],
            "command": list(self.command),
            "flaky": self.flaky.value if self.flaky is not FlakyPolicy.PASS else "",
            "environment": dict(self.environment),
            "secrets": {name: str(secret) for name, secret in self.secrets.items()},
            "role": self.role,
            "artifacts": list(self.artifacts),
        }
        return {key: told for key, told in optional.items() if told} | {
            "name": self.name,
            "runner": self.runner.value,
            "framework": self.framework,
            "timeout_s": self.timeout_s,
            "min_tests": self.min_tests,
            "blocking": self.blocking,
            "shards": self.shards,
            "attempts": self.attempts,
            "evidence": self.evidence.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One unit of work: a shard (1-based) of a suite."""

    suite: str
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Waves run one after another, the suites of a wave side by side. `services`: patterns of
    `cluster/service` that the gate is for; none means any. `timeout_s`: the TIMEOUT_SECONDS that
    the gate asks for, None if the default will do. `identity`: what green is asked besides, if
    anything. `parallel`: how many shards of a wave run side by side."""

    gate: str
    waves: tuple[tuple[Suite, ...], ...]
    services: tuple[str, ...] = ()
    timeout_s: int | None = None
    identity: IdentityCheck | None = None
    parallel: int = PARALLEL

    @property
    def suites(self) -> tuple[Suite, ...]:
        """All suites, in the order of their waves."""
        return tuple(suite for wave in self.waves for suite in wave)

    def suite(self, name: str) -> Suite:
        """The suite of that name. Raises PlanError."""
        found = next((suite for suite in self.suites if suite.name == name), None)
        if found is None:
            raise PlanError(f"the plan of gate {self.gate!r} has no suite {name!r}")
        return found

    @property
    def due(self) -> frozenset[Due]:
        """Every (suite, shard) whose result the verdict needs."""
        return frozenset(due for suite in self.suites for due in shards_of(suite))

    @property
    def json(self) -> str:
        """The canonical text that is published."""
        optional: dict[str, object] = {
            "services": list(self.services),
            "timeout_s": self.timeout_s,
            "identity": self.identity.spell() if self.identity else None,
            "parallel": self.parallel if self.parallel != PARALLEL else None,
        }
        return canonical_json(
            {key: value for key, value in optional.items() if value}
            | {
                "schema": PLAN_SCHEMA,
                "gate": self.gate,
                "waves": [[suite.spell() for suite in wave] for wave in self.waves],
            }
        )

    @property
    def digest(self) -> str:
        """The digest that a plan is stored and pinned by."""
        return digest_of(self.json)


def shards_of(suite: Suite) -> Iterator[Due]:
    """The units of work of one suite."""
    return (Due(suite=suite.name, shard=shard) for shard in range(1, suite.shards + 1))


def service_problem(plan: Plan, cluster: str, service: str) -> str | None:
    """Why this gate may not judge that service; None if it may."""
    name = f"{cluster}/{service}"
    if not plan.services or any(fnmatchcase(name, pattern) for pattern in plan.services):
        return None
    return f"gate {plan.gate!r} is for services {', '.join(plan.services)}, not {name}"


def timeout_problem(plan: Plan, timeout_s: int) -> str | None:
    """Why a gate's TIMEOUT_SECONDS is not what its plan asks for; None if it is enough."""
    if plan.timeout_s is None or timeout_s >= plan.timeout_s:
        return None
    return (
        f"gate {plan.gate!r} is published for {plan.timeout_s} s and TIMEOUT_SECONDS is "
        f"{timeout_s}: set it to {plan.timeout_s} or more"
    )


def budget_problem(plan: Plan) -> str | None:
    """Why the suites' own limits do not fit into the gate's; None if they do.

    Asked when a plan is published: waves follow each other, and of a wave `parallel` shards run at
    a time, each for its suite's `timeout_s` at most, as often as it has attempts.
    """
    budget = budget_of(plan)
    if budget.needed_s <= budget.allowed_s:
        return None
    return (
        f"the gate has {budget.allowed_s} s and its suites may take {budget.needed_s} s "
        f"({budget.how}): raise timeout_s of [gate], or lower that of suites"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most seconds that a gate may need, how they come about, and those that it has."""

    needed_s: int
    allowed_s: int
    how: str


def budget_of(plan: Plan) -> Budget:
    """What a plan's own limits come to, with the time for identity and verdict."""
    needs = [wave_limit(wave, plan.parallel) for wave in plan.waves]
    asking_s = 2 * ASK_S if plan.identity else 0
    parts = [f"wave {number}: {how}" for number, (_, how) in enumerate(needs, 1)]
    parts += [f"{asking_s} s for identity"] if asking_s else []
    parts.append(f"{JUDGE_RESERVE_S} s for the verdict")
    return Budget(
        needed_s=sum(need_s for need_s, _ in needs) + asking_s + JUDGE_RESERVE_S,
        allowed_s=plan.timeout_s or DEFAULT_TIMEOUT_S,
        how=" + ".join(parts),
    )


def wave_limit(wave: tuple[Suite, ...], parallel: int = PARALLEL) -> tuple[int, str]:
    """The most seconds that a wave may take, and how they come about."""
    runs = sum(suite.shards for suite in wave)
    rounds = -(-runs // parallel)
    longest_s = max((suite.timeout_s * suite.attempts for suite in wave), default=0)
    how = f"{longest_s} s" if rounds == 1 else f"{runs} shards, {rounds} rounds of {longest_s} s"
    return rounds * longest_s, how


def plan_problems(plan: Plan) -> list[str]:
    """All that is wrong with a plan. Lint, publish, Prepare and Judge each ask this."""
    problems = []
    names = [suite.name for suite in plan.suites]
    problems += [f"suite {name!r} is named twice" for name in sorted(_twice(names))]
    problems += [f"wave {n} has no suite" for n, wave in enumerate(plan.waves, 1) if not wave]
    if not any(suite.blocking for suite in plan.suites):
        problems.append(f"gate {plan.gate!r} has no blocking suite: it could refuse nothing")
    problems += [
        f"services holds {pattern!r}, expected cluster/service, with * for any"
        for pattern in plan.services
        if pattern.count("/") != 1
    ]
    runs = sum(suite.shards * suite.attempts for suite in plan.suites)
    if runs > MAX_RUNS:
        problems.append(
            f"gate {plan.gate!r} may come to {runs} runs of shards, attempts included; at most "
            f"{MAX_RUNS} fit into an execution"
        )
    if plan.timeout_s is not None and not MIN_TIMEOUT_S <= plan.timeout_s <= MAX_TIMEOUT_S:
        problems.append(
            f"timeout_s of [gate] is {plan.timeout_s}, expected {MIN_TIMEOUT_S} to {MAX_TIMEOUT_S}"
        )
    if not 1 <= plan.parallel <= MAX_PARALLEL:
        problems.append(f"parallel of [gate] is {plan.parallel}, expected 1 to {MAX_PARALLEL}")
    for suite in plan.suites:
        problems += [f"suite {suite.name!r}: {problem}" for problem in suite_problems(suite)]
    return problems


def suite_problems(suite: Suite) -> list[str]:
    """What is wrong with one suite, each without its name."""
    checks = (
        (
            NAME.fullmatch(suite.name),
            f"name is {suite.name[:100]!r}, expected lower-case letters, digits, - and _",
        ),
        (
            suite.framework == HTTP or DIGEST.fullmatch(suite.bundle),
            f"bundle is {suite.bundle[:100]!r}, expected sha256:<64 hex>",
        ),
        (suite.framework != HTTP or not suite.bundle, "a suite of checks has no bundle"),
        (
            bool(suite.checks) == (suite.framework == HTTP),
            f"framework {suite.framework!r} has {len(suite.checks)} checks; runner 'http' needs "
            "some, and no other has any",
        ),
        (
            not suite.checks or suite.min_tests <= len(suite.checks),
            f"min_tests is {suite.min_tests}, and it has {len(suite.checks)} checks",
        ),
        (
            suite.framework in FRAMEWORKS,
            f"framework {suite.framework!r} is not known; use {', '.join(OF_FILES)}",
        ),
        (
            not suite.command or _runs_command(suite),
            f"framework {suite.framework!r} runs no command; leave it out, or use framework "
            "'command'",
        ),
        (
            bool(suite.command) or not _runs_command(suite),
            f"framework {suite.framework!r} needs a command: the program and its arguments",
        ),
        (
            suite.evidence is EvidenceKind.REPORT or suite.framework == "command",
            f"framework {suite.framework!r} writes a report; evidence 'exit-code' is for commands",
        ),
        (
            suite.evidence is EvidenceKind.REPORT or suite.min_tests == 1,
            f"min_tests is {suite.min_tests}, and an exit code counts as one test",
        ),
        (
            suite.shards == 1
            or suite.framework not in FRAMEWORKS
            or FRAMEWORKS[suite.framework].shards,
            f"a suite of framework {suite.framework!r} cannot be shared out to shards",
        ),
        (
            1 <= suite.timeout_s <= MAX_SUITE_TIMEOUT_S,
            f"timeout_s is {suite.timeout_s}, expected 1 to {MAX_SUITE_TIMEOUT_S}",
        ),
        (suite.min_tests >= 1, f"min_tests is {suite.min_tests}, expected 1 or more"),
        (
            1 <= suite.shards <= MAX_SHARDS,
            f"shards is {suite.shards}, expected 1 to {MAX_SHARDS}",
        ),
        (
            1 <= suite.attempts <= MAX_ATTEMPTS,
            f"attempts is {suite.attempts}, expected 1 to {MAX_ATTEMPTS}",
        ),
        (
            len(suite.thresholds) <= MAX_THRESHOLDS,
            f"it has {len(suite.thresholds)} thresholds, at most {MAX_THRESHOLDS} are allowed",
        ),
    )
    found = [problem for holds, problem in checks if not holds]
    found += checks_problems(suite.checks)
    asked = [text for check in suite.checks for text in texts_in(check.spell())]
    found += unknown_variables(asked, {*suite.environment, *suite.secrets})
    names = {check.name for check in suite.checks}
    unknown = [entry.test for entry in suite.quarantine if names and entry.test not in names]
    found += [f"quarantine names {test!r}, which is none of its checks" for test in unknown]
    found += entry_problems(suite.quarantine)
    found += variable_problems(suite.environment, suite.secrets)
    found += glob_problems(suite.artifacts)
    role = role_problem(suite.role)
    return found + ([role] if role else [])


def _runs_command(suite: Suite) -> bool:
    """An unknown framework is a problem of its own, and no other."""
    known = FRAMEWORKS.get(suite.framework)
    return bool(suite.command) if known is None else known.runs_command


def parse_plan(raw: object) -> Plan:
    """A stored plan. Raises PlanError with every problem."""
    if not isinstance(raw, dict) or raw.get("schema") != PLAN_SCHEMA:
        raise PlanError(
            f"not a plan of schema {PLAN_SCHEMA}: publish the gate again, with this version"
        )
    gate, waves = raw.get("gate"), raw.get("waves")
    if not isinstance(gate, str) or not isinstance(waves, list):
        raise PlanError("the plan lacks its gate or its waves")
    services = raw.get("services", [])
    if not isinstance(services, list) or not all(isinstance(item, str) for item in services):
        raise PlanError("the plan's services are not a list of texts")
    timeout_s = raw.get("timeout_s")
    if timeout_s is not None and type(timeout_s) is not int:
        raise PlanError("the plan's timeout_s is no whole number")
    parallel = raw.get("parallel", PARALLEL)
    if type(parallel) is not int:
        raise PlanError("the plan's parallel is no whole number")
    plan = Plan(
        gate=gate,
        waves=tuple(_parse_wave(wave) for wave in waves),
        services=tuple(services),
        timeout_s=timeout_s,
        identity=parse_check(raw["identity"]) if "identity" in raw else None,
        parallel=parallel,
    )
    problems = plan_problems(plan)
    if problems:
        raise PlanError(*problems)
    if canonical_json(raw) != plan.json:
        raise PlanError(
            "the plan holds keys that this version does not know: publish the gate again, with "
            "this version"
        )
    return plan


def parse_suite(raw: object) -> Suite:
    """A suite as spelled. Raises PlanError."""
    if not isinstance(raw, Mapping):
        raise PlanError("the plan holds a suite that is no object")
    kinds = {
        "name": str,
        "framework": str,
        "timeout_s": int,
        "min_tests": int,
        "blocking": bool,
        "shards": int,
        "attempts": int,
        "evidence": str,
    }
    wrong = [key for key, kind in kinds.items() if type(raw.get(key)) is not kind]
    if wrong:
        raise PlanError(f"suite {raw.get('name')!r} lacks or misspells: {', '.join(wrong)}")
    command = _list_in(raw, "command")
    if not all(isinstance(word, str) for word in command):
        raise PlanError(f"suite {raw['name']!r} has a command that is no list of texts")
    if not isinstance(raw.get("bundle", ""), str):
        raise PlanError(f"suite {raw['name']!r} has a bundle that is no text")
    if raw["evidence"] not in [kind.value for kind in EvidenceKind]:
        raise PlanError(f"suite {raw['name']!r} has unknown evidence {raw['evidence']!r}")
    flaky = raw.get("flaky", FlakyPolicy.PASS.value)
    if flaky not in [policy.value for policy in FlakyPolicy]:
        raise PlanError(f"suite {raw['name']!r} has unknown flaky {flaky!r}")
    artifacts = _list_in(raw, "artifacts")
    if not all(isinstance(glob, str) for glob in artifacts):
        raise PlanError(f"suite {raw['name']!r} has artifacts that are no list of texts")
    role = raw.get("role", "")
    if not isinstance(role, str):
        raise PlanError(f"suite {raw['name']!r} has a role that is no text")
    secrets = _texts_in(raw, "secrets")
    return Suite(
        **({key: raw[key] for key in kinds} | {"evidence": EvidenceKind(raw["evidence"])}),
        bundle=str(raw.get("bundle", "")),
        checks=tuple(read_check(each) for each in _list_in(raw, "checks")),
        command=tuple(map(str, command)),
        quarantine=tuple(parse_entry(entry) for entry in _list_in(raw, "quarantine")),
        thresholds=tuple(parse_threshold(text) for text in _list_in(raw, "thresholds")),
        flaky=FlakyPolicy(flaky),
        environment=_texts_in(raw, "environment"),
        secrets={name: parse_secret(text) for name, text in secrets.items()},
        role=role,
        artifacts=tuple(map(str, artifacts)),
    )


def _list_in(raw: Mapping[str, object], key: str) -> list[object]:
    found = raw.get(key, [])
    if not isinstance(found, list):
        raise PlanError(f"suite {raw['name']!r} has a {key} that is no list")
    return found


def _texts_in(raw: Mapping[str, object], key: str) -> dict[str, str]:
    found = raw.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise PlanError(f"suite {raw['name']!r} has {key} that is no table of texts")
    return found


def _parse_wave(raw: object) -> tuple[Suite, ...]:
    if not isinstance(raw, list):
        raise PlanError("the plan holds a wave that is no list of suites")
    return tuple(parse_suite(item) for item in raw)


def _twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
