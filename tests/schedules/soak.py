"""`make soak`: each disturbance by itself, then ten thousand random schedules, on every core.

Prints what they met; 1 if a promise broke. `python -m tests.schedules --count 500 --seed 7` for a
few, `--replay 'Schedule(…)'` for one that was printed, with its course.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from queue import Empty

from tests.schedules import schedule as words
from tests.schedules.search import Found, Searched, examine, search
from tests.schedules.sweep import sweep
from tests.schedules.tally import Tally, never_seen

_EACH = 250  # schedules between two lines
_LOOK_S = 2.0  # how often to see whether the processes live


def main(arguments: list[str]) -> int:
    """0 if everything held."""
    options = _parser().parse_args(arguments)
    if options.replay:
        return _replay(options.replay)
    began = time.monotonic()
    tally, found = _search_all(options)
    _say(f"{tally.schedules} schedules in {time.monotonic() - began:.0f} s")
    for line in tally.lines():
        _say(f"  {line}")
    if options.sweep and never_seen(tally):
        _say(f"  never met: {', '.join(never_seen(tally))}")
    if found is None:
        _say("every promise held on each of them")
        return 0
    _say(f"\nA schedule breaks a promise; the shortest that was found:\n\n{found}")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.schedules", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="random schedules")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other schedules")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-shrink", action="store_true", help="show what is found as it is")
    parser.add_argument("--sweep", action="store_true", help="first each disturbance by itself")
    parser.add_argument("--replay", default="", help="one schedule, as it was printed")
    return parser


def _replay(text: str) -> int:
    happened, found = examine(eval(text, vars(words).copy()))
    _say(str(found) if found else f"{happened.journal.spell_trace()}\n\nevery promise held")
    return 1 if found else 0


def _search_all(options: argparse.Namespace) -> tuple[Tally, Found | None]:
    """Every process searches its share; the shortest finding of all counts."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[int | Searched] = context.Queue()
    processes = [
        context.Process(target=_search_share, args=(index, options, queue), daemon=True)
        for index in range(options.processes)
    ]
    for process in processes:
        process.start()
    tally, findings, done, left = Tally(), list[Found](), 0, len(processes)
    while left:
        told = _next(queue, processes)
        if isinstance(told, int):
            done += told
            if done % (_EACH * 4) == 0:
                _say(f"… {done} schedules")
            continue
        left -= 1
        tally.merge(told.tally)
        findings += [told.found] if told.found else []
    for process in processes:
        process.join()
    return tally, min(findings, key=lambda found: len(found.schedule), default=None)


def _next(queue: "Queue[int | Searched]", processes: Sequence[BaseProcess]) -> int | Searched:
    """What a process tells next. Raises RuntimeError if one has died instead."""
    while True:
        try:
            return queue.get(timeout=_LOOK_S)
        except Empty:
            dead = [process.exitcode for process in processes if process.exitcode]
            if dead:
                raise RuntimeError(f"a process of the soak ended with {dead[0]}") from None


def _search_share(index: int, options: argparse.Namespace, queue: "Queue[int | Searched]") -> None:
    def tell(count: int) -> None:
        if count % _EACH == 0:
            queue.put(_EACH)

    searched = Searched()
    if options.sweep:
        searched = _sweep_share(index, options.processes, tell)
    if searched.found is None:
        share = len(range(index, options.count, options.processes))
        seed = options.seed * 1_000 + index
        more = search(share, seed, shrink=not options.no_shrink, told=tell)
        searched.tally.merge(more.tally)
        searched.found = more.found
    queue.put(searched)


def _sweep_share(index: int, processes: int, tell: Callable[[int], None]) -> Searched:
    searched = Searched()
    for schedule in list(sweep())[index::processes]:
        happened, searched.found = examine(schedule)
        if searched.found is not None:
            break
        searched.tally.add(happened)
        tell(searched.tally.schedules)
    return searched


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
