"""What the dashboard's tests store: records, index entries, and what a running gate run tells."""

import json
from datetime import timedelta

from testgate.core.layout import RunPlace, progress_key, reversed_ms, state_key
from testgate.core.outcomes import Outcome
from testgate.core.progress import ShardProgress, read_progress
from testgate.core.record import RECORD_SCHEMA
from testgate.core.states import Begun, Ready, Told, spell_judging
from testgate.runner.progress_file import ended_line
from tests.core.samples import START

HOSTILE = '</code><script>alert(1)</script><img src=x onerror="alert(2)">\u202etxt'
STAGE = "POST_TEST_TRAFFIC_SHIFT"
HALF_WRITTEN = b'{"outcome": "pas'
NEWER = b'{"schema": "testgate.record/99", "outcome": "failed", "sentence": "new"}'


def a_record(outcome, *tests, suite="smoke", took_s=7, sentence=""):
    return {
        "schema": RECORD_SCHEMA,
        "outcome": outcome,
        "sentence": sentence or f"suite {suite}: {outcome}",
        "gate": "shop",
        "started_at": "2026-11-23T08:00:00Z",
        "ended_at": "2026-11-23T08:00:09Z",
        "suites": [
            {
                "name": suite,
                "outcome": outcome,
                "sentence": "as it went",
                "started_at": "2026-11-23T08:00:01Z",
                "ended_at": (START + timedelta(seconds=1 + took_s)).isoformat(),
                "tests": [{"name": name, "outcome": said} for name, said in tests],
            }
        ],
    }


def a_place(name="web-1", service="web"):
    return RunPlace(cluster="shop", service=service, deployment_id="d1", run_name=name)


def store(bucket, place, record, at=START):
    bucket.objects[place.index(Outcome(record["outcome"]), at)] = b""
    bucket.objects[place.record] = json.dumps(record).encode()


def folder(name="web-2"):
    """A running gate run, as its address names it."""
    return f"{reversed_ms(START)}.{name}"


def put_state(bucket, told, spelled, name="web-2"):
    bucket.objects[state_key(START, name, told.value)] = json.dumps(spelled).encode()


def begin(bucket, name="web-2", *, waits_for="", service="web"):
    """Prepare has been entered."""
    place = a_place(name, service)
    begun = Begun(place=place, stage=STAGE, at=START, waits_for=waits_for)
    put_state(bucket, Told.PREPARE, begun.spell(), name)


def prepare(bucket, *waves, name="web-2", asks_identity=False):
    """Prepare has left: waves of suites, each with its shards."""
    ready = Ready(
        gate="shop",
        waves=waves or ((("smoke", 1),), (("api", 1),)),
        asks_identity=asks_identity,
        deadline=START + timedelta(minutes=5),
    )
    put_state(bucket, Told.READY, ready.spell(), name)


def judge(bucket, name="web-2"):
    """Judge has been entered."""
    put_state(bucket, Told.JUDGE, spell_judging(START), name)


def ended_tests(*tests, total=9):
    """Progress in which these tests, name and outcome, have ended."""
    return read_progress([f"of {total}", *(ended_line(said, name) for name, said in tests)])


SOME = ended_tests(("test_it.py::test_a", "passed"), ("test_it.py::test_b", "failed"))


def tell(bucket, progress=SOME, name="web-2", **changes):
    """A shard tells how far it is."""
    shard = a_shard(progress, **changes)
    key = progress_key(name, shard.suite, shard.shard)
    bucket.objects[key] = json.dumps(shard.spell()).encode()


def a_shard(progress=SOME, **changes):
    values = {
        "suite": "smoke",
        "shard": 1,
        "attempt": 1,
        "progress": progress,
        "started_at": START,
        "at": START,
        "deadline": START + timedelta(minutes=5),
        "wave": 1,
        "waves": 2,
        "due": 1,
    }
    return ShardProgress(**(values | changes))
