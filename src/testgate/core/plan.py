"""What a team publishes: a gate's plan as waves of suites, and its digest.

A plan fixes every (suite, shard) that is due; nothing else may decide what counts.
Standard library only; imported by publishing, the steps and the verdict.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from testgate.core.canonical import canonical_json, digest_of
from testgate.core.checks import Check
from testgate.core.errors import PlanError
from testgate.core.frameworks import FRAMEWORKS, HTTP
from testgate.core.identity_check import IdentityCheck
from testgate.core.provisions import (
    SecretReference,
)
from testgate.core.quarantine import QuarantineEntry
from testgate.core.thresholds import Threshold

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
