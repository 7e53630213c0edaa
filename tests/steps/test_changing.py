"""What changed since the gate run before: found and kept, and never a reason to fail."""

import pytest

from state_machines.steps.changing import MAX_LOOKED_AT, MAX_READ, compared
from testgate.core.errors import AccessDeniedError, UnavailableError
from testgate.core.layout import RunPlace, place_of
from testgate.core.outcomes import Outcome
from testgate.core.storing import to_json_bytes
from tests.core.samples import START, passed, question
from tests.fakes.ports import FakeBucket
from tests.report import records

PLACE = place_of(question().deployment, question().execution_name)
JSON = "application/json"


class CountingBucket(FakeBucket):
    """Counts what is read of it."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def find_json(self, key):
        self.asked.append(key)
        return super().find_json(key) if key in self.objects else None


def ended(bucket, name, minutes, record, outcome=Outcome.PASSED):
    """A gate run of the same service that ended so many minutes earlier."""
    place = RunPlace(
        cluster=PLACE.cluster, service=PLACE.service, deployment_id=name, run_name="web-x"
    )
    at = START.replace(hour=7, minute=60 - minutes)
    bucket.put(place.index(outcome, at), b"", "text/plain")
    if record is not None:
        bucket.put(place.record, to_json_bytes(record), JSON)
    return place


def test_the_newest_run_before_is_compared_with():
    bucket = CountingBucket()
    ended(bucket, "older", 20, records.refused())
    ended(bucket, "newer", 10, records.promoted())
    changes = compared(bucket, PLACE, records.refused())["changes"]
    assert changes["before"]["outcome"] == "passed"
    assert changes["counts"] == {"newly_failing": 3, "still_failing": 0, "fixed": 0}


def test_hooks_without_record_and_gate_runs_without_tests_are_passed_over():
    bucket = CountingBucket()
    ended(bucket, "older", 20, records.refused())
    ended(bucket, "stopped", 10, records.without_tests(Outcome.ABORTED, "the deployment ended"))
    ended(bucket, "admitted", 5, None)
    changes = compared(bucket, PLACE, records.refused())["changes"]
    assert changes["counts"] == {"newly_failing": 0, "still_failing": 3, "fixed": 0}


def test_its_own_entry_is_not_the_run_before():
    bucket = CountingBucket()
    bucket.put(PLACE.index(Outcome.FAILED, START), b"", "text/plain")
    bucket.put(PLACE.record, to_json_bytes(records.refused()), JSON)
    record = records.refused()
    assert compared(bucket, PLACE, record) is record


def test_no_more_is_read_than_there_is_time_for():
    none, many = CountingBucket(), CountingBucket()
    for n in range(1, 50):
        ended(none, f"d{n:02}", n, None)
        ended(many, f"d{n:02}", n, records.without_tests(Outcome.ABORTED, "the deployment ended"))
    for bucket, most in ((none, MAX_LOOKED_AT), (many, MAX_READ)):
        compared(bucket, PLACE, records.refused())
        assert len(bucket.asked) == most


@pytest.mark.parametrize("error", [AccessDeniedError("no"), UnavailableError("later"), OSError()])
@pytest.mark.parametrize("what", ["keys", "find_json"])
def test_what_cannot_be_read_leaves_the_record_as_it_is(what, error, caplog):
    class Broken(CountingBucket):
        def keys(self, *args):
            if what == "keys":
                raise error
            return super().keys(*args)

        def find_json(self, key):
            raise error

    bucket = Broken()
    ended(bucket, "newer", 10, records.promoted())
    record = records.refused()
    assert compared(bucket, PLACE, record) is record
    assert f"not compared: {type(error).__name__}" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [{"suites": None}, {"suites": [None]}, {"changes": 7}, {"ended_at": None}, {"gate": 1}],
)
def test_a_damaged_record_before_harms_nothing(damage):
    bucket = CountingBucket()
    ended(bucket, "newer", 10, records.record(passed("a")) | damage)
    record = records.refused()
    assert compared(bucket, PLACE, record) | {"changes": None} == record | {"changes": None}
