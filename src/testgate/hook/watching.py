"""How the hook waits for a gate run: by what shards tell of themselves, and near the end by holding
the call.

Nothing here can change a verdict: it only says when somebody looks again. Imported by
`testgate.hook.gate`.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from testgate.aws.s3 import Bucket
from testgate.core.decision import Wait, Watch
from testgate.core.errors import GateError
from testgate.core.layout import RunPlace, progress_prefix
from testgate.core.pacing import HELD_KEY, Pace, pace
from testgate.core.progress import (
    Remaining,
    ShardProgress,
    parse_shard_progress,
    remaining,
)

MAX_SHARDS_READ = 16
LOOK_S = 0.5
ENDING_S = 4.0  # from the record to the execution's end: a state or two
_ENDING_LOOK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """One call's way to wait. `runs` asks Step Functions; `held_s` is what earlier calls held."""

    bucket: Bucket
    place: RunPlace
    runs: Callable[[], bool]
    held_s: float
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    abandoned: Callable[[], bool]

    def pace(self, watch: Watch) -> Pace:
        """By what can be known of the end; what cannot be read is not known."""
        known: Remaining | None = None
        with suppress(GateError):
            known = remaining(self._shards(), self.now())
        return pace(watch.elapsed_s, watch.left_s, known, self.held_s)

    def held_until_the_end(self, paced: Pace) -> bool:
        """Hold the call as long as that says; whether the execution has ended meanwhile. The record
        is looked for in S3, and Step Functions is asked once it is there."""
        if not self._until(self._is_recorded, paced.hold_s, LOOK_S):
            return False
        return self._until(lambda: not self.runs(), ENDING_S, _ENDING_LOOK_S)

    def wait(self, paced: Pace) -> Wait:
        """The answer for now, with what was held so far as a hint to the next call."""
        held_s = round(self.held_s + paced.hold_s, 1)
        return Wait(delay_s=paced.delay_s, state={HELD_KEY: held_s} if held_s else {})

    def _until(self, happened: Callable[[], bool], within_s: float, every_s: float) -> bool:
        left_s = within_s
        while left_s > 0 and not self.abandoned():
            if happened():
                return True
            self.sleep(min(every_s, left_s))
            left_s -= every_s
        return False

    def _is_recorded(self) -> bool:
        try:
            return self.bucket.exists(self.place.record)
        except GateError:
            return False

    def _shards(self) -> Iterator[ShardProgress]:
        for key in self.bucket.keys(progress_prefix(self.place.run_name), MAX_SHARDS_READ):
            told = parse_shard_progress(self.bucket.find_json(key))
            if told is not None:
                yield told
