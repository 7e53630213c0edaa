"""CloudFormation's functions that moto lacks or gets wrong: `Fn::Cidr`, `Fn::GetAZs`.

Imported by `bridge` and `resource_map` alone.
"""

import ipaddress
from collections.abc import Mapping
from itertools import islice
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

_moto_resolve = parsing.clean_json
_MAX_BLOCKS = 256  # documented


def resolve(value: Any, resources: Any) -> Any:
    """`value` with references and functions replaced by what they come to; moto's `clean_json`."""
    if isinstance(value, Mapping):
        if "Fn::Cidr" in value:
            return _blocks(resolve(value["Fn::Cidr"], resources))
        if "Fn::GetAZs" in value:
            # AWS (documented): an empty string is the stack's own region. moto takes us-east-1.
            region = resolve(value["Fn::GetAZs"], resources) or resources["AWS::Region"]
            return _moto_resolve({"Fn::GetAZs": region}, resources)
    return _moto_resolve(value, resources)


def install() -> None:
    """Put `resolve` in the place of moto's function, which calls itself by its module's name."""
    parsing.clean_json = resolve


def _blocks(arguments: Any) -> list[str]:
    """AWS (documented): `count` blocks of 2 ** `bits` addresses each; for IPv4, 8 if not said."""
    try:
        block, count, *bits = arguments
        network = ipaddress.ip_network(block)
        length = network.max_prefixlen - int(bits[0] if bits else 8)
        found = [str(each) for each in islice(network.subnets(new_prefix=length), int(count))]
    except (TypeError, ValueError) as exc:
        raise ValidationError(message=f"Template error: Fn::Cidr {arguments}: {exc}") from exc
    if not len(found) == int(count) <= _MAX_BLOCKS:
        raise ValidationError(
            message=f"Template error: Fn::Cidr: {block} has no {count} blocks of that size"
        )
    return found
