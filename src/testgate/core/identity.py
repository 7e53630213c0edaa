"""Is it really green that is tested? Facts of ECS and the load balancer, compared.

Asked before the first test and after the last; both must hold and agree, because a real gate once
approved the old revision three times after an apply had reset the listener's weights. Pure;
standard library only. Imported by Prepare and Judge.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from testgate.core.binding import Question
from testgate.core.errors import InputError
from testgate.core.events import POST_PRODUCTION, is_before

FULL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A listener rule. `forwards` maps target group ARNs to weights of its one forward action."""

    arn: str
    actions: tuple[str, ...]
    forwards: Mapping[str, int]
    sticky: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What AWS said at one moment. `target_states` maps `<id>:<port>` to elbv2's health state.

    `rules_above` are rules of higher priority than the one under test that could take a request to
    the base URL and send it elsewhere than to green alone. `host` and the headers named are sent
    with every request to it; `reach_digest` changes with them, and tells no value.
    """

    deployment_status: str
    stage: str
    target_revision: str
    has_source: bool
    running_tasks: int
    resolved_group: str
    test_rule: Rule
    production_rule: Rule
    target_states: Mapping[str, str]
    base_url: str
    rules_above: tuple[str, ...] = ()
    image: str = ""
    image_digest: str = ""  # "" where ECS has not resolved it
    host: str = ""
    header_names: tuple[str, ...] = ()
    reach_digest: str = ""

    def spell(self) -> dict[str, object]:
        """As it stands in the record."""
        return {
            "deployment_status": self.deployment_status,
            "stage": self.stage,
            "target_revision": self.target_revision,
            "has_source": self.has_source,
            "running_tasks": self.running_tasks,
            "resolved_group": self.resolved_group,
            "test_rule": _spell_rule(self.test_rule),
            "production_rule": _spell_rule(self.production_rule),
            "target_states": dict(self.target_states),
            "base_url": self.base_url,
            "rules_above": list(self.rules_above),
            "image": self.image,
            "image_digest": self.image_digest,
            "host": self.host,
            "header_names": list(self.header_names),
            "reach_digest": self.reach_digest,
        }


class Finding(StrEnum):
    """What a failed check means."""

    MOVED_ON = "moved_on"  # the deployment no longer asks
    WRONG = "wrong"  # something else than green would be tested
    UNSETTLED = "unsettled"  # it may hold in a moment


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProblem:
    """Why green cannot be told apart now, in one sentence."""

    finding: Finding
    sentence: str


def deployment_problem(
    question: Question, status: str, stage: str, target_revision: str
) -> IdentityProblem | None:
    """(a): the deployment is in progress, at this stage, with this revision."""
    sentence = None
    if status == "PENDING" or (status == "IN_PROGRESS" and is_before(stage, question.stage)):
        # ECS's API is eventually consistent: its hook is called before this shows everywhere.
        return IdentityProblem(
            finding=Finding.UNSETTLED,
            sentence=f"the deployment is still {status} at {stage or 'no stage'}, and the question "
            f"was asked at {question.stage}",
        )
    if status != "IN_PROGRESS":
        sentence = f"the deployment is {status}: nobody waits for this verdict any more"
    elif stage != question.stage:
        sentence = f"the deployment is at {stage}, the question was asked at {question.stage}"
    elif target_revision != question.revision:
        sentence = (
            f"the deployment's target is revision {_tail(target_revision)}, "
            f"the question was asked of {_tail(question.revision)}"
        )
    return IdentityProblem(finding=Finding.MOVED_ON, sentence=sentence) if sentence else None


def identity_problem(question: Question, now: Snapshot) -> IdentityProblem | None:
    """The first of checks (a) to (e) that does not hold; None if all do."""
    return (
        deployment_problem(question, now.deployment_status, now.stage, now.target_revision)
        or _rule_problem(question, now)
        or _other_rule_problem(question, now)
        or _rules_above_problem(now)
        or _targets_problem(now)
    )


def drift_problem(before: Snapshot, after: Snapshot) -> IdentityProblem | None:
    """What changed between the first test and the last, if it makes the results doubtful."""
    watched = {
        "the test rule": (before.test_rule, after.test_rule),
        "the production rule": (before.production_rule, after.production_rule),
        "the revision's target group": (before.resolved_group, after.resolved_group),
        "the base URL": (before.base_url, after.base_url),
        "what requests must have": (before.reach_digest, after.reach_digest),
        "the set of rules above": (before.rules_above, after.rules_above),
    }
    changed = [name for name, (first, last) in watched.items() if first != last]
    if not changed:
        return None
    return IdentityProblem(
        finding=Finding.WRONG,
        sentence=f"{' and '.join(changed)} changed while the tests ran: they may have met another "
        "revision",
    )


def passing_target_problem(
    before: Snapshot, unsettled: Iterable[Snapshot], after: Snapshot
) -> IdentityProblem | None:
    """A target that could have answered tests, and is gone by the look that finds all in order:
    nothing says which revision it was of. One that was counted before the tests was green's."""
    known = before.target_states.keys() | after.target_states.keys()
    gone = {
        name: state
        for look in unsettled
        for name, state in look.target_states.items()
        if name not in known and state != "initial"
    }
    if not gone:
        return None
    listed = ", ".join(f"{name} was {state}" for name, state in sorted(gone.items())[:5])
    return IdentityProblem(
        finding=Finding.WRONG,
        sentence=f"{_group(after.resolved_group)} had targets that came and went while the tests "
        f"ran, so they may have met another revision: {listed}",
    )


def rule_under_test(question: Question, snapshot: Snapshot) -> Rule:
    """The rule whose traffic the suites follow: production's once production has shifted."""
    if question.stage == POST_PRODUCTION:
        return snapshot.production_rule
    return snapshot.test_rule


def _rule_problem(question: Question, now: Snapshot) -> IdentityProblem | None:
    """(b): one forward action, all of it to the revision's own group, no stickiness."""
    rule, group = rule_under_test(question, now), now.resolved_group
    weights = {arn: weight for arn, weight in rule.forwards.items() if weight}
    sentence = None
    if rule.actions != ("forward",):
        sentence = f"the rule under test has actions {list(rule.actions)}, expected one forward"
    elif set(weights) != {group}:
        sentence = (
            f"the rule under test sends {_spell_weights(rule)}, expected 100 % to "
            f"{_group(group)}, where revision {_tail(now.target_revision)} runs"
        )
    elif rule.sticky:
        sentence = "the rule under test is sticky: requests may keep going to another revision"
    return IdentityProblem(finding=Finding.WRONG, sentence=sentence) if sentence else None


def _other_rule_problem(question: Question, now: Snapshot) -> IdentityProblem | None:
    """(c): production sends nothing to green before its shift, and all of it afterwards."""
    if question.stage == POST_PRODUCTION or not now.has_source:
        return None
    if not now.production_rule.forwards.get(now.resolved_group):
        return None
    return IdentityProblem(
        finding=Finding.WRONG,
        sentence=f"production sends {_spell_weights(now.production_rule)}: green already serves "
        "production before its gate has answered",
    )


def _rules_above_problem(now: Snapshot) -> IdentityProblem | None:
    """(e): no rule of higher priority can take what is meant for green."""
    if not now.rules_above:
        return None
    return IdentityProblem(
        finding=Finding.WRONG,
        sentence=f"listener rule {_tail(now.rules_above[0])} has a higher priority than the rule "
        "under test and could send requests elsewhere than to green",
    )


def _targets_problem(now: Snapshot) -> IdentityProblem | None:
    """(d): every target of the group is healthy, and there are as many as running tasks."""
    unhealthy = {name: state for name, state in now.target_states.items() if state != "healthy"}
    sentence = None
    if not now.target_states:
        sentence = f"{_group(now.resolved_group)} has no targets"
    elif unhealthy:
        listed = ", ".join(f"{name} is {state}" for name, state in sorted(unhealthy.items())[:5])
        sentence = f"not every target of {_group(now.resolved_group)} is healthy: {listed}"
    elif len(now.target_states) != now.running_tasks:
        sentence = (
            f"{_group(now.resolved_group)} has {len(now.target_states)} targets and revision "
            f"{_tail(now.target_revision)} runs {now.running_tasks} tasks"
        )
    return IdentityProblem(finding=Finding.UNSETTLED, sentence=sentence) if sentence else None


def _spell_rule(rule: Rule) -> dict[str, object]:
    return {
        "arn": rule.arn,
        "actions": list(rule.actions),
        "forwards": dict(rule.forwards),
        "sticky": rule.sticky,
    }


def parse_snapshot(raw: object) -> Snapshot:
    """A spelled snapshot, as it travels from Prepare to Judge. Raises InputError, KeyError."""
    if not isinstance(raw, dict):
        raise InputError("a snapshot is not an object")
    rules = {
        name: Rule(
            arn=raw[name]["arn"],
            actions=tuple(raw[name]["actions"]),
            forwards=dict(raw[name]["forwards"]),
            sticky=raw[name]["sticky"],
        )
        for name in ("test_rule", "production_rule")
    }
    lists = {name: tuple(raw[name]) for name in ("rules_above", "header_names")}
    return Snapshot(**{**raw, **rules, **lists})


def _spell_weights(rule: Rule) -> str:
    total = sum(rule.forwards.values())
    if not total:
        return "nothing anywhere"
    parts = [
        f"{weight * FULL / total:g} % to {_group(arn)}"
        for arn, weight in sorted(rule.forwards.items())
        if weight
    ]
    return " and ".join(parts)


def _group(arn: str) -> str:
    """The readable name in a target group's ARN."""
    parts = arn.split("/")
    return f"target group {parts[1]}" if len(parts) > 1 else f"target group {arn}"


def _tail(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
