"""Shards of a whole deployment are shared out by what their tests took in the one before."""

import json

from testgate.core.durations import key_of, read_durations
from testgate.core.layout import durations_key, latest_durations_key
from testgate.core.outcomes import Outcome
from tests.deployments.conftest import SUITE

SLOW_S = 0.7
LONG_AND_SHORT = (
    SUITE
    + f"""
import pytest, time

def get(base_url, took_s=0):
    time.sleep(took_s)
    assert requests.get(base_url + "/health").ok

def test_x_long_one(base_url): get(base_url, {SLOW_S})
def test_y_long_one(base_url): get(base_url, {SLOW_S})
class TestShort:
    @pytest.mark.parametrize("what", ["a b", "ä/[1]"])
    def test_of_a_class(self, base_url, what): get(base_url)
def test_z_short(base_url): get(base_url)
"""
)
NAMES = {
    "test_it.py::test_health",
    "test_it.py::test_x_long_one",
    "test_it.py::test_y_long_one",
    "test_it.py::TestShort::test_of_a_class[a b]",
    "test_it.py::TestShort::test_of_a_class[\\xe4/[1]]",
    "test_it.py::test_z_short",
}


def ran(lab, run):
    """What each of the two shards ran."""
    return [
        {
            test["name"]
            for test in lab.bucket.get_json(
                f"{run.place.prefix}evidence/smoke/{shard}/1-0/evidence.json"
            )["tests"]
        }
        for shard in (1, 2)
    ]


def long_ones(tests):
    return sum("long_one" in name for name in tests)


def test_the_second_deployment_knows_which_tests_are_long_and_a_forged_document_is_nobodys(lab):
    lab.established()
    lab.publish({"smoke": LONG_AND_SHORT}, extra="shards = 2\nmin_tests = 6")
    parts = []
    for version in ("2", "3", "4"):
        deployment = lab.update(version, lab.hook())
        assert deployment["status"] == "SUCCESSFUL", lab.run(deployment).sentence
        run = lab.recorded(deployment)
        assert (run.outcome, run.sentence) == (Outcome.PASSED, "6 of 6 tests passed (smoke)")
        parts.append(ran(lab, run))
        assert set().union(*parts[-1]) == NAMES
        if version == "2":
            pointer = lab.bucket.get_json(latest_durations_key(lab.name, "smoke"))
            known = read_durations(lab.bucket.get(durations_key(pointer["durations"])))
            assert set(known) == {key_of(name) for name in NAMES}
            assert known[key_of("test_it.py::test_x_long_one")] >= SLOW_S * 1000
        if version == "3":
            pointer = lab.bucket.get_json(latest_durations_key(lab.name, "smoke"))
            forged = json.dumps({"schema": "testgate.durations/1", "ms": {"a": 1}}).encode()
            lab.bucket.put(durations_key(pointer["durations"]), forged, "application/json")
    even, planned, forged_parts = parts
    assert even == forged_parts
    assert sorted(map(len, even)) == [3, 3]
    assert [long_ones(part) for part in planned] == [1, 1]
    assert sorted(long_ones(part) for part in even) == [0, 2]
