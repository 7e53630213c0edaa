"""Tells how far a shard is while it runs, every few seconds, from a thread of the runner.

For people and for the hook's delay: what goes wrong with it is passed by. Imported by run_suite and
the command line.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from testgate.core.errors import GateError
from testgate.core.progress import Progress, read_progress
from testgate.runner.files import read_plain

EVERY_S = 2.0
MAX_BYTES = 8_000_000  # 10,000 tests with names


def progress_at(path: Path) -> Progress:
    """What a suite's framework has told so far; nothing if it tells nothing that can be read."""
    with suppress(GateError, OSError):
        text = read_plain(path, MAX_BYTES).decode(errors="replace")
        whole, _, _ = text.rpartition("\n")  # a line that is being written may hold half a secret
        return read_progress(whole.split("\n"))
    return Progress()


@contextmanager
def telling(
    path: Path, tell: Callable[[Progress, bool], None], every_s: float = EVERY_S
) -> Iterator[None]:
    """Tell at once, then whenever something has changed, at most every `every_s`; and that it has
    ended (True) at the end, however it ends."""
    stop = threading.Event()
    thread = threading.Thread(target=_keep_telling, args=(path, tell, every_s, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        _safely(tell, progress_at(path), ended=True)


def _keep_telling(
    path: Path, tell: Callable[[Progress, bool], None], every_s: float, stop: threading.Event
) -> None:
    last = Progress()
    _safely(tell, last, ended=False)
    while not stop.wait(every_s):
        now = progress_at(path)
        if now != last:
            last = now
            _safely(tell, now, ended=False)


def _safely(tell: Callable[[Progress, bool], None], progress: Progress, *, ended: bool) -> None:
    with suppress(GateError):
        tell(progress, ended)
