"""`testgate run` and the proof of publish, for suites that are checks."""

import http.server
import threading
from datetime import UTC, datetime, timedelta

import pytest

from testgate.cli.proving import prove
from testgate.cli.publishing import prepare_publication
from testgate.cli.running import Against, rehearse
from testgate.core.errors import PlanError

CHECK = '[[suites.checks]]\nname = "{}"\npath = "/{}"\nretries = 0\n'


class Green(http.server.ThreadingHTTPServer):
    """Answers 200, but for /bad always and for /once the first time 500."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        server: "Green"

        def do_GET(self):
            first = self.path not in self.server.seen
            self.server.seen.append(self.path)
            bad = self.path == "/bad" or (self.path == "/once" and first)
            self.send_response(500 if bad else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.seen: list[str] = []


@pytest.fixture
def green():
    with Green() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def published(tmp_path, *paths, keys="", extra=""):
    text = 'schema = 1\n[gate]\nname = "g"\n[[suites]]\nname = "smoke"\n' + keys
    text += "".join(CHECK.format(path, path) for path in paths) + extra
    (tmp_path / "testgate.toml").write_text(text)
    return prepare_publication(tmp_path / "testgate.toml")


def quarantined(test):
    expires = datetime.now(UTC).date() + timedelta(days=7)
    return (
        f'[[quarantine]]\nsuite = "smoke"\ntest = "{test}"\nowner = "me"\nreason = "slow"\n'
        f"expires = {expires}\n"
    )


@pytest.mark.parametrize(
    ("paths", "keys", "extra", "sentence"),
    [
        ("ab", "", "", "2 of 2 tests passed (smoke)"),
        (
            ("a", "bad"),
            "",
            "",
            "1 of 2 tests in suite smoke failed (allowed 0); first: bad: status is 500, "
            "expected 2xx",
        ),
        (
            ("a", "once"),
            "attempts = 2\n",
            "",
            "2 of 2 tests passed, 1 flaky (smoke); passed only when tried again: smoke",
        ),
        (
            ("a", "b", "c", "d", "bad"),
            "",
            quarantined("bad"),
            "4 of 4 tests passed, 1 quarantined (smoke); quarantined and failed: bad (smoke)",
        ),
        (
            ("a", "b"),
            'thresholds = ["requests <= 1"]\n',
            "",
            "suite smoke: requests is 2, must be <= 1",
        ),
    ],
    ids=["good", "bad", "attempts", "quarantine", "thresholds"],
)
def test_checks_are_judged_as_every_suite_is(tmp_path, green, paths, keys, extra, sentence):
    publication = published(tmp_path, *paths, keys=keys, extra=extra)
    assert publication.bundles == {}
    against = Against(url=f"http://127.0.0.1:{green.server_port}")
    done = rehearse(publication, (), against, lambda _: None)
    assert done.verdict.sentence == sentence


@pytest.mark.parametrize("status", ['"2xx"', "502", '["2xx", "3xx", "4xx", "5xx"]'])
def test_no_check_passes_where_nothing_answers(tmp_path, status):
    publication = published(tmp_path, "a", keys="", extra=f"expect.status = {status}\n")
    (proof,) = prove(publication.bundles, publication.plan.suites, {}, 1, lambda _: None)
    assert (proof.problem, proof.says) == (
        None,
        "1 tests; it does not pass where nothing answers",
    )


def test_a_quarantine_of_no_check_is_refused(tmp_path):
    with pytest.raises(PlanError, match="quarantine names 'b', which is none of its checks"):
        published(tmp_path, "a", extra=quarantined("b"))
