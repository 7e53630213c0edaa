"""The dashboard's routes over a bucket in memory."""

from datetime import timedelta

import pytest

from testgate.cli.dashboard_source import BucketSource
from testgate.core.outcomes import Outcome
from testgate.core.states import Told
from testgate.ui.pages import make_app
from tests.core.samples import START
from tests.fakes.ports import FakeBucket
from tests.ui.stored import (
    HALF_WRITTEN,
    HOSTILE,
    NEWER,
    SOME,
    a_place,
    a_record,
    begin,
    ended_tests,
    folder,
    judge,
    prepare,
    put_state,
    store,
    tell,
)

LIVE = f"/live/{folder()}"


class CountingBucket(FakeBucket):
    """Keeps what was asked of it."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def get(self, key):
        self.asked.append(f"GET {key}")
        return super().get(key)

    def tagged_keys(self, prefix, limit=1000, after=""):
        self.asked.append(f"LIST {prefix} {limit}")
        return super().tagged_keys(prefix, limit, after)

    def _folders(self, prefix, limit):
        self.asked.append(f"LIST {prefix} {limit}")
        return super()._folders(prefix, limit)


@pytest.fixture
def bucket():
    return CountingBucket()


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
    report = client.get(f"{run_url(a_place())}/report")
    assert "<!doctype html>" in report.text
    assert report.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


def test_a_run_is_compared_with_the_one_before(bucket, client):
    store(bucket, a_place("web-1"), a_record("passed"))
    store(bucket, a_place("web-2"), a_record("failed"), START + timedelta(minutes=1))
    page = client.get(run_url(a_place("web-2"))).text
    assert "/compare/shop/web?before=d1/web-1&amp;after=d1/web-2" in page


@pytest.mark.parametrize(
    ("body", "says"),
    [(None, "is missing"), (HALF_WRITTEN, "cannot be read"), (NEWER, "upgrade testgate")],
)
def test_a_record_that_cannot_be_read_says_what_was_found(bucket, client, body, says):
    store(bucket, a_place(), a_record("failed"))
    del bucket.objects[a_place().record]
    if body is not None:
        bucket.objects[a_place().record] = body
    assert says in client.get(run_url(a_place())).text
    assert says in client.get("/").text


@pytest.mark.parametrize(("body", "says"), [(None, "is missing"), (HALF_WRITTEN, "cut off")])
def test_where_only_the_index_is_left_the_report_says_so_and_what_to_do(bucket, client, body, says):
    bucket.objects[a_place().index(Outcome.FAILED, START)] = b""
    if body is not None:
        bucket.objects[a_place().record] = body
    answer = client.get(f"{run_url(a_place())}/report")
    assert answer.status_code == 404
    for words in ("it ended as failed", says, "testgate why"):
        assert words in answer.text
    assert "script-src" in answer.headers["Content-Security-Policy"]
    assert "/report" not in client.get(run_url(a_place())).text


def test_a_run_is_listed_from_prepare_on_and_until_the_index_has_it(bucket, client):
    begin(bucket, waits_for="1 of 2 targets is initial")
    assert LIVE in client.get("/").text
    assert "Waits for green: 1 of 2 targets is initial" in client.get(LIVE).text
    prepare(bucket)
    assert "Wave 1 runs" in client.get(LIVE).text
    tell(bucket)
    assert "Wave 1 runs; 1 test has failed so far" in client.get(LIVE).text
    judge(bucket)
    assert "Judge runs" in client.get(LIVE).text
    store(bucket, a_place("web-2"), a_record("failed"))
    page = client.get(LIVE).text
    assert 'data-over="yes"' in page
    assert "suite smoke: failed" in page
    assert run_url(a_place("web-2")) in page
    assert "Running now" not in client.get("/").text


def test_tests_appear_as_they_end(bucket, client):
    begin(bucket)
    tell(bucket)
    page = client.get(LIVE).text
    assert "test_it.py::test_a" in page
    assert page.count("test_it.py::test_b") == 2  # among the last, and among the failures
    assert "test_it.py::test_c" not in page
    more = [(test.name, test.outcome) for test in SOME.newest]
    tell(bucket, ended_tests(*more, ("test_it.py::test_c", "passed")))
    assert "test_it.py::test_c" in client.get(LIVE).text


def test_a_run_that_fell_silent_is_not_called_running(bucket):
    begin(bucket)
    tell(bucket)
    client = make_app(BucketSource(bucket), lambda: START + timedelta(hours=2)).test_client()
    assert "Running now" not in client.get("/").text
    assert "Nothing has been heard of it" in client.get(LIVE).text


@pytest.mark.parametrize("body", [HALF_WRITTEN, b"[]", b'{"schema": "testgate.state/9"}'])
def test_states_that_cannot_be_read_are_as_if_they_had_not_been_told(bucket, client, body):
    begin(bucket)
    for what in (Told.PREPARE, Told.READY):
        put_state(bucket, what, {})
        key = next(key for key in bucket.objects if key.endswith(f"{what.value}.json"))
        bucket.objects[key] = body
    tell(bucket)
    page = client.get(LIVE).text
    assert "web-2" in page
    assert "Wave 1 runs" in page


def test_a_look_at_a_running_gate_run_is_three_lists_and_what_has_changed(bucket, client):
    for n in range(500):
        store(bucket, a_place(f"web-1{n:03}"), a_record("passed"), START - timedelta(minutes=n))
    begin(bucket)
    prepare(bucket)
    for shard in range(1, 65):
        tell(bucket, shard=shard)
    client.get(LIVE)
    tell(bucket, ended_tests(("another", "passed")), shard=7)
    bucket.asked.clear()
    assert "another" in client.get(LIVE).text
    assert bucket.asked == [
        f"LIST states/{folder()}/ 3",
        "LIST index/shop/web/ 50",
        "LIST progress/web-2/ 1000",
        "GET progress/web-2/smoke-7.json",
    ]


def test_what_has_ended_is_not_looked_for_again(bucket, client):
    begin(bucket)
    store(bucket, a_place("web-2"), a_record("passed"))
    client.get(LIVE)
    bucket.asked.clear()
    client.get(LIVE)
    assert bucket.asked[:2] == [f"LIST states/{folder()}/ 3", "LIST progress/web-2/ 1000"]
    assert not [asked for asked in bucket.asked if "index" in asked]


def test_gate_runs_that_ended_cost_the_list_of_services_nothing_again(bucket, client):
    for n in range(40):
        begin(bucket, f"web-1{n:03}")
        store(bucket, a_place(f"web-1{n:03}"), a_record("passed"), START + timedelta(seconds=n))
    first = client.get("/").text
    asked = len(bucket.asked)
    bucket.asked.clear()
    assert client.get("/").text == first
    assert "Running now" not in first
    assert len(bucket.asked) < 10 < asked


def test_a_large_gate_run_makes_no_large_page(bucket, client):
    tests = [(f"test_products.py::test_product[{n}]", "failed") for n in range(5_000)]
    good = [(name, "passed") for name, _ in tests]
    store(bucket, a_place("web-1"), a_record("passed", *good))
    store(bucket, a_place("web-2"), a_record("failed", *tests), START + timedelta(minutes=1))
    run = client.get(run_url(a_place("web-2"))).text
    assert "Failing tests (5000)" in run
    assert "and 4980 more, in the full report" in run
    both = client.get("/compare/shop/web?before=d1/web-1&after=d1/web-2").text
    assert "5000 newly failing" in both
    assert "and 4800 more" in both
    assert max(map(len, (run, both))) < 50_000


def test_of_what_began_only_the_last_are_looked_at(bucket, client):
    for n in range(200):
        begin(bucket, f"web-{n:03}")
    bucket.asked.clear()
    assert client.get("/").text.count("/live/") == 50
    assert "LIST states/ 50" in bucket.asked
    assert len(bucket.asked) < 250


def test_history_counts_passes_and_flaky_tests(bucket, client):
    store(bucket, a_place("web-1"), a_record("flaky", ("wobbles", "flaky"), ("good", "passed")))
    later = START + timedelta(minutes=1)
    store(bucket, a_place("web-2"), a_record("failed", ("wobbles", "failed")), later)
    page = client.get("/history/shop/web/smoke").text
    assert "Passed in 1 of 2" in page
    assert "flaky 1, failed 1 of 2" in page
    assert "good" not in page


def test_history_says_which_records_it_could_not_read(bucket, client):
    store(bucket, a_place(), a_record("passed"))
    bucket.objects[a_place().record] = HALF_WRITTEN
    page = client.get("/history/shop/web/smoke").text
    assert "cut off" in page
    assert "None of the last gate runs" in page


def test_two_runs_are_compared(bucket, client):
    store(bucket, a_place("web-1"), a_record("failed", ("a", "failed"), ("b", "passed")))
    later = START + timedelta(minutes=1)
    store(bucket, a_place("web-2"), a_record("failed", ("a", "passed"), ("b", "failed")), later)
    page = client.get("/compare/shop/web?before=d1/web-1&after=d1/web-2").text
    assert "1 newly failing, 0 still failing, 1 fixed" in page
    assert "Newly failing (1)" in page
    assert "Still failing" not in page


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "Compare two gate runs"),
        ("?before=d1/web-1", "Choose two gate runs"),
        ("?before=d1/web-1&after=d1/gone", "Choose two gate runs"),
        ("?before=d1/web-1&after=d1/web-1", "No test differs"),
    ],
)
def test_what_cannot_be_compared_says_so(bucket, client, query, says):
    store(bucket, a_place("web-1"), a_record("passed", ("a", "passed")))
    assert says in client.get(f"/compare/shop/web{query}").text


def test_hostile_names_stay_text(bucket, client):
    store(bucket, a_place(), a_record("failed", (HOSTILE, "failed")) | {"sentence": HOSTILE})
    begin(bucket, waits_for=HOSTILE)
    tell(bucket, ended_tests((HOSTILE, "failed")), suite=HOSTILE)
    for path in ("/", run_url(a_place()), "/history/shop/web/smoke", LIVE):
        page = client.get(path).text
        assert "<script>alert" not in page, path
        assert "<img" not in page, path
        assert "\u202e" not in page, path
    for path in ("/history/shop/web/smoke", LIVE):
        assert "&lt;script&gt;alert" in client.get(path).text, path


@pytest.mark.parametrize("path", ["/", "/page.css", "/static/ui.css", LIVE])
@pytest.mark.parametrize(
    ("host", "trusted"),
    [("127.0.0.1:8080", True), ("localhost", True), ("evil.example:8080", False)],
)
def test_only_a_loopback_host_is_answered(bucket, client, path, host, trusted):
    begin(bucket)
    with client.get(path, headers={"Host": host}) as answer:
        assert answer.status_code == (200 if trusted else 400)


def test_nothing_can_be_changed_and_no_inline_script_runs(client):
    assert client.post("/").status_code == 405
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    rules = client.application.url_map.iter_rules()
    assert {method for rule in rules for method in rule.methods} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", [run_url(a_place()), "/live/web-2", LIVE, "/nothing"])
def test_an_address_of_nothing_says_so(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Nothing is stored" in answer.text
