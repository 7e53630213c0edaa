"""The load balancer: two listeners, blue's and green's groups, and who really serves.

Imported by the simulation alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.schedules.aws.caller import Caller
from tests.schedules.journal import Epoch, Journal, Look
from tests.schedules.schedule import Service

_ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
GROUPS = (
    f"{_ELB}:targetgroup/web-one/0123456789abcdef",
    f"{_ELB}:targetgroup/web-two/0123456789abcdef",
)
_BALANCER = f"{_ELB}:loadbalancer/app/web/0123456789abcdef"
PORTS = {"production": 80, "test": 9001}
RULES = {name: f"{_ELB}:listener-rule/app/web/0123456789abcdef/{name}/rule" for name in PORTS}
_LISTENERS = {name: f"{_ELB}:listener/app/web/0123456789abcdef/{name}" for name in PORTS}


@dataclass(frozen=True, slots=True)
class Target:
    """A task in a group. Only a healthy one is sent requests."""

    id: str
    revision: str
    state: str = "healthy"


@dataclass(slots=True)
class RuleState:
    """Where a rule leads: group ARN to weight."""

    forwards: dict[str, int]
    sticky: bool = False

    @property
    def groups(self) -> frozenset[str]:
        """The groups that get requests."""
        return frozenset(group for group, weight in self.forwards.items() if weight)


@dataclass(slots=True)
class Balancer:
    """What is configured now; `changed` must be called after each change."""

    journal: Journal
    now_s: Callable[[], float]
    rules: dict[str, RuleState] = field(default_factory=dict)
    above: dict[str, RuleState] = field(default_factory=dict)
    targets: dict[str, list[Target]] = field(default_factory=lambda: {g: [] for g in GROUPS})

    def changed(self) -> None:
        """Keep who serves from now on."""
        self.journal.epochs.append(
            Epoch(
                since_s=self.now_s(),
                test=self.revisions_behind(self.above.get("test") or self.rules["test"]),
                production=self.revisions_behind(self.rules["production"]),
            )
        )

    def revisions_in(self, group: str) -> frozenset[str]:
        """The revisions of a group's targets that are sent requests."""
        targets = self.targets[group]
        return frozenset(target.revision for target in targets if target.state == "healthy")

    def revisions_behind(self, rule: RuleState) -> frozenset[str]:
        """The revisions that a rule leads to."""
        return frozenset().union(*map(self.revisions_in, rule.groups))


class ElbClient:
    """The load balancer as one invocation reaches it."""

    def __init__(self, caller: Caller, balancer: Balancer) -> None:
        self._caller = caller
        self._balancer = balancer

    def describe_rules(self, *, RuleArns: list[str]) -> Mapping[str, Any]:
        name = _name_of(RULES, RuleArns[0])

        def effect() -> Mapping[str, Any]:
            state = self._balancer.rules[name]
            self._looked(name, state.groups)
            return {"Rules": [_spell_rule(RULES[name], state, "10")]}

        return self._caller.call(Service.ELB, "DescribeRules", effect)

    def describe_listeners(self, *, ListenerArns: list[str]) -> Mapping[str, Any]:
        name = _name_of(_LISTENERS, ListenerArns[0])
        listener = {"LoadBalancerArn": _BALANCER, "Port": PORTS[name], "Protocol": "HTTP"}
        return self._caller.call(
            Service.ELB, "DescribeListeners", lambda: {"Listeners": [listener]}
        )

    def describe_load_balancers(self, *, LoadBalancerArns: list[str]) -> Mapping[str, Any]:
        balancer = {"DNSName": "web-1.us-east-1.elb.amazonaws.com", "Scheme": "internet-facing"}
        return self._caller.call(
            Service.ELB, "DescribeLoadBalancers", lambda: {"LoadBalancers": [balancer]}
        )

    def describe_target_health(self, *, TargetGroupArn: str) -> Mapping[str, Any]:
        def effect() -> Mapping[str, Any]:
            self._looked(TargetGroupArn, self._balancer.revisions_in(TargetGroupArn))
            return {
                "TargetHealthDescriptions": [
                    {
                        "Target": {"Id": target.id, "Port": 80},
                        "TargetHealth": {"State": target.state},
                    }
                    for target in self._balancer.targets[TargetGroupArn]
                ]
            }

        return self._caller.call(Service.ELB, "DescribeTargetHealth", effect)

    def get_paginator(self, operation: str) -> "_RulesOfListener":
        if operation != "describe_rules":
            raise NotImplementedError(operation)
        return _RulesOfListener(self)

    def rules_of(self, listener: str) -> Mapping[str, Any]:
        """Every rule of a listener."""
        name = _name_of(_LISTENERS, listener)

        def effect() -> Mapping[str, Any]:
            balancer = self._balancer
            above = balancer.above.get(name)
            self._looked(f"above {name}", above.groups if above else frozenset())
            rules = [_spell_rule(RULES[name], balancer.rules[name], "10")]
            if above is not None:
                rules.append(_spell_rule(f"{RULES[name]}-above", above, "1"))
            return {"Rules": rules}

        return self._caller.call(Service.ELB, "DescribeRules", effect)

    def _looked(self, about: str, shown: frozenset[str]) -> None:
        caller = self._caller
        look = Look(
            execution=caller.execution,
            about=about,
            shown=shown,
            at_s=caller.kernel.now_s,
        )
        caller.looks.append(look)
        caller.journal.looks.append(look)


class _RulesOfListener:
    def __init__(self, client: ElbClient) -> None:
        self._client = client

    def paginate(self, *, ListenerArn: str) -> Iterator[Mapping[str, Any]]:
        yield self._client.rules_of(ListenerArn)


def _name_of(arns: Mapping[str, str], wanted: str) -> str:
    return next(name for name, arn in arns.items() if arn == wanted)


def _spell_rule(arn: str, state: RuleState, priority: str) -> Mapping[str, Any]:
    groups = [{"TargetGroupArn": g, "Weight": weight} for g, weight in state.forwards.items()]
    config = {
        "TargetGroups": groups,
        "TargetGroupStickinessConfig": {"Enabled": state.sticky},
    }
    return {
        "RuleArn": arn,
        "Priority": priority,
        "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}],
        "Actions": [{"Type": "forward", "ForwardConfig": config}],
    }
