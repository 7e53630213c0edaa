"""What admission, approval and metrics saw before they answered, for a terminal.

Needs Rich; imported by the terminal's report alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

Seen = Mapping[str, Any]

_RESULT_COLOURS = {"good": "green", "bad": "red", "missing": "yellow"}


def policy_evidence(evidence: object) -> Iterator[RenderableType]:
    """A table for each kind of thing that was seen; nothing for evidence of another form."""
    if not isinstance(evidence, Mapping):
        return
    if isinstance(evidence.get("containers"), Sequence):
        yield _containers(evidence["containers"])
    if isinstance(evidence.get("checks"), Sequence):
        yield _checks(evidence["checks"])
    if "approval" in evidence or "rejection" in evidence:
        yield _uploads(evidence)


def _containers(containers: Sequence[Seen]) -> Table:
    table = _table("Containers", "container", "image", "scan", "findings", "signature")
    for item in containers:
        scan, signature = item.get("scan") or {}, item.get("signature") or {}
        counts = ", ".join(f"{n} {word}" for word, n in (scan.get("findings") or {}).items())
        signed = ", ".join(f"{who} {how}" for who, how in (signature.get("statuses") or {}).items())
        table.add_row(
            Text(str(item.get("container"))),
            Text(str(item.get("image")), overflow="fold"),
            Text(str(scan.get("problem") or scan.get("status") or "none"), overflow="fold"),
            Text(counts or "none"),
            Text(str(signature.get("problem") or signed or "none"), overflow="fold"),
        )
    return table


def _checks(checks: Sequence[Seen]) -> Table:
    table = _table("Checks", "check", "from", "result", "seen")
    for item in checks:
        result = str(item.get("result"))
        seen = "; ".join(f"{look['what']}: {look['value']}" for look in item.get("looks") or ())
        table.add_row(
            str(item.get("check")),
            Text(str(item.get("began_at"))),
            Text(result, style=_RESULT_COLOURS.get(result, "white")),
            Text(seen, overflow="fold"),
        )
    return table


def _uploads(evidence: Seen) -> Table:
    table = _table("Uploads", "what", "object", "uploaded", "version", "owner", "words")
    for what in ("approval", "rejection"):
        upload = evidence.get(what)
        if not isinstance(upload, Mapping):
            table.add_row(what, "none", "", "", "", "")
            continue
        words = [f"{name}={said}" for name, said in (upload.get("metadata") or {}).items()]
        words += [str(upload["says"])] if upload.get("says") else []
        table.add_row(
            what,
            Text(str(upload.get("url")), overflow="fold"),
            Text(str(upload.get("uploaded_at"))),
            Text(str(upload.get("version"))),
            Text(str(upload.get("owner"))),
            Text("; ".join(words), overflow="fold"),
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.header_style = "dim"
    for column in columns:
        table.add_column(column)
    return table
