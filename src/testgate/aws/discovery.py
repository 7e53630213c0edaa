"""Finds green, and takes the snapshot that identity is judged by: asks ECS and load balancer."""

from dataclasses import dataclass

from testgate.aws.ecs import Ecs, RevisionFacts, pick_entry
from testgate.aws.elbv2 import Elbv2, RuleFacts, listener_of
from testgate.core.binding import Question
from testgate.core.errors import InputError
from testgate.core.events import POST_PRODUCTION
from testgate.core.facts import DeploymentFacts
from testgate.core.identity import Rule, Snapshot
from testgate.core.reach import Reach, address_of, find_reach, with_bars
from testgate.core.routing import Bar, bar_of, could_take

MAX_BARS = 10  # they travel with every shard
_NO_RULE = Rule(arn="", actions=(), forwards={}, sticky=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was found: the snapshot, how requests get to green, and what runs there."""

    snapshot: Snapshot
    reach: Reach
    revision: RevisionFacts
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Who is asked. Raises PortError; InputError where the service cannot be gated as it is."""

    ecs: Ecs
    elbv2: Elbv2

    def look(self, question: Question, deployment: DeploymentFacts) -> Sight:
        """What ECS and the load balancer say of the question's revision now."""
        revision = self.ecs.revision(question.revision)
        entry = pick_entry(revision, question.config.container)
        production = self._rule(entry.production_rule)
        test = self._rule(entry.test_rule) if entry.test_rule else None
        tested = production if question.stage == POST_PRODUCTION else test
        if tested is None:
            raise InputError(
                f"load balancer entry {entry.name} has no testListenerRule: green has no endpoint "
                "of its own to be tested at before production shifts"
            )
        reach = self._reach(question, tested, test if tested is production else production)
        reach, above = self._fenced(tested, entry.resolved_group, reach)
        snapshot = Snapshot(
            deployment_status=deployment.status,
            stage=deployment.stage,
            target_revision=deployment.target_revision,
            has_source=deployment.has_source,
            running_tasks=deployment.running_tasks,
            resolved_group=entry.resolved_group,
            test_rule=test.rule if test else _NO_RULE,
            production_rule=production.rule,
            target_states=self.elbv2.target_states(entry.resolved_group),
            base_url=reach.base_url,
            rules_above=above,
            image=revision.images.get(entry.container, ""),
            image_digest=revision.image_digests.get(entry.container, ""),
            host=reach.host,
            header_names=tuple(sorted(reach.headers)),
            reach_digest=reach.digest,
        )
        return Sight(snapshot=snapshot, reach=reach, revision=revision, container=entry.container)

    def _rule(self, arn: str) -> RuleFacts:
        if not arn:
            raise InputError("the service's load balancer entry has no productionListenerRule")
        return self.elbv2.rule(arn)

    def _reach(self, question: Question, tested: RuleFacts, other: RuleFacts | None) -> Reach:
        listener = self.elbv2.listener(tested.rule.arn)
        endpoint = question.config.test_endpoint
        if endpoint and other and listener_of(other.rule.arn) != listener.arn:
            elsewhere = self.elbv2.listener(other.rule.arn)
            if address_of(endpoint) == (elsewhere.name.lower(), elsewhere.port):
                raise InputError(
                    f"TEST_ENDPOINT {endpoint} is the listener that is not under test: "
                    "the other revision answers there"
                )
        return find_reach(question.config, tested.conditions, listener)

    def _fenced(self, tested: RuleFacts, group: str, reach: Reach) -> tuple[Reach, tuple[str, ...]]:
        """Rules that could take a request for green before the one under test does: those that
        need a header of the suite's own are fenced off by the relay, the others are told."""
        above: list[str] = []
        bars: list[Bar] = []
        for other in self.elbv2.rules_above(tested):
            if _leads_only_to(other.rule, group) or not could_take(other.conditions, reach.sent):
                continue
            bar = bar_of(other.rule.arn, other.conditions, reach.sent)
            if bar is None or len(bars) == MAX_BARS:
                above.append(other.rule.arn)
            else:
                bars.append(bar)
        return with_bars(reach, bars), tuple(sorted(above))


def _leads_only_to(rule: Rule, group: str) -> bool:
    weighted = {arn for arn, weight in rule.forwards.items() if weight}
    return rule.actions == ("forward",) and weighted == {group}
