"""On which line of a TOML file a key stands; Python's own parser does not say.

Knows what people write by hand: table headers, arrays of tables, and a key at the start of its
line. Of anything else it says nothing rather than something wrong. Standard library only; imported
by the command line.
"""

import re
from collections.abc import Iterator, Sequence

_HEADER = re.compile(r"\s*(\[{1,2})\s*([A-Za-z0-9_-]+)\s*\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(r"\s*(?:([A-Za-z0-9_-]+)|\"([^\"\\]+)\"|'([^']+)')\s*=")
_FENCES = ('"""', "'''")

Place = Sequence[str | int]


def line_of(text: str, place: Place) -> int | None:
    """The line (from 1) of a key, else of the table that it belongs to, else None."""
    wanted = tuple(place)
    lines = dict(reversed(list(_places(text))))
    while wanted:
        if wanted in lines:
            return lines[wanted]
        wanted = wanted[:-1]
    return None


def _places(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Every table and key with its line, in the order of the file."""
    table: tuple[str | int, ...] = ()
    counted: dict[str, int] = {}
    open_fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if open_fence:
            open_fence = "" if open_fence in line else open_fence
            continue
        header, key = _HEADER.fullmatch(line), _KEY.match(line)
        if header and header[1] == "[[":
            counted[header[2]] = counted.get(header[2], -1) + 1
            table = (header[2], counted[header[2]])
            yield table, number
        elif header:
            table = (header[2],)
            yield table, number
        elif line.lstrip().startswith("["):
            table = ("",)  # a header of another form: what follows is nobody's
        elif key:
            yield (*table, next(filter(None, key.groups()))), number
        open_fence = next((f for f in _FENCES if line.count(f) % 2), "")
