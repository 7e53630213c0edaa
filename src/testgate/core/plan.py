"""What a team publishes: a gate's plan as waves of suites, and its digest.

A plan fixes every (suite, shard) that is due; nothing else may decide what counts.
Standard library only; imported by publishing, the steps and the verdict.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from testgate.core.canonical import DIGEST, canonical_json, digest_of
from testgate.core.errors import PlanError
from testgate.core.quarantine import QuarantineEntry, entry_problems, parse_entry

PLAN_SCHEMA = "testgate.plan/1"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MAX_SUITE_TIMEOUT_S = 780  # a Lambda function's 900 s, less its own start and its upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One suite as it is due. `bundle` is the digest of the published zip it runs from."""

    name: str
    bundle: str
    framework: str = "pytest"
    timeout_s: int = 300
    min_tests: int = 1
    blocking: bool = True
    shards: int = 1
    quarantine: tuple[QuarantineEntry, ...] = ()

    def spell(self) -> dict[str, object]:
        """As it stands in a plan; a key that says nothing is left out."""
        quarantine = [entry.spell() for entry in self.quarantine]
        return ({"quarantine": quarantine} if quarantine else {}) | {
            "name": self.name,
            "bundle": self.bundle,
            "runner": "lambda",
            "framework": self.framework,
            "timeout_s": self.timeout_s,
            "min_tests": self.min_tests,
            "blocking": self.blocking,
            "shards": self.shards,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One unit of work: a shard (1-based) of a suite."""

    suite: str
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Waves run one after another, the suites of a wave side by side. `services`: patterns of
    `cluster/service` that the gate is for; none means any."""

    gate: str
    waves: tuple[tuple[Suite, ...], ...]
    services: tuple[str, ...] = ()

    @property
    def suites(self) -> tuple[Suite, ...]:
        """All suites, in the order of their waves."""
        return tuple(suite for wave in self.waves for suite in wave)

    @property
    def due(self) -> frozenset[Due]:
        """Every (suite, shard) whose result the verdict needs."""
        return frozenset(due for suite in self.suites for due in shards_of(suite))

    @property
    def json(self) -> str:
        """The canonical text that is published."""
        services = {"services": list(self.services)} if self.services else {}
        return canonical_json(
            services
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
    for suite in plan.suites:
        problems += [f"suite {suite.name!r}: {problem}" for problem in suite_problems(suite)]
    return problems


def suite_problems(suite: Suite) -> list[str]:
    """What is wrong with one suite, each without its name."""
    checks = (
        (NAME.fullmatch(suite.name), f"name must match {NAME.pattern}"),
        (DIGEST.fullmatch(suite.bundle), "bundle must be sha256:<64 hex>"),
        (suite.framework == "pytest", f"framework {suite.framework!r} is not known; use pytest"),
        (
            1 <= suite.timeout_s <= MAX_SUITE_TIMEOUT_S,
            f"timeout_s is {suite.timeout_s}, expected 1 to {MAX_SUITE_TIMEOUT_S}",
        ),
        (suite.min_tests >= 1, f"min_tests is {suite.min_tests}, expected 1 or more"),
        (suite.shards == 1, f"shards is {suite.shards}; this version runs a suite in one shard"),
    )
    found = [problem for holds, problem in checks if not holds]
    return found + entry_problems(suite.quarantine)


def parse_plan(raw: object) -> Plan:
    """A stored plan. Raises PlanError with every problem."""
    if not isinstance(raw, dict) or raw.get("schema") != PLAN_SCHEMA:
        raise PlanError(f"not a plan of schema {PLAN_SCHEMA}")
    gate, waves = raw.get("gate"), raw.get("waves")
    if not isinstance(gate, str) or not isinstance(waves, list):
        raise PlanError("the plan lacks its gate or its waves")
    services = raw.get("services", [])
    if not isinstance(services, list) or not all(isinstance(item, str) for item in services):
        raise PlanError("the plan's services are not a list of texts")
    plan = Plan(
        gate=gate,
        waves=tuple(_parse_wave(wave) for wave in waves),
        services=tuple(services),
    )
    problems = plan_problems(plan)
    if problems:
        raise PlanError(*problems)
    if canonical_json(raw) != plan.json:
        raise PlanError("the plan holds keys that this version does not know")
    return plan


def parse_suite(raw: object) -> Suite:
    """A suite as spelled. Raises PlanError."""
    if not isinstance(raw, Mapping):
        raise PlanError("a suite is not an object")
    kinds = {
        "name": str,
        "bundle": str,
        "framework": str,
        "timeout_s": int,
        "min_tests": int,
        "blocking": bool,
        "shards": int,
    }
    wrong = [key for key, kind in kinds.items() if type(raw.get(key)) is not kind]
    if wrong:
        raise PlanError(f"suite {raw.get('name')!r} lacks or misspells: {', '.join(wrong)}")
    entries = raw.get("quarantine", [])
    if not isinstance(entries, list):
        raise PlanError(f"suite {raw['name']!r} has a quarantine that is no list")
    quarantine = tuple(parse_entry(entry) for entry in entries)
    return Suite(**{key: raw[key] for key in kinds}, quarantine=quarantine)


def _parse_wave(raw: object) -> tuple[Suite, ...]:
    if not isinstance(raw, list):
        raise PlanError("a wave is not a list of suites")
    return tuple(parse_suite(item) for item in raw)


def _twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
