"""Elastic Load Balancing: rules, addresses and targets as identity checks need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.errors import InputError, NotFoundError
from testgate.core.identity import Rule

_CATCH_ALL = {"path-pattern": "/*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """A rule, and what a request must have to match it, as `field` to first value."""

    rule: Rule
    conditions: Mapping[str, str]


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
        actions = rules[0].get("Actions") or []
        forwards: dict[str, int] = {}
        sticky = False
        for action in actions:
            config = action.get("ForwardConfig") or {}
            for group in config.get("TargetGroups") or ():
                forwards[group["TargetGroupArn"]] = int(group.get("Weight", 1))
            sticky |= bool((config.get("TargetGroupStickinessConfig") or {}).get("Enabled"))
            if not config and action.get("TargetGroupArn"):
                forwards[action["TargetGroupArn"]] = 1
        return RuleFacts(
            rule=Rule(
                arn=arn,
                actions=tuple(action.get("Type", "") for action in actions),
                forwards=forwards,
                sticky=sticky,
            ),
            conditions=_conditions(rules[0].get("Conditions") or ()),
        )

    def base_url(self, rule_arn: str) -> str:
        """Where requests to the rule's listener go: `http://<DNS name>:<port>`, no slash.

        Raises InputError for a listener that a suite could not reach by that name.
        """
        with port_errors("looking at the listener"):
            listeners = self._client.describe_listeners(ListenerArns=[listener_of(rule_arn)])
            listener = listeners["Listeners"][0]
            balancers = self._client.describe_load_balancers(
                LoadBalancerArns=[listener["LoadBalancerArn"]]
            )
        balancer = balancers["LoadBalancers"][0]
        if listener["Protocol"] != "HTTP":
            raise InputError(
                f"the listener under test speaks {listener['Protocol']}, and no certificate names "
                f"the load balancer's own address {balancer['DNSName']}; set TEST_ENDPOINT to a "
                "name that its certificate has"
            )
        if balancer.get("Scheme") == "internal":
            raise InputError(
                f"load balancer {balancer['DNSName']} is internal, and suites run outside its "
                "network; set TEST_ENDPOINT to an address that they can reach"
            )
        return f"http://{balancer['DNSName']}:{listener['Port']}"

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


def _conditions(raw: Any) -> dict[str, str]:
    """Conditions that a plain request to the base URL would not meet by itself."""
    needed = {}
    for condition in raw:
        field = condition.get("Field", "")
        values = _values(condition)
        if field in _CATCH_ALL and _CATCH_ALL[field] in values:
            continue
        needed[field] = values[0] if values else ""
    return needed


def _values(condition: Mapping[str, Any]) -> list[str]:
    found = list(condition.get("Values") or ())
    for key, config in condition.items():
        if key.endswith("Config") and isinstance(config, dict):
            found += [str(value) for value in config.get("Values") or ()]
    return found
