"""A stored plan, read strictly: a key that this version does not know could be a condition that it
would not keep.

Pure; standard library only; imported by whatever reads a published plan.
"""

from collections.abc import Mapping

from testgate.core.canonical import canonical_json
from testgate.core.checks import read_check
from testgate.core.errors import PlanError
from testgate.core.identity_check import parse_check
from testgate.core.plan import (
    PARALLEL,
    PLAN_SCHEMA,
    EvidenceKind,
    FlakyPolicy,
    Plan,
    Suite,
)
from testgate.core.plan_problems import plan_problems
from testgate.core.provisions import (
    parse_secret,
)
from testgate.core.quarantine import parse_entry
from testgate.core.thresholds import parse_threshold


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
