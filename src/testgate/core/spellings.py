"""How a value may be spelled in what a suite leaves: each of its characters plain, or as HTML, XML,
JSON, Python, URLs, shells and regular expressions have it, and one within the other.

Standard library only; imported by masking.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import codepoint2name
from itertools import chain
from typing import Literal

from testgate.core.redaction import MARK
from testgate.core.storing import plain

MIN_PIECE = 8  # characters of a value that was cut; fewer are a word like others

_MOST_SLASHES = 8  # before a character that is escaped, three times over
_PLAIN = re.compile(r"[A-Za-z0-9]")
_SLASH = r"(?:\\|%(?:25)?5[Cc]|&#92;)"
_SOME = rf"\\{{0,{_MOST_SLASHES}}}+"
_MARGIN = (
    r"[E>|+\- \t]{0,16}"  # what stands before a line that is quoted: pytest's E, a diff's sign
)
_MAY_BREAK = 1_000  # characters from either end, at each of which a text may have been cut
_CHARS_EACH = 16  # of one character, spelled at length
# Where a text was cut: at its ends, at what says so, and where a credential was seen by its form.
_CUT = re.compile(rf"\.\.\.|…|{re.escape(MARK)}")
_QUOTE = re.compile(r"[\"']")  # what is quoted in a sentence may have been cut before
# The cut may have gone through the spelling of one character.
_BROKEN_OFF = re.compile(r"((?:[&%\\][\w#%\\;]{0,12})?)[\s\"')\]}]{0,4}")
_BROKEN_INTO = re.compile(r"[0-9A-Fa-f%x\\]{0,11}|#?\w{1,6};")
_MOST_BROKEN = 16

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """Finds a value however it is spelled, and what is left of its beginning or its end (`which`)
    where the text was cut. A text without `needs`, which has one spelling only, has none of it.
    `chars`: how long it is at most."""

    needs: str
    pattern: re.Pattern[str]
    which: Literal["all", "beginning", "end"]
    chars: int

    def spans(self, text: str) -> Iterator[Span]:
        """Where it stands; places may overlap."""
        if self.needs not in text:
            return
        yield from (match.span() for match in self.pattern.finditer(text))
        if self.which != "all":
            cut = self._beginnings if self.which == "beginning" else self._ends
            for marks in (_CUT, _QUOTE):
                bounds = [0, *chain.from_iterable(match.span() for match in marks.finditer(text))]
                for start, end in _pairs([*bounds, len(text)]):
                    yield from cut(text, start, end)

    def _beginnings(self, text: str, start: int, end: int) -> Iterator[Span]:
        """What the text up to `end` has of its beginning there."""
        start = max(start, end - self.chars)
        if text.find(self.needs, start, end) < 0:
            return
        for least in range(end, max(start, end - _MOST_BROKEN) - 1, -1):
            broken = _BROKEN_OFF.fullmatch(text, least, end)
            if broken is None:
                continue
            for match in self.pattern.finditer(text, start, least):
                yield match.start(), broken.end(1) if match.end() == least else match.end()

    def _ends(self, text: str, start: int, end: int) -> Iterator[Span]:
        """What the text from `start` on has of its end there."""
        end = min(end, start + self.chars)
        if text.find(self.needs, start, end) < 0:
            return
        for least in range(start, min(end, start + _MOST_BROKEN)):
            match = self.pattern.match(text[least:end])
            if match and _BROKEN_INTO.fullmatch(text, start, least):
                yield start, least + match.end()


def _pairs(bounds: list[int]) -> Iterator[Span]:
    """Two by two."""
    return zip(bounds[::2], bounds[1::2], strict=True)


def spellings_of(value: str) -> Iterator[Spelling]:
    """Of a value, and of each line of it: whoever quotes several lines may put something before
    each."""
    lines = [line.strip() for line in value.splitlines()]
    for text in dict.fromkeys([value, *(line for line in lines if len(line) >= MIN_PIECE)]):
        yield from _of_text(text)


def _of_text(text: str) -> Iterator[Spelling]:
    pieces = re.findall(r"(\\*)([^\\]|\Z)", text, re.DOTALL)
    each = [_character(len(slashes), char) for slashes, char in pieces if slashes or char]
    if len(each) <= MIN_PIECE:
        yield _spelling("all", each, each, len(text))
        return
    first, last = each[:MIN_PIECE], each[-MIN_PIECE:]
    after = [f"(?:{one}|\\Z)" for one in each[MIN_PIECE:_MAY_BREAK]]
    yield _spelling("beginning", first, [*first, *after, *each[_MAY_BREAK:]], len(text))
    may = max(0, len(each) - _MAY_BREAK)
    before = [f"(?:{one}|\\A)" for one in each[may:-MIN_PIECE]]
    yield _spelling("end", last, [*before, *last], len(text))


def _spelling(
    which: Literal["all", "beginning", "end"], needed: list[str], every: list[str], chars: int
) -> Spelling:
    runs = "".join(one if _PLAIN.fullmatch(one) else " " for one in needed).split()
    return Spelling(
        needs=max(runs, key=len, default=""),
        pattern=re.compile("".join(every)),
        which=which,
        chars=_CHARS_EACH * chars,
    )


def _character(slashes: int, char: str) -> str:
    """A pattern of one character with the backslashes before it, of which each may be two."""
    before = f"{_SLASH}{{{slashes},{_MOST_SLASHES * (slashes + 1)}}}+" if slashes else ""
    if not char or _PLAIN.fullmatch(char):
        return before + char
    ways = [*_other_ways(char), re.escape(char) + (_MARGIN if char == "\n" else "")]
    escapes = (_escaped(slashes, escape) for escape in _escapes(char))
    every = [f"{before or _SOME}(?:{'|'.join(ways)})", *escapes]
    return f"(?:{'|'.join(every)}){'' if plain(char) else '?'}"


def _other_ways(char: str) -> Iterator[str]:
    if char == "'":  # within a word that a shell takes as it is
        quote, double = _entity("'", "'"), _entity('"', '"')
        yield _SOME.join([quote, double, quote, double, quote])
        yield rf"{quote}\\{{1,{_MOST_SLASHES}}}+{quote}{quote}"
    yield _entity(char)
    yield "".join(f"(?i:%(?:25)?{byte:02x})" for byte in char.encode(errors="surrogatepass"))
    if char == " ":
        yield r"\+"
    if not plain(char):
        yield f"(?i:#x{ord(char):02x})"  # as pytest tells what XML cannot hold


def _entity(char: str, *others: str) -> str:
    code = ord(char)
    names = {codepoint2name.get(code, "apos" if char == "'" else f"#{code}"), f"#0*{code}"}
    spelled = "|".join([*sorted(names), f"(?i:#x0*{code:x})"])
    return f"(?:{'|'.join([f'&(?:amp;){{0,2}}(?:{spelled});', *others])})"


def _escapes(char: str) -> list[str]:
    """What a backslash and letters stand for it, in JSON and Python; the longest first, for one
    may begin as another does."""
    code = ord(char)
    bytes_ = char.encode(errors="surrogatepass")
    spelled = {repr(bytes_)[2:-1], ascii(char)[1:-1], repr(char)[1:-1]}
    spelled |= {"".join(f"\\u{unit:04x}" for unit in _units(code)), f"\\x{code:02x}"}
    spelled |= {"".join(f"\\x{byte:02x}" for byte in bytes_)}
    spelled |= {{"\b": "\\b", "\f": "\\f", "\x1b": "\\e"}.get(char, "")}
    escapes = (each for each in spelled if re.match(r"\\\w", each))
    return sorted(escapes, key=lambda each: (-len(each), each))


def _units(code: int) -> tuple[int, ...]:
    """Of UTF-16, in which JSON counts."""
    over = code - 0x10000
    return (code,) if over < 0 else (0xD800 + (over >> 10), 0xDC00 + (over & 0x3FF))


def _escaped(slashes: int, escape: str) -> str:
    letters = escape.split("\\")[1:]
    counts = chain([slashes + 1], (1 for _ in letters))
    return "".join(
        f"{_SLASH}{{{count},{_MOST_SLASHES * (count + 1)}}}+(?i:{part})"
        for count, part in zip(counts, letters, strict=False)
    )
