"""What attaching a gate to a service would change, and whether it may be done at all.

Pure; imported by the commands `attach` and `detach`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from testgate.core.events import POST_TEST

Wire = Mapping[str, Any]

_STACK_TAG = "aws:cloudformation:stack-name"
_TERRAFORM_KEYS = frozenset({"terraform", "managed-by", "managedby", "managed_by", "iac"})
# Defaults that ECS fills in; a hook that has them and one that has none are alike.
_DEFAULTS: Wire = {
    "targetType": "AWS_LAMBDA",
    "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The lifecycle hook of a test gate."""

    function_arn: str
    role_arn: str
    details: Wire
    stage: str = POST_TEST

    def spell(self) -> dict[str, Any]:
        """As `deploymentConfiguration.lifecycleHooks` takes it. The timeout is left to ECS: 24
        hours, then rollback; the gate's own deadline comes long before."""
        return {
            "hookTargetArn": self.function_arn,
            "roleArn": self.role_arn,
            "lifecycleStages": [self.stage],
            "hookDetails": dict(self.details),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The hooks before and after; none after means nothing to do. `problems` forbid it."""

    before: Sequence[Wire]
    after: Sequence[Wire]
    problems: Sequence[str] = field(default_factory=tuple)

    @property
    def removed(self) -> list[Wire]:
        """Hooks that would be gone, or be another way."""
        return [hook for hook in self.before if hook not in self.after]

    @property
    def added(self) -> list[Wire]:
        """Hooks that would be new, or be another way."""
        return [hook for hook in self.after if hook not in self.before]

    @property
    def needed(self) -> bool:
        """Whether anything would change."""
        return bool(self.removed or self.added)


def owner_of(service: Wire) -> str | None:
    """Who manages the service, if its tags tell: a change by hand would be undone, or would make
    the next one of theirs fail."""
    tags = {str(tag.get("key")): str(tag.get("value")) for tag in service.get("tags") or ()}
    if _STACK_TAG in tags:
        return f"CloudFormation stack {tags[_STACK_TAG]}"
    for key, value in tags.items():
        if key.lower() in _TERRAFORM_KEYS and value.lower() in ("terraform", "true", "opentofu"):
            return f"Terraform (its tag {key} is {value})"
    return None


def attach(service: Wire, wanted: Wanted) -> Change:
    """The wanted hook in the place of this function's at that stage, or behind the others."""
    before = hooks_of(service)
    hook = wanted.spell()
    own = [index for index, each in enumerate(before) if _is_own(each, wanted)]
    after = [each for index, each in enumerate(before) if index not in own]
    position = own[0] if own else len(after)
    if own and _alike(before[own[0]], hook):
        hook = dict(before[own[0]])
    after.insert(position, hook)
    return Change(before=before, after=after, problems=_problems(service, wanted))


def detach(service: Wire, function_arns: Collection[str]) -> Change:
    """Without any hook of those functions."""
    before = hooks_of(service)
    after = [hook for hook in before if hook.get("hookTargetArn") not in function_arns]
    return Change(before=before, after=after, problems=_owned(service))


def configuration_with(service: Wire, hooks: Sequence[Wire]) -> dict[str, Any]:
    """The service's deploymentConfiguration with other hooks, whole: what is left out of an update
    may be taken for its default."""
    return {**(service.get("deploymentConfiguration") or {}), "lifecycleHooks": list(hooks)}


def hooks_of(service: Wire) -> list[Wire]:
    """The hooks that the service has."""
    return list((service.get("deploymentConfiguration") or {}).get("lifecycleHooks") or ())


def _is_own(hook: Wire, wanted: Wanted) -> bool:
    stages = hook.get("lifecycleStages") or ()
    return hook.get("hookTargetArn") == wanted.function_arn and wanted.stage in stages


def _alike(hook: Wire, other: Wire) -> bool:
    return {**_DEFAULTS, **hook} == {**_DEFAULTS, **other}


def _problems(service: Wire, wanted: Wanted) -> list[str]:
    problems = _owned(service)
    name = service.get("serviceName", "the service")
    configuration = service.get("deploymentConfiguration") or {}
    strategy = configuration.get("strategy") or "ROLLING"
    if service.get("status") != "ACTIVE":
        problems.append(f"{name} is {service.get('status')}, not ACTIVE")
    if strategy == "ROLLING":
        problems.append(
            f"{name} is deployed by strategy ROLLING, which has no test traffic: a test gate needs "
            "BLUE_GREEN"
        )
        return problems
    advanced = [
        entry["advancedConfiguration"]
        for entry in service.get("loadBalancers") or ()
        if entry.get("advancedConfiguration")
    ]
    if not advanced:
        problems.append(f"{name} has no load balancer with two target groups: green has no address")
    elif not any(each.get("testListenerRule") for each in advanced) and (
        "TEST_ENDPOINT" not in wanted.details
    ):
        problems.append(
            f"{name} has no testListenerRule: give green an address by --detail "
            "TEST_ENDPOINT=https://…"
        )
    return problems


def _owned(service: Wire) -> list[str]:
    owner = owner_of(service)
    return [f"{service.get('serviceName')} belongs to {owner}"] if owner else []
