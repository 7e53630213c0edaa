"""Shards tell how far they are while they run, and the hook is called again by that."""

from testgate.core.layout import progress_prefix
from testgate.core.progress import parse_shard_progress
from testgate.local.ecs import TransitionKind
from tests.deployments.conftest import SUITE

WAITS_FOR_US = (
    SUITE
    + """
import os, pathlib, time
def test_waits_until_it_may_go_on():
    deadline = time.monotonic() + 300
    while not pathlib.Path({gate!r}).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
"""
)


def test_progress_is_there_while_a_suite_runs_and_says_when_it_has_ended(lab):
    lab.established()
    go_on = lab.directory / "go-on"
    lab.publish({"smoke": WAITS_FOR_US.format(gate=str(go_on))})
    seen = []

    def look(_):
        """Whenever the hook is called, until one of two tests has ended; then it may go on."""
        for key in lab.bucket.keys("progress/"):
            told = parse_shard_progress(lab.bucket.get_json(key))
            if told and lab.name in key and told.progress.ended:
                seen.append(told)
                go_on.touch()
        if not go_on.exists():
            lab.once(TransitionKind.HOOK_CALLED, look)

    lab.once(TransitionKind.HOOK_CALLED, look)
    deployment = lab.update("2", lab.hook())
    assert deployment["status"] == "SUCCESSFUL", lab.run(deployment).sentence
    first = seen[0]
    assert (first.progress.ended, first.progress.total, first.ended) == (1, 2, False)
    assert [test.name for test in first.progress.newest] == ["test_it.py::test_health"]
    assert (first.suite, first.shard, first.wave, first.waves, first.due) == ("smoke", 1, 1, 1, 1)
    (key,) = lab.bucket.keys(progress_prefix(lab.run(deployment).place.run_name))
    last = parse_shard_progress(lab.bucket.get_json(key))
    assert last is not None
    assert (last.progress.ended, last.progress.failed, last.ended) == (2, 0, True)


def test_how_long_a_suite_took_is_known_to_its_next_run(lab):
    lab.established()
    lab.publish({"smoke": SUITE})
    assert lab.update("2", lab.hook())["status"] == "SUCCESSFUL"
    again = lab.update("3", lab.hook())
    (key,) = lab.bucket.keys(progress_prefix(lab.run(again).place.run_name))
    assert lab.bucket.get_json(key)["expected_s"] > 0
