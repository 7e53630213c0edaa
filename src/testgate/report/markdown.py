"""The record as Markdown, in the order in which a person asks: verdict, first failure, counts,
what was tested, time, links, what happens next. Standard library only.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from testgate.report.wording import CLASSES, first_failure, what_happens_next

Record = Mapping[str, Any]

MAX_LISTED = 50
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def render_markdown(record: Record) -> str:
    """A report for chat, CI summaries and files; everything that tests said is escaped."""
    sections = (
        _heading(record),
        _first_failure(record),
        _counts(record),
        _failures(record),
        _quarantine(record),
        _tested(record),
        _time(record),
        _links(record),
        _next(record),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def escape(text: object) -> str:
    """Text that means nothing to Markdown or HTML, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def _heading(record: Record) -> Iterator[str]:
    yield f"# {record['outcome'].upper().replace('_', ' ')} — {escape(record['sentence'])}"
    yield ""
    refusing = [
        f"{escape(s['name'])} ({s['outcome']})"
        for s in record["suites"]
        if s["outcome"] not in ("passed", "flaky")
    ]
    kind = CLASSES.get(record["outcome"], record["outcome"])
    yield f"**Class:** {kind}" + (f"; suites: {', '.join(refusing)}" if refusing else "")
    yield ""


def _first_failure(record: Record) -> Iterator[str]:
    found = first_failure(record)
    if found is None:
        return
    suite, test = found
    yield "## First failing test"
    yield ""
    yield f"**{escape(test['name'])}** in suite {escape(suite['name'])}"
    yield ""
    if test.get("message"):
        yield f"> {escape(test['message'])}"
        yield ""
    if test.get("file"):
        line = f":{test['line']}" if test.get("line") is not None else ""
        yield f"At {escape(test['file'])}{line}"
        yield ""
    if test.get("trace"):
        yield from _fenced(test["trace"])
        yield ""


def _counts(record: Record) -> Iterator[str]:
    if not record["suites"]:
        return
    yield "## Counts"
    yield ""
    yield "| suite | outcome | passed | failed | flaky | skipped | quarantined | of | at least | |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for suite in record["suites"]:
        c = suite["counts"]
        advisory = "" if suite["blocking"] else "advisory"
        yield (
            f"| {escape(suite['name'])} | {suite['outcome']} | {c['passed']} | {c['failed']} "
            f"| {c['flaky']} | {c['skipped']} | {c.get('quarantined', 0)} "
            f"| {c['total']} | {suite['min_tests']} | {advisory} |"
        )
    yield ""


def _failures(record: Record) -> Iterator[str]:
    failures = [(suite, test) for suite in record["suites"] for test in suite["failures"]]
    if len(failures) < 2:
        return
    yield "## All failures"
    yield ""
    for suite, test in failures[:MAX_LISTED]:
        message = f": {escape(test['message'])}" if test.get("message") else ""
        yield f"- {escape(suite['name'])}: {escape(test['name'])}{message}"
    if len(failures) > MAX_LISTED:
        yield f"- and {len(failures) - MAX_LISTED} more, all named in record.json"
    yield ""


def _quarantine(record: Record) -> Iterator[str]:
    """Every entry, so that none is forgotten; one that names no test is told too."""
    entries = [(s, entry) for s in record["suites"] for entry in s.get("quarantine", ())]
    if not entries:
        return
    yield "## Quarantine"
    yield ""
    yield "| suite | test | result | expires | owner | reason |"
    yield "|---|---|---|---|---|---|"
    for suite, entry in entries[:MAX_LISTED]:
        expired = "" if entry["counted"] else " (expired)"
        cells = (suite["name"], entry["test"], entry["outcome"], f"{entry['expires']}{expired}")
        row = " | ".join(escape(cell) for cell in (*cells, entry["owner"], entry["reason"]))
        yield f"| {row} |"
    if len(entries) > MAX_LISTED:
        yield ""
        yield f"and {len(entries) - MAX_LISTED} more, all in record.json"
    yield ""


def _tested(record: Record) -> Iterator[str]:
    yield "## What was tested"
    yield ""
    requests = {
        f"requests to green, {suite['name']}": str(suite["relay"]["requests"])
        for suite in record["suites"]
        if suite.get("relay")
    }
    yield from _table(
        {
            "service": f"{record['cluster']}/{record['service']}",
            "revision": record["revision"].rsplit("/", 1)[-1],
            "image": record["image"],
            "test URL": record["base_url"],
            "stage": record["stage"],
            "gate": record["gate"],
            "plan": record["plan_digest"],
            "identity": record["identity"]["says"],
        }
        | requests
    )


def _time(record: Record) -> Iterator[str]:
    yield "## Time"
    yield ""
    rows = {
        "started": record["started_at"],
        "ended": record["ended_at"],
        "took": f"{_seconds(record['started_at'], record['ended_at']):.1f} s",
        "deadline": record["deadline"],
    }
    for suite in record["suites"]:
        if suite["started_at"]:
            took_s = _seconds(suite["started_at"], suite["ended_at"])
            rows[f"suite {suite['name']}"] = f"{took_s:.1f} s of {suite['timeout_s']} s"
    yield from _table(rows)


def _links(record: Record) -> Iterator[str]:
    yield "## Links"
    yield ""
    yield from _table({"execution": record["execution_arn"], "deployment": record["deployment"]})


def _next(record: Record) -> Iterator[str]:
    yield "## What happens next"
    yield ""
    yield what_happens_next(record)


def _table(rows: Mapping[str, object]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, value in rows.items():
        if value:
            yield f"| {escape(name)} | {escape(value)} |"
    yield ""


def _fenced(text: str) -> Iterator[str]:
    """A code block that its own content cannot close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}text"
    yield from text.splitlines()
    yield fence


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
