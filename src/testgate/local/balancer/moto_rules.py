"""Reads moto's listeners, rules and target groups as values of this package.

The only place that knows how moto 5.2.5 stores them; read anew at each request, so that a change
of weights acts at once. Imported by `testgate.local.balancer` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.local.balancer.routing import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HeaderCondition,
    HostCondition,
    MethodCondition,
    PathCondition,
    QueryCondition,
    Redirect,
    Rule,
    SourceIpCondition,
    UnsupportedAction,
    WeightedGroup,
)

_TERMINAL_ACTIONS = ("forward", "fixed-response", "redirect")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How a target group asks its targets; `port` None is the traffic port."""

    path: str
    port: int | None
    timeout_s: float
    codes: tuple[range, ...]
    enabled: bool

    def accepts(self, status: int) -> bool:
        return any(status in codes for codes in self.codes)


def read_rules(listener: Any) -> list[Rule]:
    """The rules of a moto listener, default rule included, in no particular order."""
    return [_read_rule(rule) for rule in list(listener.rules.values())]


def read_health_check(group: Any) -> HealthCheck:
    """The health check of a moto target group."""
    port = str(group.health_check_port or "traffic-port")
    matcher = getattr(group, "matcher", None) or {}
    return HealthCheck(
        path=group.health_check_path or "/",
        port=int(port) if port.isdigit() else None,
        timeout_s=float(group.health_check_timeout_seconds),
        codes=parse_codes(matcher.get("HttpCode") or "200"),
        enabled=bool(group.health_check_enabled),
    )


def parse_codes(text: str) -> tuple[range, ...]:
    """Ranges of status codes from `200`, `200,302` or `200-299,404`."""
    ranges = []
    for part in str(text).split(","):
        first, _, last = part.strip().partition("-")
        ranges.append(range(int(first), int(last or first) + 1))
    return tuple(ranges)


def target_group_arns(action: Mapping[str, Any]) -> list[str]:
    """The target groups that the data of a moto action names, each once."""
    arns = [group["TargetGroupArn"] for group in _forward_groups(action)]
    return list(dict.fromkeys(arns))


def _read_rule(rule: Any) -> Rule:
    priority = None if rule.priority == "default" else int(rule.priority)
    return Rule(
        arn=rule.arn,
        priority=priority,
        conditions=tuple(_read_condition(condition) for condition in rule.conditions),
        action=_read_action([action.data for action in rule.actions]),
    )


def _read_condition(condition: Mapping[str, Any]) -> Condition:
    match condition["Field"]:
        case "path-pattern":
            return PathCondition(_values(condition, "PathPatternConfig"))
        case "host-header":
            return HostCondition(_values(condition, "HostHeaderConfig"))
        case "http-request-method":
            return MethodCondition(_values(condition, "HttpRequestMethodConfig"))
        case "source-ip":
            return SourceIpCondition(_values(condition, "SourceIpConfig"))
        case "http-header":
            name = condition["HttpHeaderConfig"]["HttpHeaderName"]
            return HeaderCondition(name, _values(condition, "HttpHeaderConfig"))
        case "query-string":
            pairs = condition["QueryStringConfig"]["Values"]
            return QueryCondition(tuple((pair.get("Key"), pair["Value"]) for pair in pairs))
        case field:
            raise ValueError(f"a listener rule has an unknown condition field {field!r}")


def _values(condition: Mapping[str, Any], config: str) -> tuple[str, ...]:
    return tuple((condition.get(config) or condition).get("Values", ()))


def _read_action(actions: list[Mapping[str, Any]]) -> Action:
    ending = [action for action in actions if action.get("Type") in _TERMINAL_ACTIONS]
    if len(ending) != len(actions) or not ending:
        return UnsupportedAction(", ".join(str(action.get("Type")) for action in actions))
    action = ending[-1]
    match action["Type"]:
        case "forward":
            return Forward(
                tuple(
                    WeightedGroup(group["TargetGroupArn"], int(group.get("Weight", 1)))
                    for group in _forward_groups(action)
                )
            )
        case "fixed-response":
            config = action["FixedResponseConfig"]
            return FixedResponse(
                status=int(config["StatusCode"]),
                content_type=config.get("ContentType") or "text/plain",
                body=config.get("MessageBody") or "",
            )
        case _:
            return _read_redirect(action["RedirectConfig"])


def _read_redirect(config: Mapping[str, Any]) -> Redirect:
    names = ("Protocol", "Host", "Port", "Path", "Query")
    parts = {name.lower(): str(config[name]) for name in names if config.get(name)}
    status = 301 if config.get("StatusCode") == "HTTP_301" else 302
    return Redirect(status=status, **parts)


def _forward_groups(action: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups")
    if groups:
        return list(groups)
    return [action] if "TargetGroupArn" in action else []
