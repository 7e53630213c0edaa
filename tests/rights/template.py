"""The rights that infra/gate.yaml gives, read from the template: who may do what, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testgate.local.moto.cloudformation.templates import load_template

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "gate.yaml"
_SERVICES = {
    "ecs.amazonaws.com": "ECS",
    "events.amazonaws.com": "EventBridge",
    "states.amazonaws.com": "the state machine",
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Right:
    """One action on one resource by one Allow. Resources as the template's `!Sub` spells them.

    `holder` is the logical id of the role, or of the permission, that gives it to `who`.
    """

    holder: str
    who: str
    policy: str
    sid: str
    action: str
    resource: str
    condition: str
    why: str


def read_rights(path: Path = TEMPLATE) -> tuple[Right, ...]:
    """Every right of the template, in its order."""
    resources = load_template(path.read_text())["Resources"]
    return tuple(_all_rights(resources))


def _all_rights(resources: Mapping[str, Any]) -> Iterator[Right]:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            yield from _rights_of_role(name, resource, resources)
        elif resource["Type"] == "AWS::Lambda::Permission":
            yield _right_of_permission(name, resource)


def _rights_of_role(
    name: str, role: Mapping[str, Any], resources: Mapping[str, Any]
) -> Iterator[Right]:
    who, why = _who_has(name, role, resources), role["Metadata"]["Why"]
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow", f"{name}: a role's policies only allow"
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    yield Right(
                        holder=name,
                        who=who,
                        policy=policy["PolicyName"],
                        sid=statement["Sid"],
                        action=action,
                        resource=spelled(resource),
                        condition=_condition(statement.get("Condition", {})),
                        why=why[statement["Sid"]],
                    )


def _right_of_permission(name: str, permission: Mapping[str, Any]) -> Right:
    properties = permission["Properties"]
    return Right(
        holder=name,
        who=_SERVICES[properties["Principal"]],
        policy="",
        sid="",
        action=properties["Action"],
        resource=spelled(properties["FunctionName"]),
        condition=f"for rule {spelled(properties['SourceArn'])}",
        why=permission["Metadata"]["Why"],
    )


def _who_has(name: str, role: Mapping[str, Any], resources: Mapping[str, Any]) -> str:
    """The function that runs with the role, or the service that it trusts."""
    functions = [
        r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Function"
    ]
    for function in functions:
        if spelled(function["Role"]) == f"${{{name}.Arn}}":
            return spelled(function["FunctionName"]).removeprefix("${AWS::StackName}-")
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return _SERVICES[trust["Principal"]["Service"]]


def _condition(condition: Mapping[str, Mapping[str, Any]]) -> str:
    return " and ".join(
        f"{operator} {key} is {value}"
        for operator, keys in condition.items()
        for key, value in keys.items()
    )


def spelled(value: Any) -> str:
    """A text with references, as `!Sub` would spell it."""
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)}:
            return text
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
    raise ValueError(f"cannot spell {value!r}")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
