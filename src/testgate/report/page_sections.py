"""The sections of the report page, in the order in which a person asks.

Each takes the gate run and gives an element, or None if there is nothing to tell. Imported by the
page.
"""

from xml.etree.ElementTree import Element

from testgate.core.outcomes import Outcome
from testgate.report.console import deployments_url, execution_url
from testgate.report.elements import Child, h
from testgate.report.page_parts import (
    badge,
    bar,
    counted,
    duration,
    facts,
    icon,
    moment,
    section,
    short,
    word,
)
from testgate.report.page_timeline import timeline
from testgate.report.view import COUNTED, RunView, SuiteView, seconds_between
from testgate.report.wording import CLASSES

MAX_LISTED = 100


def header(run: RunView) -> Element:
    """The verdict, its sentence and its class."""
    outcome = run.outcome.value
    context: list[Child] = [
        h("strong", run.subject),
        run.stage or None,
        moment(run.ended_at),
    ]
    return h(
        "header",
        h("p", (h("span", part) for part in context if part is not None), class_="context"),
        h("h1", icon(outcome), word(outcome)),
        h("p", h("bdi", run.sentence), class_="sentence"),
        h("p", h("span", "Class"), " ", CLASSES[outcome], _refusing(run), class_="class"),
        data_outcome=outcome,
    )


def counts_section(run: RunView) -> Element | None:
    """Each suite with its counts, and what it had to reach."""
    if not run.suites:
        return None
    total = len(run.suites)
    title = "Counts" if total == 1 else f"Counts of {counted(total, 'suite')}"
    suites = (_suite(suite, alone=total == 1) for suite in run.suites)
    return section("counts", title, h("div", suites, class_="suites"))


def flaky_section(run: RunView) -> Element | None:
    """Tests that failed before they passed."""
    found = [(s, t) for s in run.suites for t in s.tests if t.outcome is Outcome.FLAKY]
    if not found:
        return None
    items: list[Child] = [
        h(
            "li",
            h("bdi", short(test.name), class_="test-name"),
            h("span", f"suite {suite.name}", class_="aside"),
            h("p", h("bdi", test.message), class_="message-line") if test.message else None,
        )
        for suite, test in found[:MAX_LISTED]
    ]
    total = len(found) + sum(suite.flaky_left_out for suite in run.suites)
    title = f"{counted(total, 'flaky test')}, passed only when tried again"
    return section("flaky", title, h("ul", items, class_="plain"), _more(total, len(items)))


def quarantine_section(run: RunView) -> Element | None:
    """Every entry, so that none is forgotten."""
    entries = [(suite, entry) for suite in run.suites for entry in suite.quarantine]
    if not entries:
        return None
    items: list[Child] = [
        h(
            "li",
            h("bdi", short(entry.test), class_="test-name"),
            h("span", f"suite {suite.name}", class_="aside"),
            facts(
                [
                    ("Result", entry.outcome + ("" if entry.counted else ", not forgiven")),
                    ("Ends", f"{entry.expires}{'' if entry.counted else ' (expired)'}"),
                    ("Owner", h("bdi", entry.owner)),
                    ("Reason", h("bdi", entry.reason)),
                ]
            ),
        )
        for suite, entry in entries[:MAX_LISTED]
    ]
    total = len(entries) + sum(suite.quarantine_left_out for suite in run.suites)
    title = f"Quarantine: {total:,} {'entry' if total == 1 else 'entries'}"
    return section("quarantine", title, h("ul", items, class_="plain"), _more(total, len(items)))


def tested_section(run: RunView) -> Element:
    """What was tested."""
    requests = [
        (f"Requests, {suite.name}", f"{suite.requests:,} reached green")
        for suite in run.suites
        if suite.requests is not None
    ]
    named: list[tuple[str, Child]] = [
        ("Service", run.service_name),
        ("Revision", _code(run.revision_id)),
        ("Image", _code(run.image)),
        ("Image digest", _code(run.image_digest)),
        ("Test URL", _code(run.base_url)),
        ("Stage", _code(run.stage)),
        ("Gate", run.gate),
        ("Plan", _code(run.plan_digest)),
        ("Plan is", run.plan_by),
        ("Identity", run.identity),
    ]
    return section("tested", "What was tested", facts([*named, *requests]))


def time_section(run: RunView) -> Element:
    """When, for how long, how much was left, and the suites beside each other."""
    left_s = seconds_between(run.ended_at, run.deadline)
    left = f", {duration(left_s)} left" if left_s and left_s > 0 else ""
    took = duration(seconds_between(run.started_at, run.ended_at))
    deadline = moment(run.deadline)
    rows: list[tuple[str, Child]] = [
        ("Queued", duration(run.spans.get("queue_s"))),
        ("Started", moment(run.started_at)),
        ("Ended", moment(run.ended_at)),
        ("Took", took),
        ("Two fleets", duration(run.spans.get("double_fleet_s"))),
        ("Deadline", [deadline, left] if deadline is not None else None),
    ]
    return section("time", "Time", facts(rows), timeline(run))


def links_section(run: RunView) -> Element | None:
    """The execution and the deployment in the AWS console, and as a terminal takes them; None for
    a run against a URL, which left nothing there."""
    asked = run.deployment or run.service_name
    if not asked:
        return None
    return section(
        "links",
        "Links",
        facts(
            [
                (
                    "Execution",
                    _arn(run.execution_arn, execution_url(run.execution_arn), "Step Functions"),
                ),
                ("Deployment", _arn(run.deployment, deployments_url(run.deployment), "Amazon ECS")),
                ("In a terminal", _code(f"testgate show {asked}")),
            ]
        ),
    )


def next_section(run: RunView) -> Element:
    """What ECS does now."""
    observed = "If its hook only observes (MODE observe), ECS goes on all the same."
    return section(
        "next",
        "What happens next",
        h("p", run.next),
        h("p", observed, class_="note") if run.service_name and not run.passed else None,
    )


def _refusing(run: RunView) -> Child:
    """The suites that did not pass; nothing where the gate has one suite and its name says it."""
    named = [suite for suite in run.suites if suite.outcome.value not in ("passed", "flaky")]
    if len(run.suites) < 2 or not named:
        return None
    said = (f"{suite.name} ({word(suite.outcome.value).lower()})" for suite in named)
    return ["; suites: ", ", ".join(said)]


def _suite(suite: SuiteView, *, alone: bool) -> Element:
    """One suite; alone it has nothing to say that the page's own sentence does not."""
    parts = [(name, suite.counts[name]) for name in COUNTED]
    said = (h("span", h("b", f"{n:,}"), f" {name}", data_outcome=name) for name, n in parts if n)
    asides = [
        None if suite.blocking else "advisory: it refuses nothing",
        f"{suite.attempts} of {suite.attempts_allowed} attempts" if suite.attempts > 1 else None,
        f"{suite.shards} shards" if suite.shards > 1 else None,
    ]
    thresholds: list[Child] = [
        h(
            "li",
            badge("passed" if each.holds else "failed"),
            h("code", each.says),
            h("span", f"measured {each.value or 'nothing'}", class_="aside"),
        )
        for each in suite.thresholds
    ]
    of = f"of {counted(suite.total, 'test')}; at least {suite.min_tests:,} must run"
    return h(
        "article",
        h(
            "h3",
            badge(suite.outcome.value),
            suite.name,
            (h("span", text, class_="aside") for text in asides if text),
        ),
        None if alone else h("p", h("bdi", suite.sentence)),
        bar(parts),
        h("p", list(said), h("span", of), class_="counts"),
        h("ul", thresholds, class_="plain thresholds") if thresholds else None,
        class_="suite",
    )


def _arn(arn: str, url: str | None, where: str) -> Child:
    if not arn:
        return None
    link = h("a", f"Open in {where}", href=url, rel="noopener noreferrer") if url else None
    return [link, _code(arn)]


def _code(text: str) -> Element | None:
    return h("code", h("bdi", text)) if text else None


def _more(total: int, shown: int) -> Element | None:
    hidden = total - shown
    return h("p", f"and {hidden:,} more, in record or evidence", class_="note") if hidden else None
