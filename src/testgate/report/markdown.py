"""The record as Markdown, in the order in which a person asks: verdict, first failure, counts,
what was tested, time, links, what happens next. Standard library only.
"""

import re
from collections.abc import Iterator, Mapping

from testgate.core.outcomes import PASSING, Outcome
from testgate.report.console import deployments_url, execution_url
from testgate.report.reading import read_record
from testgate.report.view import COUNTED, Record, RunView, SuiteView, seconds_between
from testgate.report.wording import CLASSES

MAX_LISTED = 50
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def render_markdown(record: Record) -> str:
    """A report for chat, CI summaries and files; everything that tests said is escaped."""
    run = read_record(record)
    sections = (
        _heading(run),
        _first_failure(run),
        _counts(run),
        _thresholds(run),
        _failures(run),
        _flaky(run),
        _quarantine(run),
        _tested(run),
        _time(run),
        _links(run),
        _next(run),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def escape(text: object) -> str:
    """Text that means nothing to Markdown or HTML, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def _heading(run: RunView) -> Iterator[str]:
    outcome = run.outcome.value
    yield f"# {outcome.upper().replace('_', ' ')} — {escape(run.sentence)}"
    yield ""
    refusing = [
        f"{escape(suite.name)} ({suite.outcome})"
        for suite in run.suites
        if suite.outcome not in PASSING
    ]
    suites = f"; suites: {', '.join(refusing)}" if refusing else ""
    yield f"**Class:** {CLASSES[outcome]}{suites}"
    yield ""


def _first_failure(run: RunView) -> Iterator[str]:
    found = next(run.failures, None)
    if found is None:
        return
    suite, test = found
    yield "## First failing test"
    yield ""
    yield f"**{escape(test.name)}** in suite {escape(suite.name)}"
    yield ""
    if test.message:
        yield f"> {escape(test.message)}"
        yield ""
    if test.file:
        line = f":{test.line}" if test.line is not None else ""
        yield f"At {escape(test.file)}{line}"
        yield ""
    if test.trace:
        yield from _fenced(test.trace)
        yield ""
    if test.output:
        yield from ("Captured output:", "", *_fenced(test.output), "")


def _counts(run: RunView) -> Iterator[str]:
    if not run.suites:
        return
    yield "## Counts"
    yield ""
    yield "| suite | outcome | passed | failed | flaky | skipped | quarantined | of | at least | |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for suite in run.suites:
        counts = " | ".join(str(suite.counts[name]) for name in COUNTED)
        yield (
            f"| {escape(suite.name)} | {suite.outcome} | {counts} "
            f"| {suite.total} | {suite.min_tests} | {', '.join(_asides(suite))} |"
        )
    yield ""


def _asides(suite: SuiteView) -> Iterator[str]:
    if not suite.blocking:
        yield "advisory"
    if suite.attempts > 1:
        yield f"{suite.attempts} attempts"
    if suite.shards > 1:
        yield f"{suite.shards} shards"


def _thresholds(run: RunView) -> Iterator[str]:
    rows = [
        (suite.name, each.says, each.value or "nothing", "holds" if each.holds else "**broken**")
        for suite in run.suites
        for each in suite.thresholds
    ]
    if rows:
        yield "## Thresholds"
        yield ""
        yield "| suite | must be | measured | |"
        yield "|---|---|---|---|"
        for *cells, holds in rows:
            yield f"| {' | '.join(escape(cell) for cell in cells)} | {holds} |"
        yield ""


def _failures(run: RunView) -> Iterator[str]:
    failures = list(run.failures)
    if len(failures) < 2:
        return
    yield "## All failures"
    yield ""
    for suite, test in failures[:MAX_LISTED]:
        message = f": {escape(test.message)}" if test.message else ""
        yield f"- {escape(suite.name)}: {escape(test.name)}{message}"
    unnamed = sum(suite.failures_left_out for suite in run.suites)
    yield from _more(len(failures) + unnamed, "- and {} more; record.json names {}", len(failures))
    yield ""


def _flaky(run: RunView) -> Iterator[str]:
    flaky = [(s, t) for s in run.suites for t in s.tests if t.outcome is Outcome.FLAKY]
    if not flaky:
        return
    yield "## Flaky: passed only when tried again"
    yield ""
    for suite, test in flaky[:MAX_LISTED]:
        message = f", first: {escape(test.message)}" if test.message else ""
        yield f"- {escape(suite.name)}: {escape(test.name)}{message}"
    unnamed = sum(suite.flaky_left_out for suite in run.suites)
    yield from _more(len(flaky) + unnamed, "- and {} more; record.json names {}", len(flaky))
    yield ""


def _quarantine(run: RunView) -> Iterator[str]:
    """Every entry, so that none is forgotten; one that names no test is told too."""
    entries = [(suite, entry) for suite in run.suites for entry in suite.quarantine]
    if not entries:
        return
    yield "## Quarantine"
    yield ""
    yield "| suite | test | result | expires | owner | reason |"
    yield "|---|---|---|---|---|---|"
    for suite, entry in entries[:MAX_LISTED]:
        expires = entry.expires + ("" if entry.counted else " (expired)")
        cells = (suite.name, entry.test, entry.outcome, expires, entry.owner, entry.reason)
        yield f"| {' | '.join(escape(cell) for cell in cells)} |"
    unnamed = sum(suite.quarantine_left_out for suite in run.suites)
    yield from _more(len(entries) + unnamed, "\nand {} more; record.json names {}", len(entries))
    yield ""


def _tested(run: RunView) -> Iterator[str]:
    yield "## What was tested"
    yield ""
    requests = {
        f"requests to green, {suite.name}": str(suite.requests)
        for suite in run.suites
        if suite.requests is not None
    }
    yield from _table(
        {
            "service": run.service_name,
            "revision": run.revision_id,
            "image": run.image,
            "test URL": run.base_url,
            "stage": run.stage,
            "gate": run.gate,
            "plan": run.plan_digest,
            "plan is": run.plan_by,
            "identity": run.identity,
        }
        | requests
    )


def _time(run: RunView) -> Iterator[str]:
    yield "## Time"
    yield ""
    rows = {"started": run.started_at, "ended": run.ended_at}
    took_s = seconds_between(run.started_at, run.ended_at)
    rows |= {"took": "" if took_s is None else f"{took_s:.1f} s", "deadline": run.deadline}
    for suite in run.suites:
        took_s = seconds_between(suite.started_at, suite.ended_at)
        if took_s is not None:
            rows[f"suite {suite.name}"] = f"{took_s:.1f} s of {suite.timeout_s} s"
    yield from _table(rows)


def _links(run: RunView) -> Iterator[str]:
    yield "## Links"
    yield ""
    yield from _table({"execution": run.execution_arn, "deployment": run.deployment})
    urls = {
        "Open the execution in Step Functions": execution_url(run.execution_arn),
        "Open the deployment in Amazon ECS": deployments_url(run.deployment),
    }
    links = [f"[{text}]({url})" for text, url in urls.items() if url]
    if links:
        yield " · ".join(links)
        yield ""


def _next(run: RunView) -> Iterator[str]:
    yield "## What happens next"
    yield ""
    yield run.next


def _more(total: int, says: str, named: int) -> Iterator[str]:
    hidden = total - min(named, MAX_LISTED)
    if hidden > 0:
        yield says.format(hidden, "all" if named == total else f"{named} of {total}")


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
