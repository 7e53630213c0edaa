"""Takes the snapshot that identity is judged by: one question to ECS, four to the load balancer."""

from dataclasses import dataclass

from testgate.aws.ecs import Ecs, LoadBalancerEntry, RevisionFacts
from testgate.aws.elbv2 import Elbv2, RuleFacts
from testgate.core.binding import Question
from testgate.core.errors import InputError
from testgate.core.events import POST_PRODUCTION
from testgate.core.facts import DeploymentFacts
from testgate.core.identity import Rule, Snapshot

_NO_RULE = Rule(arn="", actions=(), forwards={}, sticky=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Who is asked. Raises PortError; InputError where the service cannot be gated as it is."""

    ecs: Ecs
    elbv2: Elbv2

    def snapshot(self, question: Question, deployment: DeploymentFacts) -> Snapshot:
        """What ECS and the load balancer say of the question's revision now."""
        revision = self.ecs.revision(question.revision)
        entry = pick_entry(revision, question.config.container)
        production = self._rule(entry.production_rule)
        test = self._rule(entry.test_rule) if entry.test_rule else None
        tested = production if question.stage == POST_PRODUCTION else test
        if tested is None:
            raise InputError(
                f"container {entry.container} has no testListenerRule: "
                "green has no endpoint of its own to be tested at"
            )
        return Snapshot(
            deployment_status=deployment.status,
            stage=deployment.stage,
            target_revision=deployment.target_revision,
            has_source=deployment.has_source,
            running_tasks=deployment.running_tasks,
            resolved_group=entry.resolved_group,
            test_rule=test.rule if test else _NO_RULE,
            production_rule=production.rule,
            target_states=self.elbv2.target_states(entry.resolved_group),
            base_url=self._base_url(question, tested),
            image=revision.images.get(entry.container, ""),
        )

    def _rule(self, arn: str) -> RuleFacts:
        if not arn:
            raise InputError("the service's load balancer entry has no productionListenerRule")
        return self.elbv2.rule(arn)

    def _base_url(self, question: Question, tested: RuleFacts) -> str:
        if question.config.test_endpoint is not None:
            return question.config.test_endpoint.rstrip("/")
        if tested.conditions:
            listed = ", ".join(f"{field} {value}" for field, value in tested.conditions.items())
            raise InputError(
                f"the rule under test only matches requests with {listed}; this version cannot "
                "add that: give the rule path pattern /*, or set TEST_ENDPOINT"
            )
        return self.elbv2.base_url(tested.rule.arn)


def pick_entry(revision: RevisionFacts, container: str | None) -> LoadBalancerEntry:
    """The load balancer entry to test: the only one, or the one that CONTAINER names."""
    entries = revision.load_balancers
    if container is not None:
        entries = tuple(entry for entry in entries if entry.container == container)
    if len(entries) != 1:
        names = ", ".join(entry.container for entry in revision.load_balancers) or "none"
        wanted = f"CONTAINER is {container!r}" if container else "CONTAINER is not set"
        raise InputError(
            f"the service has load balancer entries for: {names}; {wanted}, "
            "so it is not clear which one to test"
        )
    if not entries[0].resolved_group:
        raise InputError("ECS has not resolved which target group the revision runs in")
    return entries[0]
