"""What really was earned: known from what the simulated suites did and who served them.

Shares nothing with the verdict of the code under test: it reads neither evidence nor plan.
Imported by the invariants.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from testgate.core.events import POST_PRODUCTION
from tests.schedules.aws.deployments import Deployment
from tests.schedules.aws.executions import Execution
from tests.schedules.journal import Epoch, SuiteFact
from tests.schedules.schedule import GateName, SuiteSpec
from tests.schedules.simulate import OTHER_SUITE, Happened


@dataclass(frozen=True, slots=True)
class Earned:
    """Whether a pass was earned, and if not, what is missing. `unseen` says that another revision
    served a suite at a time when no function looked: nothing that looks twice can see that."""

    missing: str = ""
    unseen: bool = False


def earned(happened: Happened, deployment: Deployment, stage: str, until_s: float) -> Earned:
    """Whether that deployment had earned to pass that stage by then."""
    executions = [
        execution
        for execution in happened.world.executions.by_arn.values()
        if _asks_for(execution, deployment, stage)
    ]
    best = Earned("no execution of this deployment, revision and stage")
    for execution in executions:
        if execution.redrives:
            best = Earned("its execution was redriven: its results are of different times")
            continue
        for suites in _plans(happened, execution):
            found = _by_suites(happened, execution, deployment, stage, suites, until_s)
            if not found.missing:
                return found
            best = found
    return best


def _asks_for(execution: Execution, deployment: Deployment, stage: str) -> bool:
    asked = json.loads(execution.input)
    wanted = (deployment.arn, deployment.target, stage)
    return (asked.get("deployment"), asked.get("revision"), asked.get("stage")) == wanted


def _plans(happened: Happened, execution: Execution) -> Iterator[tuple[SuiteSpec, ...]]:
    """The suites of each plan that was published while the execution could have read one."""
    republished_s = happened.world.republished_s
    if happened.schedule.setup.gate is not GateName.BY_NAME:
        republished_s = None
    if republished_s is None or republished_s > execution.started_s:
        yield happened.schedule.suites
    if republished_s is not None:
        yield (OTHER_SUITE,)


def _by_suites(
    happened: Happened,
    execution: Execution,
    deployment: Deployment,
    stage: str,
    suites: tuple[SuiteSpec, ...],
    until_s: float,
) -> Earned:
    unseen = False
    blocking = [suite for suite in suites if suite.blocking]
    if not blocking:
        return Earned("the plan has no blocking suite")
    passing = [
        fact
        for fact in happened.journal.suites
        if fact.execution == execution.arn and fact.ended_s <= until_s and fact.honest_pass
    ]
    for suite in blocking:
        own = [fact for fact in passing if fact.suite == suite.name]
        if not any(fact.asked_green for fact in own):
            return Earned(f"suite {suite.name} has not passed, or not asked green")
        for shard in range(1, suite.shards + 1):
            runs = [fact for fact in own if fact.shard == shard]
            served = {_served_by_green(happened, execution, run, deployment, stage) for run in runs}
            what = f"shard {shard} of suite {suite.name}"
            if not served:
                return Earned(f"{what} has not honestly passed in {execution.name[-8:]}")
            if served == {"wrong"}:
                return Earned(f"{what} was served by another revision, and one could see it")
            unseen |= "green" not in served
    return Earned(unseen=unseen)


def _served_by_green(
    happened: Happened, execution: Execution, run: SuiteFact, deployment: Deployment, stage: str
) -> str:
    """`green`, `unseen` or `wrong`: who served the requests of a run."""
    after = stage == POST_PRODUCTION
    verdict = "green"
    for epoch, ends_s in _epochs(happened.journal.epochs):
        serving = epoch.production if after else epoch.test
        overlaps = epoch.since_s < run.ended_s and ends_s > run.began_s
        if not overlaps or serving <= {deployment.target}:
            continue
        about = _abouts(deployment, after)
        looked = any(
            look.heard
            and look.execution == run.execution
            and epoch.since_s <= look.at_s < ends_s
            and look.about in about
            and look.shown - {deployment.target, deployment.green}
            for look in happened.journal.looks
        )
        if looked or _must_show(happened, execution, epoch.since_s, ends_s):
            return "wrong"
        verdict = "unseen"
    return verdict


def _must_show(happened: Happened, execution: Execution, since_s: float, until_s: float) -> bool:
    """Whether it was so all the time before the first test, or all the time after the last: then
    whoever looks before and after, as a gate must, cannot but see it."""
    runs = [fact for fact in happened.journal.suites if fact.execution == execution.arn]
    first_s = min(fact.began_s for fact in runs)
    last_s = max(fact.ended_s for fact in runs)
    ended_s = float("inf") if execution.ended_s is None else execution.ended_s
    return (since_s <= execution.started_s and until_s > first_s) or (
        since_s <= last_s and until_s > ended_s
    )


def _abouts(deployment: Deployment, after: bool) -> tuple[str, ...]:
    rule = "production" if after else "test"
    return rule, f"above {rule}", f"answer {rule}", deployment.green


def _epochs(epochs: list[Epoch]) -> Iterator[tuple[Epoch, float]]:
    """Each epoch and its end; neighbours in which the same revisions served are one."""
    merged: list[Epoch] = []
    for epoch in epochs:
        last = merged[-1] if merged else None
        if last is None or (last.test, last.production) != (epoch.test, epoch.production):
            merged.append(epoch)
    for epoch, following in zip(merged, [*merged[1:], None], strict=True):
        yield epoch, following.since_s if following else float("inf")
