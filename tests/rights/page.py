"""docs/rights.md, made from the template."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from tests.rights.template import Right

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rights.md"
_HEAD = """\
# Who may do what, and why

Every right that `infra/gate.yaml` gives, and no other. The local AWS holds each function, the state
machine, ECS and EventBridge to them, and the tests fail if a call is denied or if a right here was
used by none (`make rights` shows how often each was). Resources are spelled as the template spells
them, without the beginning of their ARN.

People who only look need none of these: [read-only-policy.json](read-only-policy.json) is enough
for every command that reads (`list`, `why`, `show`, `diff`, `watch`, `wait`, `logs`,
`artifacts`, `open`, `report`, `export`), and the tests hold those to it. Put your record bucket's
name for `RECORD-BUCKET`, your stack's for `testgate` if it is another, and your partition for
`aws`; name your services' log groups for `log-group:*` if people may not read all. `abort` needs
`states:StopExecution` besides, with `--deployment` also `ecs:StopServiceDeployment`.

This page is made from the template: `python -m tests.rights`.
"""
_BEGINNING = re.compile(
    r"arn:\$\{AWS::Partition\}:[a-z0-9]+:(\$\{AWS::Region\})?:(\$\{AWS::AccountId\})?:"
)


def render_page(rights: Iterable[Right]) -> str:
    """The page: a table for each holder, a row for each action of a statement."""
    return _HEAD + "".join(_sections(rights))


def short(resource: str) -> str:
    """A resource without the beginning of its ARN."""
    return _BEGINNING.sub("", resource)


def _sections(rights: Iterable[Right]) -> Iterator[str]:
    held: dict[str, list[Right]] = {}
    for right in rights:
        held.setdefault(right.who, []).append(right)
    for who, own in held.items():
        yield f"\n## {who}\n\n| may | on | why |\n|---|---|---|\n"
        yield from _rows(own)


def _rows(held: Iterable[Right]) -> Iterator[str]:
    for _, same in groupby(held, key=lambda right: (right.holder, right.sid, right.action)):
        ones = list(same)
        first = ones[0]
        on = ", ".join(f"`{short(one.resource)}`" for one in ones)
        condition = f" ({first.condition})" if first.condition else ""
        yield f"| `{first.action}` | {on}{condition} | {first.why} |\n"
