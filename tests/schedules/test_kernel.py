"""Virtual time: one course, whatever the threads do."""

import pytest

from tests.schedules.kernel import START, EndlessError, Kernel, KilledError


def course(begin):
    kernel, told = Kernel(), []

    def tell(what):
        told.append((kernel.now_s, what))

    begin(kernel, tell)
    kernel.run(1_000)
    return told


def test_processes_run_in_the_order_of_their_moments():
    def begin(kernel, tell):
        def work(name, *pauses):
            for pause in pauses:
                kernel.sleep(pause)
                tell(name)

        kernel.spawn("a", lambda: work("a", 2, 2, 2))
        kernel.spawn("b", lambda: work("b", 1, 2, 9))

    assert course(begin) == [(1, "b"), (2, "a"), (3, "b"), (4, "a"), (6, "a"), (12, "b")]


def test_what_happens_at_one_moment_keeps_its_order():
    def begin(kernel, tell):
        for name in "abc":
            kernel.spawn(name, lambda name=name: tell(name), after_s=5)

    assert course(begin) == [(5, "a"), (5, "b"), (5, "c")]


def test_waiting_ends_with_the_first_that_ends_or_with_the_time():
    def begin(kernel, tell):
        def wait():
            short = kernel.spawn("short", lambda: kernel.sleep(3))
            long = kernel.spawn("long", lambda: kernel.sleep(30))
            tell(kernel.wait(short, long))
            tell(kernel.wait(long, timeout_s=4))
            tell(kernel.wait(short))

        kernel.spawn("wait", wait)

    assert course(begin) == [(3, True), (7, False), (7, True)]


def test_a_signal_wakes_those_who_wait_for_it():
    def begin(kernel, tell):
        signal = kernel.signal("now")
        kernel.spawn("wait", lambda: tell(kernel.wait(signal, timeout_s=50)))
        kernel.spawn("fire", lambda: kernel.fire(signal), after_s=8)

    assert course(begin) == [(8, True)]


def test_a_killed_process_ends_where_it_waits_and_wakes_others():
    def begin(kernel, tell):
        def endure():
            try:
                kernel.sleep(100)
            except KilledError:
                tell("killed")
                raise

        def kill():
            victim = kernel.spawn("victim", endure)
            kernel.sleep(5)
            kernel.kill(victim)
            tell(kernel.wait(victim))

        kernel.spawn("kill", kill)

    assert course(begin) == [(5, "killed"), (5, True)]


def test_a_process_killed_before_its_first_turn_never_runs():
    def begin(kernel, tell):
        victim = kernel.spawn("victim", lambda: tell("ran"), after_s=5)
        kernel.spawn("kill", lambda: kernel.kill(victim))

    assert course(begin) == []


def test_what_is_left_at_the_end_is_ended():
    kernel = Kernel()
    ended = []

    def last():
        try:
            kernel.sleep(1_000)
        finally:
            ended.append(kernel.now_s)

    kernel.spawn("last", last)
    kernel.run(10)
    assert ended == [0.0]


def test_what_breaks_in_a_process_is_raised():
    kernel = Kernel()
    kernel.spawn("broken", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        kernel.run(10)


def test_an_endless_course_is_an_error():
    kernel = Kernel()

    def turn():
        while True:
            kernel.sleep(0)

    kernel.spawn("turn", turn)
    with pytest.raises(EndlessError):
        kernel.run(10)


def test_moments_are_those_of_the_clock():
    kernel = Kernel()
    seen = []
    kernel.spawn("look", lambda: seen.append(kernel.now()), after_s=90)
    kernel.run(100)
    assert (seen[0] - START).total_seconds() == 90
