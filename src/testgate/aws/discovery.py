"""Takes the snapshot that identity is judged by: from ECS and the load balancer."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from testgate.aws.ecs import Ecs, LoadBalancerEntry, RevisionFacts
from testgate.aws.elbv2 import Elbv2, RuleFacts
from testgate.core.binding import Question
from testgate.core.errors import InputError
from testgate.core.events import POST_PRODUCTION
from testgate.core.facts import DeploymentFacts
from testgate.core.identity import Rule, Snapshot
from testgate.core.routing import Condition, could_take

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
        other = test if tested is production else production
        base_url = self._base_url(question, tested, other)
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
            base_url=base_url,
            rules_above=self._rules_above(tested, entry.resolved_group, base_url),
            image=revision.images.get(entry.container, ""),
        )

    def _rule(self, arn: str) -> RuleFacts:
        if not arn:
            raise InputError("the service's load balancer entry has no productionListenerRule")
        return self.elbv2.rule(arn)

    def _rules_above(self, tested: RuleFacts, group: str, base_url: str) -> tuple[str, ...]:
        """Rules that could take a request to the base URL before the one under test does."""
        host = urlsplit(base_url).hostname or ""
        return tuple(
            other.rule.arn
            for other in self.elbv2.rules_above(tested)
            if could_take(other.conditions, host) and not _leads_only_to(other.rule, group)
        )

    def _base_url(self, question: Question, tested: RuleFacts, other: RuleFacts | None) -> str:
        endpoint = question.config.test_endpoint
        if endpoint is not None:
            parts = urlsplit(endpoint)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            if other and (parts.hostname, port) == self.elbv2.address(other.rule.arn):
                raise InputError(
                    f"TEST_ENDPOINT {endpoint} is the listener that is not under test: "
                    "the other revision answers there"
                )
            return endpoint.rstrip("/")
        needed = [condition for condition in tested.conditions if not _is_catch_all(condition)]
        if needed:
            listed = ", ".join(
                f"{condition.field} {' or '.join(condition.patterns or ('a pattern',))}"
                for condition in needed
            )
            raise InputError(
                f"the rule under test only matches requests with {listed}; this version cannot "
                "add that: give the rule path pattern /*, or set TEST_ENDPOINT"
            )
        return self.elbv2.base_url(tested.rule.arn)


def _is_catch_all(condition: Condition) -> bool:
    return condition.field == "path-pattern" and bool({"/*", "*"} & set(condition.patterns or ()))


def _leads_only_to(rule: Rule, group: str) -> bool:
    weighted = {arn for arn, weight in rule.forwards.items() if weight}
    return rule.actions == ("forward",) and weighted == {group}


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
