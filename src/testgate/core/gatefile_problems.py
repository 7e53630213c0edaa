"""What is wrong with a gate file, each with the place in it.

Standard library only; imported by the readers of the gate file.
"""

from collections.abc import Iterable, Mapping, Sequence

from testgate.core.errors import PlanError
from testgate.core.nearest import nearest_key

Place = tuple[str | int, ...]


class GateFileError(PlanError):
    """A gate file cannot be used; `places` say where each of its problems stands: keys and, for
    arrays of tables, positions from 0, such as `("suites", 0, "timeout_s")`."""

    def __init__(self, problems: Sequence[str], places: Sequence[Place]) -> None:
        super().__init__(*problems)
        self.places = tuple(places)


class Problems:
    """What is wrong, each with its place."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.places: list[Place] = []

    def add(self, text: str, *place: str | int) -> None:
        """One more."""
        self.texts.append(text)
        self.places.append(place)

    def unknown(self, table: Mapping[str, object], known: Iterable[str], *place: str | int) -> None:
        """Every key of a table that means nothing; `place` is the table's, and names it too."""
        where = named(table, place)
        for key in sorted(set(table) - set(known)):
            self.add(f"{where}unknown key {key!r}{nearest_key(key, known)}", *place, key)


def named(table: Mapping[str, object], place: Place) -> str:
    """How a table's problems begin: with its suite's name, or with [gate]."""
    match place:
        case ("suites", int(index)):
            return f"suite {table.get('name', index + 1)!r}: "
        case ("gate",):
            return "[gate] "
        case _:
            return ""


def is_text(value: object) -> bool:
    """Whether it is one."""
    return isinstance(value, str)


def shown(value: object) -> str:
    """As TOML has it, as far as that tells anything; a key that is not there is missing."""
    if value is None:
        return "missing"
    return str(value).lower() if isinstance(value, bool) else repr(value)[:100]
