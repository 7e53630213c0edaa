"""Elastic Load Balancing: rules, addresses and targets as identity checks need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.errors import InputError, NotFoundError
from testgate.core.identity import Rule
from testgate.core.reach import Listener
from testgate.core.routing import Condition

_DEFAULT_PRIORITY = 1_000_000  # behind every other: priorities go to 50,000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """A rule, what a request must have to match it, and its place (the default rule is last)."""

    rule: Rule
    conditions: tuple[Condition, ...]
    priority: int


class Elbv2:
    """Load balancers of one account. Raises PortError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def rule(self, arn: str) -> RuleFacts:
        """The rule of that ARN."""
        if ":listener-rule/app/" not in arn:
            raise InputError(
                f"{arn!r} is no listener rule of an Application Load Balancer; this version can "
                "gate no other kind"
            )
        with port_errors("looking at the listener rule"):
            rules = self._client.describe_rules(RuleArns=[arn])["Rules"]
        if not rules:
            raise NotFoundError(f"there is no listener rule {arn}")
        return _rule_facts(rules[0], arn)

    def rules_above(self, rule: RuleFacts) -> list[RuleFacts]:
        """The rules of the same listener that are asked before this one."""
        with port_errors("looking at the listener's rules"):
            pages = self._client.get_paginator("describe_rules").paginate(
                ListenerArn=listener_of(rule.rule.arn)
            )
            rules = [_rule_facts(raw, raw["RuleArn"]) for page in pages for raw in page["Rules"]]
        return [other for other in rules if other.priority < rule.priority]

    def listener(self, rule_arn: str) -> Listener:
        """The listener that a rule belongs to, and where its load balancer is."""
        arn = listener_of(rule_arn)
        with port_errors("looking at the listener"):
            listener = self._client.describe_listeners(ListenerArns=[arn])["Listeners"][0]
            balancers = self._client.describe_load_balancers(
                LoadBalancerArns=[listener["LoadBalancerArn"]]
            )
        balancer = balancers["LoadBalancers"][0]
        return Listener(
            arn=arn,
            protocol=listener["Protocol"],
            name=balancer["DNSName"],
            port=int(listener["Port"]),
            internal=balancer.get("Scheme") == "internal",
        )

    def target_states(self, group_arn: str) -> dict[str, str]:
        """`<id>:<port>` to health state, for every target of a group."""
        with port_errors("looking at the targets"):
            answer = self._client.describe_target_health(TargetGroupArn=group_arn)
        return {
            f"{item['Target']['Id']}:{item['Target'].get('Port', 0)}": item["TargetHealth"]["State"]
            for item in answer["TargetHealthDescriptions"]
        }


def listener_of(rule_arn: str) -> str:
    """The ARN of the listener that a rule belongs to.

    `…:listener-rule/app/NAME/LB/LISTENER/RULE` becomes `…:listener/app/NAME/LB/LISTENER`.
    """
    return rule_arn.replace(":listener-rule/", ":listener/").rsplit("/", 1)[0]


def _rule_facts(raw: Mapping[str, Any], arn: str) -> RuleFacts:
    actions = raw.get("Actions") or []
    forwards: dict[str, int] = {}
    sticky = False
    for action in actions:
        config = action.get("ForwardConfig") or {}
        for group in config.get("TargetGroups") or ():
            forwards[group["TargetGroupArn"]] = int(group.get("Weight", 1))
        sticky |= bool((config.get("TargetGroupStickinessConfig") or {}).get("Enabled"))
        if not config and action.get("TargetGroupArn"):
            forwards[action["TargetGroupArn"]] = 1
    priority = str(raw.get("Priority", "default"))
    return RuleFacts(
        rule=Rule(
            arn=arn,
            actions=tuple(action.get("Type", "") for action in actions),
            forwards=forwards,
            sticky=sticky,
        ),
        conditions=tuple(_condition(item) for item in raw.get("Conditions") or ()),
        priority=int(priority) if priority.isdecimal() else _DEFAULT_PRIORITY,
    )


def _condition(raw: Mapping[str, Any]) -> Condition:
    patterns = [str(value) for value in raw.get("Values") or ()]
    by_regex, name = False, ""
    for key, config in raw.items():
        if key.endswith("Config") and isinstance(config, dict):
            by_regex |= bool(config.get("RegexValues"))
            name = config.get("HttpHeaderName", name)
            patterns += [str(value) for value in config.get("Values") or ()]
    return Condition(
        field=raw.get("Field", ""),
        patterns=None if by_regex else tuple(dict.fromkeys(patterns)),
        name=name,
    )
