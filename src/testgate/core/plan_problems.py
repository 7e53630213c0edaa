"""What is wrong with a plan, with one of its suites, or with the deployment that asks for it.

Pure; standard library only; imported by publishing, attach, Prepare
and the reading of stored plans.
"""

from fnmatch import fnmatchcase

from testgate.core.canonical import DIGEST
from testgate.core.checks import checks_problems
from testgate.core.conditions import texts_in
from testgate.core.config import MAX_TIMEOUT_S, MIN_TIMEOUT_S
from testgate.core.frameworks import FRAMEWORKS, HTTP
from testgate.core.plan import (
    MAX_ATTEMPTS,
    MAX_PARALLEL,
    MAX_RUNS,
    MAX_SHARDS,
    MAX_SUITE_TIMEOUT_S,
    NAME,
    OF_FILES,
    EvidenceKind,
    Plan,
    Suite,
)
from testgate.core.provisions import (
    glob_problems,
    role_problem,
    variable_problems,
)
from testgate.core.quarantine import entry_problems
from testgate.core.thresholds import MAX_THRESHOLDS
from testgate.core.variables import unknown_variables


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


def _twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
