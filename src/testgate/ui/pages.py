"""The dashboard's routes: each reads, makes a view and renders it. Nothing here changes anything.

Imported by `testgate ui`. Names from the bucket are text everywhere: Jinja2 escapes them, and the
policy lets no inline script or style run.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flask import Flask, Response, abort, jsonify, render_template, request

from testgate.core.errors import GateError
from testgate.core.layout import IndexEntry, RunPlace
from testgate.report import html as report_page
from testgate.report.comparing import compare
from testgate.report.elements import visible
from testgate.report.page_parts import duration
from testgate.report.reading import read_record
from testgate.ui.source import Source
from testgate.ui.views import LiveView, ServiceView, live, services, suite_history

# A page of another site that has made its name mean 127.0.0.1 sends that name as Host.
_LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_RUNS_OF_A_SERVICE = 10
_HISTORY_RUNS = 20
_LOOKED_AT = 200
_RUN = "/run/<cluster>/<service>/<deployment_id>/<run_name>"


def make_app(source: Source, now: Callable[[], datetime]) -> Flask:
    """The dashboard over a source."""
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = _LOOPBACK
    app.jinja_env.filters.update(visible=visible, duration=duration)
    app.after_request(_guard)
    app.register_error_handler(GateError, _tell_error)
    app.register_error_handler(404, _tell_missing)
    pages = _Pages(source, now)
    app.add_url_rule("/", view_func=pages.services)
    app.add_url_rule("/page.css", view_func=_page_css)
    app.add_url_rule(_RUN, view_func=pages.run)
    app.add_url_rule(f"{_RUN}/report", view_func=pages.report)
    app.add_url_rule("/live/<execution>", view_func=pages.live)
    app.add_url_rule("/live/<execution>.json", view_func=pages.live_json)
    app.add_url_rule("/history/<cluster>/<service>/<path:suite>", view_func=pages.history)
    app.add_url_rule("/compare/<cluster>/<service>", view_func=pages.compare)
    return app


class _Pages:
    def __init__(self, source: Source, now: Callable[[], datetime]) -> None:
        self._source = source
        self._now = now

    def services(self) -> str:
        views = self._services()
        ended = {entry.place.run_name for view in views for entry in view.runs}
        running = [each for name in self._source.executions() if (each := self._live(name, ended))]
        sentences = {view.runs[0].place: self._source.show(view.runs[0].place) for view in views}
        return render_template(
            "services.html", bucket=self._source.name, views=views, shown=sentences, live=running
        )

    def run(self, cluster: str, service: str, deployment_id: str, run_name: str) -> str:
        place = _place(cluster, service, deployment_id, run_name)
        shown = self._source.show(place) or abort(404)
        view = read_record(shown.record) if shown.record is not None else None
        entries = self._source.entries(cluster, service, _LOOKED_AT)
        mine = next((each for each in entries if each.place == place), None)
        return render_template(
            "run.html", place=place, shown=shown, view=view, entry=mine, entries=entries[:10]
        )

    def report(self, cluster: str, service: str, deployment_id: str, run_name: str) -> Response:
        place = _place(cluster, service, deployment_id, run_name)
        # The page brings its own policy, with the hashes of its style and script.
        return Response(self._source.page(place) or abort(404), mimetype="text/html")

    def live(self, execution: str) -> str:
        return render_template("live.html", view=self._found_live(execution))

    def live_json(self, execution: str) -> Response:
        view = self._found_live(execution)
        place = view.entry.place if view.entry else None
        return jsonify(view.spell() | {"run": _path(place) if place else None})

    def history(self, cluster: str, service: str, suite: str) -> str:
        entries = self._source.entries(cluster, service, _HISTORY_RUNS)
        found = [(each, self._source.show(each.place)) for each in entries]
        problems = [said for _, shown in found if shown for said in shown.problems]
        runs = [
            (each, read_record(shown.record)) for each, shown in found if shown and shown.record
        ]
        view = suite_history(suite, runs)
        return render_template(
            "history.html", cluster=cluster, service=service, view=view, problems=problems
        )

    def compare(self, cluster: str, service: str) -> str:
        entries = self._source.entries(cluster, service, _LOOKED_AT)
        names = [request.args.get(side, "") for side in ("before", "after")]
        chosen = [next((e for e in entries if _id(e) == name), None) for name in names]
        shown = [each and self._source.show(each.place) for each in chosen]
        records = [each.record for each in shown if each and each.record is not None]
        both = len(records) == len(names)
        return render_template(
            "compare.html",
            cluster=cluster,
            service=service,
            entries=entries[:_HISTORY_RUNS],
            names=names,
            chosen=chosen,
            problems=[said for each in shown if each for said in each.problems],
            result=compare(*map(read_record, records)) if both else None,
        )

    def _services(self) -> tuple[ServiceView, ...]:
        listed: list[IndexEntry] = []
        for cluster, service in self._source.services():
            listed.extend(self._source.entries(cluster, service, _RUNS_OF_A_SERVICE))
        return services(listed)

    def _live(self, execution: str, ended: set[str]) -> LiveView | None:
        """One that runs; None if it has ended or fallen silent."""
        if execution in ended:
            return None
        shards = self._source.progress(execution)
        view = live(execution, shards, self._entry_of(execution), self._now())
        return view if shards and view.entry is None and not view.silent else None

    def _found_live(self, execution: str) -> LiveView:
        shards, entry = self._source.progress(execution), self._entry_of(execution)
        if not shards and entry is None:
            abort(404)
        return live(execution, shards, entry, self._now())

    def _entry_of(self, execution: str) -> IndexEntry | None:
        return next(
            (
                entry
                for cluster, service in self._source.services()
                for entry in self._source.entries(cluster, service, _LOOKED_AT)
                if entry.place.run_name == execution
            ),
            None,
        )


def _place(cluster: str, service: str, deployment_id: str, run_name: str) -> RunPlace:
    return RunPlace(
        cluster=cluster, service=service, deployment_id=deployment_id, run_name=run_name
    )


def _path(place: RunPlace) -> str:
    return f"/run/{place.cluster}/{place.service}/{place.deployment_id}/{place.run_name}"


def _id(entry: IndexEntry) -> str:
    return f"{entry.place.deployment_id}/{entry.place.run_name}"


def _guard(response: Response) -> Response:
    if request.endpoint != "report":
        response.headers["Content-Security-Policy"] = _POLICY
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


def _tell_missing(_: Exception) -> tuple[str, int]:
    sentence = (
        "Nothing is stored under this address: the gate run has not ended, its record has expired, "
        "or the address is wrong. The list of services shows what there is."
    )
    return render_template("error.html", title="Not found", sentence=sentence), 404
