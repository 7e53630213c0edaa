"""On which line of a TOML file a key stands; Python's own parser does not say.

Knows what people write by hand: table headers, arrays of tables, tables within them, and a key at
the start of its line, dotted or not. Of anything else it says nothing rather than something wrong.
Standard library only; imported by the command line.
"""

import re
from collections.abc import Iterator, Sequence

_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"\\]+\"|'[^']+')"
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[{{1,2}})\s*({_DOTTED})\s*\]{{1,2}}\s*(?:#.*)?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_PARTS = re.compile(_PART)
_FENCES = ('"""', "'''")

Place = Sequence[str | int]
Found = tuple[str | int, ...]


def line_of(text: str, place: Place) -> int | None:
    """The line (from 1) of a key, else of the table that it belongs to, else None."""
    wanted = tuple(place)
    lines = dict(reversed(list(_places(text))))
    while wanted:
        if wanted in lines:
            return lines[wanted]
        wanted = wanted[:-1]
    return None


def _places(text: str) -> Iterator[tuple[Found, int]]:
    """Every table and key with its line, in the order of the file."""
    table: Found = ()
    counted: dict[Found, int] = {}
    open_fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if open_fence:
            open_fence = "" if open_fence in line else open_fence
            continue
        header, key = _HEADER.fullmatch(line), _KEY.match(line)
        if header:
            *above, last = _parts(header[2])
            table = (*_within(above, counted), last)
            if header[1] == "[[":
                counted[table] = counted.get(table, -1) + 1
                table = (*table, counted[table])
            yield table, number
        elif line.lstrip().startswith("["):
            table = ("",)  # a header of another form: what follows is nobody's
        elif key:
            parts = _parts(key[1])
            for end in range(1, len(parts) + 1):
                yield (*table, *parts[:end]), number
        open_fence = next((f for f in _FENCES if line.count(f) % 2), "")


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PARTS.findall(dotted)]


def _within(names: Sequence[str], counted: dict[Found, int]) -> Found:
    """The table of those names: of an array of tables, its latest."""
    place: Found = ()
    for name in names:
        place = (*place, name)
        if place in counted:
            place = (*place, counted[place])
    return place
