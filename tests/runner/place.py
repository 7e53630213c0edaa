"""A green to ask, and a suite's run as run_suite makes it; for the tests of the runner."""

import json
import textwrap
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from testgate.core.evidence import Run, parse_evidence
from testgate.core.handoff import RunContext, Task
from testgate.core.suite_verdict import judge_suite
from testgate.runner.suite import SuiteRun, run_suite
from tests.core.samples import suite as sample_suite


class Green(ThreadingHTTPServer):
    """Answers each path with itself, and keeps what it saw."""

    def __init__(self, address):
        super().__init__(address, self.Handler)
        self.seen = []

    class Handler(BaseHTTPRequestHandler):
        server: "Green"

        def do_GET(self):
            self.server.seen.append((self.path, dict(self.headers)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_):
            pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


GREEN = Green(("127.0.0.1", 0))
ASK = """
import urllib.request
def ask(url, path=''):
    assert urllib.request.urlopen(url).read().decode() == (path or '/')
"""


def run(
    tmp_path,
    files,
    *,
    timeout_s=60,
    deadline_s=600.0,
    shard=1,
    context=(),
    granted=(),
    **suite_changes,
):
    told = {"base_url": GREEN.url, "variables": {"TESTGATE_SERVICE": "web"}} | dict(context)
    place = SuiteRun(
        task=Task(
            suite=sample_suite(timeout_s=timeout_s, **suite_changes),
            run=Run(suite="smoke", shard=shard),
            context=RunContext(
                input_digest="i",
                plan_digest="p",
                prefix="runs/x/",
                deadline=datetime.now(UTC) + timedelta(seconds=deadline_s),
                judged_on=datetime.now(UTC).date(),
                **told,
            ),
        ),
        directory=tmp_path,
        granted=dict(granted),
    )
    place.suite_dir.mkdir()
    for name, text in files.items():
        path = place.suite_dir / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(textwrap.dedent(text))
    evidence = run_suite(place)
    assert parse_evidence(json.loads(json.dumps(evidence.spell()))) == evidence
    return evidence, judge_suite(place.task.suite, [evidence])
