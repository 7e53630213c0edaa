"""The account of rights as lines: which one was used how often, and which one never."""

from collections.abc import Mapping, Sequence

from tests.rights.collecting import Key, key_of, unused
from tests.rights.page import short
from tests.rights.template import Right


def judge(rights: Sequence[Right], counted: Mapping[Key, int]) -> tuple[bool, list[str]]:
    """Whether each right was used, and the lines that say so or name those that were not."""
    never = unused(rights, counted)
    if never:
        return False, [f"FAILED: no call used {_sentence(right)}" for right in never]
    return True, [f"each of {len(rights)} rights of infra/gate.yaml was used"]


def table(rights: Sequence[Right], counted: Mapping[Key, int]) -> list[str]:
    """who | action | resource | used."""
    rows = [("who", "action", "resource", "used")]
    rows += [
        (right.who, right.action, short(right.resource), str(counted.get(key_of(right), 0)))
        for right in rights
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        " | ".join([*(row[column].ljust(widths[column]) for column in range(3)), row[3].rjust(6)])
        for row in rows
    ]


def _sentence(right: Right) -> str:
    return f"{right.action} on {short(right.resource)} by {right.who} ({right.holder} {right.sid})"
