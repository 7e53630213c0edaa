"""The dashboard's routes over a bucket in memory."""

import json
from datetime import timedelta

import pytest

from testgate.cli.dashboard import BucketSource
from testgate.core.layout import RunPlace, progress_key
from testgate.core.outcomes import Outcome
from testgate.core.progress import Progress, ShardProgress
from testgate.core.record import RECORD_SCHEMA
from testgate.ui.pages import make_app
from tests.core.samples import START
from tests.fakes.ports import FakeBucket

HOSTILE = "</code><script>alert(1)</script>"


def a_record(outcome, *tests):
    return {
        "schema": RECORD_SCHEMA,
        "outcome": outcome,
        "sentence": f"suite smoke: {outcome}",
        "started_at": "2026-11-23T08:00:00Z",
        "ended_at": "2026-11-23T08:00:09Z",
        "suites": [
            {
                "name": "smoke",
                "outcome": outcome,
                "sentence": "as it went",
                "started_at": "2026-11-23T08:00:01Z",
                "ended_at": "2026-11-23T08:00:08Z",
                "tests": [{"name": name, "outcome": said} for name, said in tests],
            }
        ],
    }


def a_place(name="web-1"):
    return RunPlace(cluster="shop", service="web", deployment_id="d1", run_name=name)


def store(bucket, place, record, at=START):
    bucket.objects[place.index(Outcome(record["outcome"]), at)] = b""
    bucket.objects[place.record] = json.dumps(record).encode()


def tell(bucket, name="web-2", *, ended=False, suite="smoke"):
    shard = ShardProgress(
        suite=suite,
        shard=1,
        attempt=1,
        progress=Progress(ended=3, failed=1, total=9),
        started_at=START,
        at=START,
        deadline=START + timedelta(minutes=5),
        wave=1,
        waves=2,
        due=1,
        ended=ended,
    )
    bucket.objects[progress_key(name, suite, 1)] = json.dumps(shard.spell()).encode()


@pytest.fixture
def bucket():
    return FakeBucket()


@pytest.fixture
def client(bucket):
    return make_app(BucketSource(bucket), lambda: START).test_client()


def run_url(place):
    return f"/run/{place.cluster}/{place.service}/{place.deployment_id}/{place.run_name}"


def test_an_empty_bucket_says_what_to_do(client):
    assert "testgate attach" in client.get("/").text


def test_services_show_their_last_sentence(bucket, client):
    store(bucket, a_place(), a_record("failed", ("t", "failed")))
    page = client.get("/").text
    assert "shop/web" in page
    assert "suite smoke: failed" in page
    assert run_url(a_place()) in page


def test_a_run_and_its_report_are_shown(bucket, client):
    store(bucket, a_place(), a_record("failed", ("t", "failed")))
    assert "/history/shop/web/smoke" in client.get(run_url(a_place())).text
    assert "<!doctype html>" in client.get(f"{run_url(a_place())}/report").text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "is missing"),
        (b'{"outcome": "pas', "cannot be read"),
        (
            b'{"schema": "testgate.record/99", "outcome": "failed", "sentence": "new"}',
            "upgrade testgate",
        ),
    ],
)
def test_a_record_that_cannot_be_read_says_what_was_found(bucket, client, body, says):
    store(bucket, a_place(), a_record("failed"))
    del bucket.objects[a_place().record]
    if body is not None:
        bucket.objects[a_place().record] = body
    assert says in client.get(run_url(a_place())).text


def test_a_run_is_live_until_the_index_has_it(bucket, client):
    tell(bucket)
    assert "/live/web-2" in client.get("/").text
    told = client.get("/live/web-2.json").json
    assert [state["step"] for state in told["states"]] == ["done", "done", "running", "due", "due"]
    assert (told["outcome"], told["shards"][0]["done"]) == (None, 3)
    store(bucket, a_place("web-2"), a_record("failed"))
    told = client.get("/live/web-2.json").json
    assert (told["outcome"], told["run"]) == ("failed", run_url(a_place("web-2")))
    assert told["states"][-1] == {"name": "Judge", "step": "refused"}
    assert "Running now" not in client.get("/").text


def test_a_run_that_fell_silent_is_not_called_running(bucket):
    tell(bucket)
    client = make_app(BucketSource(bucket), lambda: START + timedelta(hours=2)).test_client()
    assert "Running now" not in client.get("/").text
    assert json.loads(client.get("/live/web-2.json").text)["silent"] is True


def test_history_counts_passes_and_flaky_tests(bucket, client):
    store(bucket, a_place("web-1"), a_record("flaky", ("wobbles", "flaky"), ("good", "passed")))
    later = START + timedelta(minutes=1)
    store(bucket, a_place("web-2"), a_record("failed", ("wobbles", "failed")), later)
    page = client.get("/history/shop/web/smoke").text
    assert "Passed in 1 of 2" in page
    assert "flaky 1, failed 1 of 2" in page
    assert "good" not in page


def test_two_runs_are_compared(bucket, client):
    store(bucket, a_place("web-1"), a_record("failed", ("a", "failed"), ("b", "passed")))
    later = START + timedelta(minutes=1)
    store(bucket, a_place("web-2"), a_record("failed", ("a", "passed"), ("b", "failed")), later)
    page = client.get("/compare/shop/web?before=d1/web-1&after=d1/web-2").text
    assert "Newly failing (1)" in page
    assert "Fixed (1)" in page
    assert "Still failing (0)" in page


def test_hostile_names_stay_text(bucket, client):
    store(bucket, a_place(), a_record("failed", (HOSTILE, "failed")) | {"sentence": HOSTILE})
    tell(bucket, suite=HOSTILE)
    for path in ("/", run_url(a_place()), "/history/shop/web/smoke", "/live/web-2"):
        page = client.get(path).text
        assert "<script>alert" not in page, path
    assert "&lt;script&gt;alert" in client.get("/history/shop/web/smoke").text


@pytest.mark.parametrize("path", ["/", "/page.css", "/static/ui.css", "/live/web-2.json"])
@pytest.mark.parametrize(
    ("host", "trusted"),
    [("127.0.0.1:8080", True), ("localhost", True), ("evil.example:8080", False)],
)
def test_only_a_loopback_host_is_answered(bucket, client, path, host, trusted):
    tell(bucket)
    with client.get(path, headers={"Host": host}) as answer:
        assert answer.status_code == (200 if trusted else 400)


def test_nothing_can_be_changed_and_no_inline_script_runs(client):
    assert client.post("/").status_code == 405
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    rules = client.application.url_map.iter_rules()
    assert {method for rule in rules for method in rule.methods} == {"GET", "HEAD", "OPTIONS"}


def test_an_address_of_nothing_says_so(client):
    answer = client.get(run_url(a_place()))
    assert answer.status_code == 404
    assert "Nothing is stored" in answer.text
