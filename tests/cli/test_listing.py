"""`testgate list`: newest first over services, filtered, and page by page nothing twice or lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.cli.listing import Query, Scope, find_page, kind_of, read_scope, read_since
from testgate.core.errors import InputError
from testgate.core.layout import RunPlace
from testgate.core.outcomes import Outcome
from tests.core.samples import START
from tests.fakes.ports import FakeBucket


def indexed(*entries):
    """A bucket with nothing but an index: (service, second, outcome) each."""
    bucket = FakeBucket()
    for number, (service, second, outcome) in enumerate(entries):
        cluster, name = service.split("/")
        place = RunPlace(cluster=cluster, service=name, deployment_id="D", run_name=f"run-{number}")
        bucket.put(place.index(outcome, START + timedelta(seconds=second)), b"", "text/plain")
    return bucket


BUCKET = indexed(
    ("shop/web", 1, Outcome.PASSED),
    ("shop/web", 4, Outcome.FAILED),
    ("shop/api", 3, Outcome.FAILED),
    ("stage/web", 2, Outcome.TIMED_OUT),
    ("stage/web", 4, Outcome.ABORTED),
)


def names(page):
    return [entry.place.run_name for entry in page.entries]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["run-1", "run-4", "run-2", "run-3", "run-0"]),
        (Query(scope=Scope(cluster="shop")), ["run-1", "run-2", "run-0"]),
        (Query(scope=Scope(cluster="shop", service="web")), ["run-1", "run-0"]),
        (Query(scope=Scope(cluster="nobody")), []),
        (Query(outcomes=frozenset({Outcome.FAILED})), ["run-1", "run-2"]),
        (Query(since=START + timedelta(seconds=3)), ["run-1", "run-4", "run-2"]),
        (Query(limit=2), ["run-1", "run-4"]),
    ],
)
def test_what_is_asked_for_is_listed_newest_first(query, found):
    assert names(find_page(BUCKET, query)) == found


_ENTRY = st.tuples(
    st.sampled_from(["shop/web", "shop/api", "stage/web"]),
    st.integers(0, 3),
    st.sampled_from([Outcome.PASSED, Outcome.FAILED]),
)


@given(st.lists(_ENTRY, max_size=12), st.integers(1, 5), st.booleans())
def test_pages_together_are_the_whole(entries, limit, failed_only):
    bucket = indexed(*entries)
    outcomes = frozenset({Outcome.FAILED}) if failed_only else frozenset()
    paged, cursor = [], ""
    while True:
        page = find_page(bucket, Query(outcomes=outcomes, after=cursor, limit=limit))
        paged += names(page)
        cursor = page.cursor
        if not cursor:
            break
        assert len(page.entries) == limit
    assert paged == names(find_page(bucket, Query(outcomes=outcomes)))


def test_what_is_no_entry_is_passed_by():
    bucket = indexed(("shop/web", 1, Outcome.PASSED))
    bucket.put("index/shop/web/rubbish", b"", "text/plain")
    bucket.put("index/shop/web/9999999999999.gorgeous.D.run", b"", "text/plain")
    assert names(find_page(bucket, Query())) == ["run-0"]


@pytest.mark.parametrize("cursor", ["x", "@shop/web", "9.passed.D.run@shop/web", "../../secret"])
def test_a_cursor_of_nobody_is_refused(cursor):
    with pytest.raises(InputError, match=r"--cursor: got .*expected the one that the page before"):
        find_page(BUCKET, Query(after=cursor))


NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("36h", NOW - timedelta(hours=36)),
        ("2w", NOW - timedelta(days=14)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_since_is_a_time_ago_or_a_time(text, at):
    assert read_since(text, NOW) == at


@pytest.mark.parametrize("text", ["yesterday", "7", "-3h", "2026-13-01", ""])
def test_since_that_is_neither_is_refused(text):
    with pytest.raises(InputError, match=r"--since: got .*, expected a time ago such as 30m"):
        read_since(text, NOW)


def test_a_scope_is_everything_a_cluster_or_a_service():
    assert read_scope(None) == Scope()
    assert read_scope("shop") == read_scope("shop/") == Scope(cluster="shop")
    assert read_scope("shop/web") == Scope(cluster="shop", service="web")
    with pytest.raises(InputError, match="names no service: expected cluster, or cluster/service"):
        read_scope("a/b/c")


@pytest.mark.parametrize(
    ("service", "run_name", "kind"),
    [
        ("web", f"web-{'0f' * 32}", "test-gate"),
        ("web", "no-execution", "test-gate"),
        ("web", f"approval-{'0f' * 32}", "approval"),
        ("web", "metrics", "metrics"),
        ("metrics", f"metrics-{'0f' * 32}", "test-gate"),
    ],
)
def test_the_hooks_kind_is_told_by_the_runs_name(service, run_name, kind):
    place = RunPlace(cluster="c", service=service, deployment_id="D", run_name=run_name)
    assert kind_of(place) == kind
