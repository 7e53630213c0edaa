"""What the environment tells the shop: where to listen, what to call itself, what to do wrong.

Why here: the environment is read once, at start, and a mistake in it stops the shop with a reason.
Imported by the shop's modules.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What SHOP_FAULT can name, separated by commas."""

    CHECKOUT = "checkout"  # every checkout answers 500
    SLOW = "slow"  # every answer comes SHOP_DELAY_S later
    CATALOGUE_EMPTY = "catalogue-empty"  # there are no products
    UNHEALTHY = "unhealthy"  # /health answers 503
    CRASH = "crash"  # the process exits with 1 as soon as it listens
    WRONG_PRICE = "wrong-price"  # carts and orders charge a cent more than the catalogue says


class SettingsError(Exception):
    """The environment is not usable; the message names the variable, its text, what it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`port` 0 lets the system choose; `database` is a path, or `:memory:` for one process."""

    port: int
    version: str = "dev"
    image: str = "unknown"
    database: str = ":memory:"
    delay_s: float = 2.0
    faults: frozenset[Fault] = frozenset()


def parse_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in PORT, IMAGE and SHOP_VERSION, SHOP_DATABASE, SHOP_FAULT, SHOP_DELAY_S.

    Raises:
        SettingsError: a variable does not parse; all but PORT have defaults.
    """
    return Settings(
        port=_parse_port(environ.get("PORT", "")),
        version=environ.get("SHOP_VERSION") or "dev",
        image=environ.get("IMAGE") or "unknown",
        database=environ.get("SHOP_DATABASE") or ":memory:",
        delay_s=_parse_delay(environ.get("SHOP_DELAY_S") or "2"),
        faults=_parse_faults(environ.get("SHOP_FAULT", "")),
    )


def _parse_port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise SettingsError(f"PORT is {text!r}, expected a number from 0 (any free port) to 65535")


def _parse_delay(text: str) -> float:
    try:
        delay_s = float(text)
    except ValueError:
        delay_s = math.nan
    if 0 <= delay_s < math.inf:
        return delay_s
    raise SettingsError(f"SHOP_DELAY_S is {text!r}, expected seconds, such as 0.5")


def _parse_faults(text: str) -> frozenset[Fault]:
    names = {name.strip() for name in text.split(",")} - {""}
    known = [fault.value for fault in Fault]
    unknown = sorted(names.difference(known))
    if unknown:
        raise SettingsError(f"SHOP_FAULT names {', '.join(unknown)}; known: {', '.join(known)}")
    return frozenset(Fault(name) for name in names)
