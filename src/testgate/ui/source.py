"""Where the dashboard's pages get gate runs from: a port, which the command line implements.

Imported by the pages and by `testgate ui`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from testgate.core.layout import IndexEntry, RunPlace
from testgate.core.progress import ShardProgress
from testgate.core.states import Begun, Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What can be shown of one gate run: the sentence, the record if it can be read, and what is
    wrong with what is stored. `has_page` if there is enough of it for a report."""

    sentence: str
    record: Mapping[str, Any] | None
    problems: tuple[str, ...] = ()
    has_page: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTold:
    """What the steps of a gate run that began at that time have told; what nobody has told, or
    cannot be read, is None."""

    execution: str
    started_at: datetime
    begun: Begun | None = None
    ready: Ready | None = None
    judging: bool = False


class Source(Protocol):
    """Read-only. Every method may raise GateError, and be called from several threads at once."""

    @property
    def name(self) -> str:
        """The bucket's."""

    def entries(
        self, cluster: str, service: str, limit: int, until: datetime | None = None
    ) -> Sequence[IndexEntry]:
        """A service's gate runs, newest first, from the index alone; those that ended by then."""

    def services(self) -> Iterable[tuple[str, str]]:
        """Cluster and service of all that have a gate run."""

    def show(self, place: RunPlace) -> Shown | None:
        """One gate run; None if nothing is stored of it."""

    def page(self, place: RunPlace) -> bytes | None:
        """Its report page, made anew from the record: a stored page is not trusted here."""

    def begun(self, limit: int) -> Sequence[str]:
        """Gate runs that have begun within days, newest first, as `told` takes them."""

    def told(self, run: str) -> RunTold | None:
        """What the steps of one have told; None if there is none of that name."""

    def progress(self, execution: str) -> Sequence[ShardProgress]:
        """What the shards of one tell."""
