"""Health and turns of targets."""

import pytest

from testgate.local.balancer.targets import (
    Probe,
    ProbeAnswered,
    ProbeRefused,
    ProbeTimedOut,
    TargetHealth,
    TargetKey,
    TargetState,
    TargetTable,
    next_health,
)

_GOOD = ProbeAnswered(status=200, accepted=True)
_BAD = ProbeAnswered(status=503, accepted=False)
_REFUSED, _SLOW = ProbeRefused(), ProbeTimedOut()
_A, _B = TargetKey("group", "127.0.0.1", 1), TargetKey("group", "127.0.0.1", 2)


@pytest.mark.parametrize(
    ("probes", "state", "reason"),
    [
        ([], "initial", None),
        ([_REFUSED] * 9, "initial", None),
        ([_REFUSED, _GOOD], "healthy", None),
        ([_BAD], "initial", None),
        ([_BAD, _BAD], "unhealthy", "Target.ResponseCodeMismatch"),
        ([_SLOW, _SLOW], "unhealthy", "Target.Timeout"),
        ([_GOOD, _REFUSED], "healthy", None),
        ([_GOOD, _REFUSED, _GOOD, _REFUSED], "healthy", None),
        ([_GOOD, _REFUSED, _REFUSED], "unhealthy", "Target.FailedHealthChecks"),
        ([_BAD, _BAD, _GOOD], "healthy", None),
    ],
)
def test_health_after_probes(probes: list[Probe], state: str, reason: str | None):
    health = TargetHealth(state=TargetState.INITIAL)
    for probe in probes:
        health = next_health(health, probe, unhealthy_threshold=2)
    assert (health.state, health.reason) == (state, reason)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> TargetTable:
    return TargetTable(clock)


def _answer(table: TargetTable, *keys: TargetKey) -> None:
    for key in keys:
        table.record(key, _GOOD, threshold=2, again_in_s=1)


def test_healthy_targets_take_turns(table: TargetTable):
    for key in (_A, _B):
        table.register(key)
    assert table.take("group") is None
    _answer(table, _A)
    assert [table.take("group") for _ in range(2)] == [_A, _A]
    _answer(table, _B)
    assert {table.take("group") for _ in range(2)} == {_A, _B}


def test_deregistered_target_drains_and_is_gone(table: TargetTable, clock: Clock):
    table.register(_A)
    _answer(table, _A)
    table.deregister(_A, delay_s=10)
    draining = table.health_of(_A)
    assert draining is not None
    assert (draining.state, draining.reason) == ("draining", "Target.DeregistrationInProgress")
    assert table.take("group") is None
    assert table.due() == []
    clock.now_s = 10
    assert table.health_of(_A) is None
    assert table.in_group("group") == []


def test_without_delay_it_is_gone_at_once(table: TargetTable):
    table.register(_A)
    assert table.deregister(_A, delay_s=0)
    assert table.health_of(_A) is None
    assert not table.deregister(_B, delay_s=0)


def test_a_target_is_probed_again_when_due(table: TargetTable, clock: Clock):
    table.register(_A)
    assert table.due() == [_A]
    _answer(table, _A)
    assert table.due() == []
    clock.now_s = 1
    assert table.due() == [_A]


def test_a_registered_target_keeps_its_health(table: TargetTable):
    table.register(_A)
    _answer(table, _A)
    table.register(_A)
    assert table.take("group") == _A


def test_groups_do_not_share_targets(table: TargetTable):
    table.register(_A)
    _answer(table, _A)
    assert table.take("other") is None
    table.forget_group("group")
    assert table.take("group") is None
