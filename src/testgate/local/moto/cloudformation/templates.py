"""Templates read without executing anything, and refused where CloudFormation would refuse them.

moto loads YAML with a loader that runs Python tags, skips resource types it does not know, and
dies of references to nothing. Imported by the other modules of this package.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml  # type: ignore[import-untyped]
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

_FUNCTIONS = frozenset(
    (
        *("And", "Condition", "Equals", "If", "Not", "Or"),
        *("FindInMap", "GetAtt", "GetAZs", "ImportValue", "Ref", "Transform"),
        *("Base64", "Cidr", "Join", "Length", "Select", "Split", "Sub", "ToJsonString"),
    )
)
# Written by the CDK into every template; AWS makes nothing of it.
_WITHOUT_EFFECT = "AWS::CDK::Metadata"
_PSEUDO_PARAMETERS = frozenset(
    (
        *("AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition"),
        *("AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"),
    )
)
_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^}]+?)\s*\}")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short functions; dates stay text, other tags are errors."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - yaml's own way to declare them
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def load_template(text: str | None) -> dict[str, Any]:
    """The template as CloudFormation understands it, JSON or YAML, functions in their long form.

    Raises:
        ValidationError: no template, not well-formed, or with a tag that is none of
            CloudFormation's.
    """
    if not text:
        raise ValidationError(message="Either Template URL or Template Body must be specified.")
    try:
        document = _load(text)
    except yaml.YAMLError as exc:
        problem = " ".join(str(exc).split())
        raise ValidationError(
            message=f"Template format error: YAML not well-formed. ({problem})"
        ) from exc
    if not isinstance(document, dict):
        raise ValidationError(message="Template format error: unsupported structure.")
    if isinstance(document.get("Resources"), dict):
        document["Resources"] = {
            name: resource
            for name, resource in document["Resources"].items()
            if not (isinstance(resource, dict) and resource.get("Type") == _WITHOUT_EFFECT)
        }
    template: dict[str, Any] = _long_get_att(document)
    return template


def check_template(template: dict[str, Any]) -> None:
    """Refuse resources without type, of a type unknown here, and references to nothing.

    AWS (documented): "Unrecognized resource types", "Unresolved resource dependencies". Conditions
    do not count: a resource whose condition is false is checked too.

    Raises:
        ValidationError: names every resource that is wrong.
    """
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise ValidationError(
            message="Template format error: At least one Resources member must be defined."
        )
    unknown = []
    for name, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if not isinstance(kind, str):
            path = f"[/Resources/{name}]"
            raise ValidationError(
                message=f"Template format error: {path} Every Resources object must contain a "
                "Type member."
            )
        if not _is_known(kind):
            unknown.append(f"{kind} ({name})")
    if unknown:
        raise ValidationError(
            message=f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]; "
            "the local AWS cannot create them."
        )
    _check_references(template)


class SafeYaml:
    """Stands for the module `yaml` where moto's CloudFormation loads templates."""

    Loader = _Loader

    @staticmethod
    def add_multi_constructor(*_: object) -> None:
        """moto registers its own constructors here; ours know the functions already."""

    @staticmethod
    def load(text: str, Loader: object = None) -> dict[str, Any]:
        return load_template(text)


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader=_Loader)


def _function(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if name not in _FUNCTIONS:
        raise yaml.constructor.ConstructorError(
            None, None, f"CloudFormation has no function !{name}", node.start_mark
        )
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _function)


def _long_get_att(value: Any) -> Any:
    """`value` with each `Fn::GetAtt` as a list of resource and attribute."""
    if isinstance(value, list):
        return [_long_get_att(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    long = {key: _long_get_att(entry) for key, entry in value.items()}
    target = long.get("Fn::GetAtt")
    if isinstance(target, str):
        long["Fn::GetAtt"] = target.split(".", 1)
    return long


def _is_known(kind: str) -> bool:
    return kind.startswith("Custom::") or kind in parsing.get_model_map()


def _check_references(template: dict[str, Any]) -> None:
    resources, outputs = template["Resources"], template.get("Outputs") or {}
    known = {*resources, *(template.get("Parameters") or {}), *_PSEUDO_PARAMETERS}
    for block, name in ((resources, "Resources"), (outputs, "Outputs")):
        missing = sorted({target for target in references(block) if target not in known})
        if missing:
            raise ValidationError(
                message="Template format error: Unresolved resource dependencies "
                f"[{', '.join(missing)}] in the {name} block of the template"
            )


def references(value: Any) -> Iterator[str]:
    """What `Ref`, `Fn::GetAtt` and `Fn::Sub` in `value` name."""
    if isinstance(value, list):
        for entry in value:
            yield from references(entry)
    if not isinstance(value, dict):
        return
    for key, entry in value.items():
        if key == "Ref" and isinstance(entry, str):
            yield entry
        elif key == "Fn::GetAtt" and isinstance(entry, list) and isinstance(entry[0], str):
            yield entry[0]
        elif key == "Fn::Sub":
            yield from _substituted(entry)
        else:
            yield from references(entry)


def _substituted(value: Any) -> Iterator[str]:
    text, variables = value if isinstance(value, list) and len(value) == 2 else (value, {})
    yield from references(list(variables.values()))
    for name in _SUBSTITUTED.findall(text) if isinstance(text, str) else ():
        if name not in variables:
            yield name.split(".", 1)[0]
