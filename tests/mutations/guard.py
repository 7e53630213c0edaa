"""What a guard's entry says. Imported by the lists of guards and by what reads them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`old` stands once in `file`; with `new` in its place the guard is gone."""

    name: str
    prevents: str
    file: str
    old: str
    new: str
    test: str
