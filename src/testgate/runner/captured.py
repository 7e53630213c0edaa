"""What a test printed, as reports hold it: its end is kept, in little memory however long it was.

One text of both streams, standard output first. Imported by the readers of `testgate.runner`.
"""

import re
from collections import deque

from testgate.core.evidence import MAX_OUTPUT_CHARS
from testgate.core.redaction import redact
from testgate.core.storing import plain

OUT, ERR = "system-out", "system-err"
_ROOM_CHARS = 4 * MAX_OUTPUT_CHARS  # for what is dropped when it is cleaned
_WHOLE = "\n(printed by the whole testsuite, not by this test alone)"
# pytest writes its headers whether or not something was captured: _pytest/junitxml.py
_EMPTY = re.compile(r"^-{3,}+ Captured (?:Log|Out|Err) -+\n(?:\n|\Z)", re.MULTILINE)


class Captured:
    """Gathers both streams piece by piece."""

    def __init__(self) -> None:
        self._streams = {OUT: _End(), ERR: _End()}

    def add(self, stream: str, text: str) -> None:
        """The next piece of that stream."""
        self._streams[stream].add(text)

    def text(self, *, whole_suite: bool = False) -> str:
        """Its end, fit to be stored."""
        out, err = self._streams[OUT], self._streams[ERR]
        # Where something was cut off is at the beginning: `masking` looks there for the rest of a
        # secret that the cut went through.
        parts = [err.text] if err.cut else [out.text, err.text]
        told = "\n".join(part for part in (_EMPTY.sub("", part).strip() for part in parts) if part)
        if not told:
            return ""
        aside = _WHOLE if whole_suite else ""
        return redact(plain(told))[-MAX_OUTPUT_CHARS + len(aside) :] + aside


class _End:
    """The end of a long text; `cut` if it had more."""

    def __init__(self) -> None:
        self._pieces: deque[str] = deque()
        self._chars = 0
        self.cut = False

    def add(self, text: str) -> None:
        self._pieces.append(text[-_ROOM_CHARS:])
        self._chars += len(self._pieces[-1])
        self.cut = self.cut or len(text) > _ROOM_CHARS
        while self._chars - len(self._pieces[0]) >= _ROOM_CHARS:
            self._chars -= len(self._pieces.popleft())
            self.cut = True

    @property
    def text(self) -> str:
        whole = "".join(self._pieces)
        self.cut = self.cut or len(whole) > _ROOM_CHARS
        return whole[-_ROOM_CHARS:]


class SuiteOutputs:
    """What whole testsuites printed, for the first test of each that failed and has no output of
    its own. Tests are counted as they end; at most `most` are told."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: list[tuple[Captured, list[int]]] = []
        self._tests = 0
        self.by_test: dict[int, str] = {}

    def begin(self) -> None:
        """A testsuite begins."""
        self._open.append((Captured(), []))

    def add(self, stream: str, text: str) -> None:
        """Printed by the testsuite that is open."""
        if self._open:
            self._open[-1][0].add(stream, text)

    def test(self, *, needs: bool) -> None:
        """A test has ended; `needs` if it failed and printed nothing itself."""
        if needs and self._open and not self._open[-1][1]:
            self._open[-1][1].append(self._tests)
        self._tests += 1

    def end(self) -> None:
        """The testsuite that is open ends."""
        captured, tests = self._open.pop()
        for test in tests:
            text = captured.text(whole_suite=True)
            if text and len(self.by_test) < self._most:
                self.by_test[test] = text
