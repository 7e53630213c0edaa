"""From members of CreateService and UpdateService to values, with ECS's checks and texts.

Texts are those of AWS's troubleshooting page unless marked. Imported by `testgate.local.ecs`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from testgate.local.ecs.behaviour import Behaviour
from testgate.local.ecs.errors import EcsApiError, invalid_parameter, unsupported
from testgate.local.ecs.model import (
    DeploymentConfiguration,
    HookDetails,
    HookTarget,
    LifecycleHook,
    LoadBalancerEntry,
    Stage,
    Strategy,
    TimeoutAction,
)

_DEFAULT_BAKE_TIME_MIN = 15
_DEFAULT_TIMEOUT_MIN = 1440
_LONGEST_TIMEOUT_MIN = 20160
_LONGEST_LAMBDA_TIMEOUT_MIN = 1440
_COLONS_OF_A_FUNCTION_ARN = 6
_MAX_HOOKS_OF_A_KIND = 10
_NO_PAUSE_STAGES = frozenset({Stage.TEST_TRAFFIC_SHIFT, Stage.PRODUCTION_TRAFFIC_SHIFT})


def read_configuration(
    wire: Mapping[str, Any] | None, behaviour: Behaviour
) -> DeploymentConfiguration:
    """deploymentConfiguration with its defaults filled in, as DescribeServices shows it.

    A hook shows `timeoutInMinutes: 1440, action: ROLLBACK` if it has neither (seen). A bake time
    that is left out is 15 minutes (documented for CloudFormation, assumed for the API).
    """
    given = dict(wire or {})
    name = given.setdefault("strategy", Strategy.ROLLING.value)
    if name not in tuple(Strategy):
        raise unsupported(f"The local ECS does not carry out deployment strategy {name}.")
    strategy = Strategy(name)
    given.setdefault("maximumPercent", 200)
    given.setdefault("minimumHealthyPercent", 100)
    if strategy is Strategy.BLUE_GREEN:
        given.setdefault("bakeTimeInMinutes", _DEFAULT_BAKE_TIME_MIN)
    hooks = [_with_defaults(hook) for hook in given.get("lifecycleHooks", [])]
    if "lifecycleHooks" in given:
        given["lifecycleHooks"] = hooks
    _check_hook_count(hooks)
    for hook in hooks:
        _check_what_is_not_known(hook, behaviour)
    return DeploymentConfiguration(
        strategy=strategy,
        bake_time_min=int(given.get("bakeTimeInMinutes", 0)),
        hooks=_read_hooks(hooks, strategy),
        alarm_names=_read_alarms(given.get("alarms")),
        wire=given,
    )


def read_load_balancers(
    wires: Sequence[Mapping[str, Any]], strategy: Strategy, task_definition: Mapping[str, Any]
) -> tuple[LoadBalancerEntry, ...]:
    """loadBalancers, checked as ECS does before it starts a deployment."""
    advanced = [wire for wire in wires if "advancedConfiguration" in wire]
    if any("loadBalancerName" in wire for wire in wires):
        raise unsupported("The local ECS has no Classic Load Balancers.")
    if advanced and len(advanced) != len(wires):
        raise invalid_parameter(
            "Either all or none of the provided loadBalancers must have advancedConfiguration "
            "defined"
        )
    if strategy is not Strategy.ROLLING and len(advanced) != len(wires):
        raise invalid_parameter(
            "advancedConfiguration field is required for all loadBalancers when using a "
            "non-ROLLING deployment strategy"
        )
    entries = tuple(_read_entry(wire) for wire in wires)
    for entry in entries:
        _check_container(entry, task_definition)
        _check_rules(entry)
    _check_groups_differ(entries)
    return entries


def _read_hooks(
    wires: Sequence[Mapping[str, Any]], strategy: Strategy
) -> tuple[LifecycleHook, ...]:
    """A rolling deployment has but PRE_SCALE_UP (documented); that others are refused is assumed:
    they would never run."""
    hooks = tuple(_read_hook(wire) for wire in wires)
    if strategy is Strategy.ROLLING:
        others = sorted({stage for hook in hooks for stage in hook.stages} - {Stage.PRE_SCALE_UP})
        if others:
            raise _assumed(
                f"lifecycleStages {', '.join(others)} are not available with deployment strategy "
                "ROLLING; use PRE_SCALE_UP."
            )
    return hooks


def _read_alarms(wire: Mapping[str, Any] | None) -> tuple[str, ...]:
    if wire is None or not wire["enable"]:
        return ()
    if not wire["rollback"]:
        raise unsupported("The local ECS has no deployment alarms without rollback.")
    return tuple(wire["alarmNames"])


def _with_defaults(hook: Mapping[str, Any]) -> dict[str, Any]:
    timeout: dict[str, Any] = {
        "timeoutInMinutes": _DEFAULT_TIMEOUT_MIN,
        "action": TimeoutAction.ROLLBACK.value,
    }
    timeout |= hook.get("timeoutConfiguration", {})
    if not 1 <= timeout["timeoutInMinutes"] <= _LONGEST_TIMEOUT_MIN:
        raise _assumed(f"timeoutInMinutes must be between 1 and {_LONGEST_TIMEOUT_MIN}.")
    return {
        "targetType": HookTarget.AWS_LAMBDA.value,
        **hook,
        "timeoutConfiguration": timeout,
    }


def _read_hook(wire: Mapping[str, Any]) -> LifecycleHook:
    target = HookTarget(wire["targetType"])
    stages = frozenset(Stage(stage) for stage in wire.get("lifecycleStages", ()))
    if not stages:
        raise _assumed("A lifecycle hook needs at least one lifecycleStages value.")
    if target is HookTarget.PAUSE:
        _check_pause(wire, stages)
    else:
        for name in ("hookTargetArn", "roleArn"):
            if not wire.get(name):
                raise _assumed(f"{name} is required for a lifecycle hook of type AWS_LAMBDA.")
    timeout = wire["timeoutConfiguration"]
    return LifecycleHook(
        target=target,
        stages=stages,
        function_arn=wire.get("hookTargetArn"),
        role_arn=wire.get("roleArn"),
        details=HookDetails(wire["hookDetails"]) if wire.get("hookDetails") is not None else None,
        timeout_min=timeout["timeoutInMinutes"],
        timeout_action=TimeoutAction(timeout["action"]),
    )


def _check_pause(wire: Mapping[str, Any], stages: frozenset[Stage]) -> None:
    if stages & _NO_PAUSE_STAGES:
        raise invalid_parameter("Invalid lifecycle stage provided for Pause Hook")
    for name in ("hookTargetArn", "roleArn", "hookDetails"):
        if name in wire:
            raise _assumed(f"{name} is not allowed for a lifecycle hook of type PAUSE.")


def _check_what_is_not_known(hook: Mapping[str, Any], behaviour: Behaviour) -> None:
    """What the API's model allows and the developer guide does not (1440 minutes), or does not
    mention (qualified functions)."""
    if hook["targetType"] != HookTarget.AWS_LAMBDA:
        return
    minutes = hook["timeoutConfiguration"]["timeoutInMinutes"]
    if minutes > _LONGEST_LAMBDA_TIMEOUT_MIN and not behaviour.long_timeouts:
        raise _assumed(
            "timeoutInMinutes must be between 1 and "
            f"{_LONGEST_LAMBDA_TIMEOUT_MIN} for a lifecycle hook of type AWS_LAMBDA."
        )
    arn = hook.get("hookTargetArn", "")
    if arn.count(":") > _COLONS_OF_A_FUNCTION_ARN and not behaviour.qualified_targets:
        raise _assumed(f"hookTargetArn must not be qualified. Got: {arn}")


def _check_hook_count(hooks: Sequence[Mapping[str, Any]]) -> None:
    for target in HookTarget:
        if sum(hook["targetType"] == target for hook in hooks) > _MAX_HOOKS_OF_A_KIND:
            raise _assumed(f"At most {_MAX_HOOKS_OF_A_KIND} {target} lifecycle hooks are allowed.")


def _read_entry(wire: Mapping[str, Any]) -> LoadBalancerEntry:
    for name in ("targetGroupArn", "containerName", "containerPort"):
        if name not in wire:
            raise _assumed(f"{name} is required in loadBalancers.")
    advanced = wire.get("advancedConfiguration") or {}
    if "advancedConfiguration" in wire:
        for name in ("alternateTargetGroupArn", "productionListenerRule", "roleArn"):
            if not advanced.get(name):
                raise _assumed(f"{name} is required in advancedConfiguration.")
    return LoadBalancerEntry(
        target_group_arn=wire["targetGroupArn"],
        container_name=wire["containerName"],
        container_port=wire["containerPort"],
        alternate_target_group_arn=advanced.get("alternateTargetGroupArn"),
        production_rule_arn=advanced.get("productionListenerRule"),
        test_rule_arn=advanced.get("testListenerRule"),
    )


def _check_container(entry: LoadBalancerEntry, task_definition: Mapping[str, Any]) -> None:
    """Texts as commonly seen."""
    containers = {c["name"]: c for c in task_definition["containerDefinitions"]}
    container = containers.get(entry.container_name)
    if container is None:
        raise invalid_parameter(
            f"The container {entry.container_name} does not exist in the task definition."
        )
    ports = [mapping.get("containerPort") for mapping in container.get("portMappings", [])]
    if entry.container_port not in ports:
        raise invalid_parameter(
            f"The container {entry.container_name} did not have a container port "
            f"{entry.container_port} defined."
        )


def _check_rules(entry: LoadBalancerEntry) -> None:
    rules = {
        "productionListenerRule": entry.production_rule_arn,
        "testListenerRule": entry.test_rule_arn,
    }
    for name, arn in rules.items():
        if arn is not None and ":listener/net/" in arn:
            raise unsupported("The local ECS has no Network Load Balancers.")
        if arn is not None and ":listener-rule/" not in arn:
            raise invalid_parameter(
                f"{name} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for "
                f"NLB. Got: {arn}"
            )
    if entry.production_rule_arn is not None and entry.production_rule_arn == entry.test_rule_arn:
        raise invalid_parameter(
            "The following rules cannot be used as both production and test listener rules: "
            f"{entry.production_rule_arn}"
        )


def _check_groups_differ(entries: Sequence[LoadBalancerEntry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        for arn in (entry.target_group_arn, entry.alternate_target_group_arn):
            if arn in seen:
                raise invalid_parameter(f"Duplicate targetGroupArn found: {arn}")
            if arn is not None:
                seen.add(arn)


def _assumed(message: str) -> EcsApiError:
    """An error whose text is not known from AWS."""
    return invalid_parameter(message)
