"""The dashboard's routes: each reads, makes a view and renders it. Nothing here changes anything.

Imported by `testgate ui`. Names from the bucket are text everywhere: Jinja2 escapes them, and the
policy lets no inline script or style run.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

from flask import Flask, Response, abort, render_template, request
from markupsafe import Markup

from testgate.core.errors import GateError
from testgate.core.layout import IndexEntry, RunPlace, parse_state_folder
from testgate.report import html as report_page
from testgate.report import page_parts
from testgate.report.comparing import compare
from testgate.report.elements import visible
from testgate.report.reading import read_record
from testgate.ui.live import LONGEST, LiveView, ended_by, live
from testgate.ui.source import RunTold, Shown, Source
from testgate.ui.views import ServiceView, earlier, services, suite_history

_Asked = TypeVar("_Asked")
_Read = TypeVar("_Read")

# A page of another site that has made its name mean 127.0.0.1 sends that name as Host.
_LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_AT_ONCE = 8  # below the ten connections that botocore keeps
_RUNS_OF_A_SERVICE = 10
_HISTORY_RUNS = 20
_CHOICES = 50
_BEGUN = 50
_ENDED_NEAR = 50
_RUN = "/run/<cluster>/<service>/<deployment_id>/<run_name>"


def make_app(source: Source, now: Callable[[], datetime]) -> Flask:
    """The dashboard over a source."""
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = _LOOPBACK
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(visible=visible, duration=page_parts.duration)
    app.jinja_env.globals.update(
        badge=_badge, icon=_icon, word=page_parts.word, counted=page_parts.counted
    )
    app.after_request(_guard)
    app.register_error_handler(GateError, _tell_error)
    app.register_error_handler(404, _tell_missing)
    pages = _Pages(source, now)
    app.add_url_rule("/", view_func=pages.services)
    app.add_url_rule("/page.css", view_func=_page_css)
    app.add_url_rule(_RUN, view_func=pages.run)
    app.add_url_rule(f"{_RUN}/report", view_func=pages.report)
    app.add_url_rule("/live/<run>", view_func=pages.live)
    app.add_url_rule("/history/<cluster>/<service>/<path:suite>", view_func=pages.history)
    app.add_url_rule("/compare/<cluster>/<service>", view_func=pages.compare)
    return app


class _Pages:
    def __init__(self, source: Source, now: Callable[[], datetime]) -> None:
        self._source = source
        self._now = now
        self._ended: dict[str, IndexEntry] = {}  # by the run's folder; what has ended stays so

    def services(self) -> str:
        views = self._services()
        places = [view.runs[0].place for view in views]
        return render_template(
            "services.html",
            bucket=self._source.name,
            views=views,
            shown=dict(zip(places, _side_by_side(self._source.show, places), strict=True)),
            live=self._running({entry.place.run_name for view in views for entry in view.runs}),
        )

    def run(self, cluster: str, service: str, deployment_id: str, run_name: str) -> str:
        place = _place(cluster, service, deployment_id, run_name)
        shown = self._source.show(place) or abort(404)
        view = read_record(shown.record) if shown.record is not None else None
        entries = self._source.entries(cluster, service, _CHOICES)
        suites = view.suites if view else ()
        return render_template(
            "run.html",
            place=place,
            shown=shown,
            view=view,
            entry=next((each for each in entries if each.place == place), None),
            entries=entries[:_RUNS_OF_A_SERVICE],
            before=earlier(entries, place),
            failures=[(suite, test) for suite in suites for test in suite.failures],
            left_out=sum(suite.failures_left_out for suite in suites),
        )

    def report(
        self, cluster: str, service: str, deployment_id: str, run_name: str
    ) -> Response | tuple[str, int]:
        place = _place(cluster, service, deployment_id, run_name)
        page = self._source.page(place)
        if page is None:
            return _tell_no_report(self._source.show(place) or abort(404))
        # The page brings the rest of its policy, with the hashes of its style and script.
        policy = {"Content-Security-Policy": "frame-ancestors 'none'"}
        return Response(page, mimetype="text/html", headers=policy)

    def live(self, run: str) -> str:
        view = self._live(run) or abort(404)
        shown = self._source.show(view.entry.place) if view.entry else None
        return render_template("live.html", view=view, shown=shown, now=self._now())

    def history(self, cluster: str, service: str, suite: str) -> str:
        entries = self._source.entries(cluster, service, _HISTORY_RUNS)
        shown_of_each = _side_by_side(self._source.show, [each.place for each in entries])
        found = list(zip(entries, shown_of_each, strict=True))
        problems = [said for _, shown in found if shown for said in shown.problems]
        runs = [
            (each, read_record(shown.record)) for each, shown in found if shown and shown.record
        ]
        return render_template(
            "history.html",
            cluster=cluster,
            service=service,
            view=suite_history(suite, runs),
            problems_found=problems,
        )

    def compare(self, cluster: str, service: str) -> str:
        entries = self._source.entries(cluster, service, _CHOICES)
        names = [request.args.get(side, "") for side in ("before", "after")]
        chosen = [next((e for e in entries if _id(e) == name), None) for name in names]
        shown = [each and self._source.show(each.place) for each in chosen]
        records = [each.record for each in shown if each and each.record is not None]
        both = len(records) == len(names)
        return render_template(
            "compare.html",
            cluster=cluster,
            service=service,
            entries=entries,
            names=names,
            chosen=chosen,
            problems_found=[said for each in shown if each for said in each.problems],
            result=compare(*map(read_record, records)) if both else None,
        )

    def _services(self) -> tuple[ServiceView, ...]:
        def newest(service: tuple[str, str]) -> Sequence[IndexEntry]:
            return self._source.entries(*service, _RUNS_OF_A_SERVICE)

        listed = _side_by_side(newest, self._source.services())
        return services(entry for some in listed for entry in some)

    def _running(self, ended: set[str]) -> list[LiveView]:
        """Those of the last that began which have neither ended nor fallen silent."""
        views = []
        for run in self._source.begun(_BEGUN):
            started_at, execution = parse_state_folder(run) or (None, "")
            if started_at is None or started_at + LONGEST < self._now():
                continue
            if execution in ended or run in self._ended:
                continue
            view = self._live(run)
            if view is not None and not view.over:
                views.append(view)
        return views

    def _live(self, run: str) -> LiveView | None:
        told = self._source.told(run)
        if told is None:
            return None
        entry = self._entry_of(run, told)
        return live(run, told, self._source.progress(told.execution), entry, self._now())

    def _entry_of(self, run: str, told: RunTold) -> IndexEntry | None:
        """Looked for among those that ended when this one may have."""
        if run not in self._ended and told.begun is not None:
            place = told.begun.place
            near = self._source.entries(
                place.cluster, place.service, _ENDED_NEAR, until=ended_by(told)
            )
            found = next((each for each in near if each.place == place), None)
            if found is not None:
                self._ended[run] = found
        return self._ended.get(run)


def _side_by_side(read: Callable[[_Asked], _Read], asked: Iterable[_Asked]) -> list[_Read]:
    """What is read of each, in their order: one after another, a hundred services would take a
    hundred times as long as one."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(read, asked))


def _place(cluster: str, service: str, deployment_id: str, run_name: str) -> RunPlace:
    return RunPlace(
        cluster=cluster, service=service, deployment_id=deployment_id, run_name=run_name
    )


def _id(entry: IndexEntry) -> str:
    return f"{entry.place.deployment_id}/{entry.place.run_name}"


def _badge(outcome: str) -> Markup:
    return _markup(page_parts.badge(outcome))


def _icon(outcome: str) -> Markup:
    return _markup(page_parts.icon(outcome))


def _markup(element: ElementTree.Element) -> Markup:
    """An element of the report page; its serializer escapes what stands in it."""
    return Markup(ElementTree.tostring(element, encoding="unicode", method="html"))


def _guard(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page_css() -> Response:
    """The report page's own style: its colours and parts are the dashboard's too."""
    style = Path(report_page.__file__).with_name("page.css").read_text("utf-8")
    return Response(style, mimetype="text/css")


def _tell_error(error: GateError) -> tuple[str, int]:
    return render_template("error.html", title="Cannot be read", sentence=str(error)), 502


def _tell_no_report(shown: Shown) -> tuple[str, int]:
    sentence = (
        "A report is made from the record or the hook's answer, and neither can be read. "
        "testgate why tells what ECS and Step Functions still say of the deployment."
    )
    return (
        render_template(
            "error.html",
            title="No report",
            sentence=shown.sentence,
            more=[*shown.problems, sentence],
        ),
        404,
    )


def _tell_missing(_: Exception) -> tuple[str, int]:
    sentence = (
        "Nothing is stored under this address: the gate run has not ended, its record has expired, "
        "or the address is wrong. The list of services shows what there is."
    )
    return render_template("error.html", title="Not found", sentence=sentence), 404
