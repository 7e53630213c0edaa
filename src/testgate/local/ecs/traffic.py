"""Which target group a revision uses, and moving traffic between two, through the elbv2 API.

Checks listener rules in the words of AWS's troubleshooting page. Imported by
`testgate.local.ecs` alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from testgate.local.ecs import reasons
from testgate.local.ecs.model import LoadBalancerEntry, ResolvedLoadBalancer, Stage, Strategy

Weights = dict[str, int]


class NetworkError(Exception):
    """Listener rules do not allow the deployment; the message is its status reason."""


class Traffic:
    """Listener rules of services, read and changed by API calls."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def resolve(
        self, entries: tuple[LoadBalancerEntry, ...], strategy: Strategy
    ) -> tuple[ResolvedLoadBalancer, ...]:
        """The groups for a new revision: those that production does not use at this moment.

        As ECS, this trusts the listener rules and not its own memory (seen: rules reset by
        another tool put both revisions in one group).

        Raises:
            NetworkError: the rules are not as a blue/green deployment needs them.
        """
        return tuple(self._resolve(entry, strategy) for entry in entries)

    def shift(self, stage: Stage, resolved: ResolvedLoadBalancer, *, to_target: bool) -> None:
        """Give the rule of TEST_ or PRODUCTION_TRAFFIC_SHIFT wholly to one of the two groups.

        Both groups stay listed, with weights 100 and 0. No rule, nothing to do.
        """
        entry = resolved.entry
        production = stage is Stage.PRODUCTION_TRAFFIC_SHIFT
        rule_arn = entry.production_rule_arn if production else entry.test_rule_arn
        if rule_arn is None or resolved.other_group_arn is None:
            return
        weights = {resolved.target_group_arn: 100, resolved.other_group_arn: 0}
        if not to_target:
            weights = {arn: 100 - weight for arn, weight in weights.items()}
        try:
            self._set_weights(rule_arn, weights)
        except ClientError as exc:
            raise NetworkError(_network_reason(exc)) from exc

    def _resolve(self, entry: LoadBalancerEntry, strategy: Strategy) -> ResolvedLoadBalancer:
        primary, alternate = entry.target_group_arn, entry.alternate_target_group_arn
        if strategy is Strategy.ROLLING or alternate is None or entry.production_rule_arn is None:
            return ResolvedLoadBalancer(entry=entry, target_group_arn=primary, other_group_arn=None)
        try:
            production = self._weights(entry.production_rule_arn)
            test = self._weights(entry.test_rule_arn) if entry.test_rule_arn else {}
        except ClientError as exc:
            raise NetworkError(_network_reason(exc)) from exc
        in_use = group_in_use(entry, production, test)
        green = alternate if in_use == primary else primary
        return ResolvedLoadBalancer(entry=entry, target_group_arn=green, other_group_arn=in_use)

    def _weights(self, rule_arn: str) -> Weights:
        rule = self._rule(rule_arn)
        return read_weights(rule["Actions"])

    def _rule(self, rule_arn: str) -> Mapping[str, Any]:
        answer = self._client("elbv2").describe_rules(RuleArns=[rule_arn])
        rule: Mapping[str, Any] = answer["Rules"][0]
        return rule

    def _set_weights(self, rule_arn: str, weights: Weights) -> None:
        rule = self._rule(rule_arn)
        actions = with_weights(rule["Actions"], weights)
        elbv2 = self._client("elbv2")
        if rule["IsDefault"]:
            listener_arn = rule_arn.replace(":listener-rule/", ":listener/").rpartition("/")[0]
            elbv2.modify_listener(ListenerArn=listener_arn, DefaultActions=actions)
        else:
            elbv2.modify_rule(RuleArn=rule_arn, Actions=actions)


def group_in_use(entry: LoadBalancerEntry, production: Weights, test: Weights) -> str:
    """The group that production traffic goes to.

    Raises:
        NetworkError: a group is in neither rule, or production serves another or several groups
            (documented).
    """
    both = (entry.target_group_arn, entry.alternate_target_group_arn)
    for arn in both:
        if arn not in production and arn not in test:
            raise NetworkError(
                reasons.rolled_back_by_network(
                    f": Target group {arn} is not associated with either productionListenerRule "
                    "or testListenerRule."
                )
            )
    serving = [arn for arn, weight in production.items() if weight > 0]
    if len(serving) != 1:
        raise NetworkError(
            reasons.rolled_back_by_network(
                f". productionListenerRule {entry.production_rule_arn} should have exactly one "
                f"target group serving traffic but found {len(serving)} target groups which are "
                "serving traffic"
            )
        )
    if serving[0] not in both:
        raise NetworkError(
            reasons.rolled_back_by_network(
                ". Production listener rule is forwarding traffic to unexpected target group "
                f"{serving[0]}. Expected traffic to be forwarded to either targetGroupArn: "
                f"{both[0]} or alternateTargetGroupArn: {both[1]}"
            )
        )
    return serving[0]


def read_weights(actions: Sequence[Mapping[str, Any]]) -> Weights:
    """Target group to weight of a rule's forward action; empty without one."""
    for action in actions:
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
        if groups:
            return {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups}
        if "TargetGroupArn" in action:
            return {action["TargetGroupArn"]: 1}
    return {}


def with_weights(actions: Sequence[Mapping[str, Any]], weights: Weights) -> list[dict[str, Any]]:
    """The actions with their forward action replaced; its stickiness is kept."""
    kept = [dict(action) for action in actions if action["Type"] != "forward"]
    before = next((action for action in actions if action["Type"] == "forward"), {})
    forward: dict[str, Any] = {
        "TargetGroups": [
            {"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()
        ]
    }
    stickiness = (before.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig")
    if stickiness:
        forward["TargetGroupStickinessConfig"] = stickiness
    replaced: dict[str, Any] = {"Type": "forward", "ForwardConfig": forward}
    if "Order" in before:
        replaced["Order"] = before["Order"]
    # A fixed response cannot stand beside a forward: the rule now forwards.
    return [a for a in kept if a["Type"].startswith("authenticate")] + [replaced]


def _network_reason(exc: ClientError) -> str:
    return reasons.rolled_back_by_network(f". {exc.response['Error']['Message']}")
