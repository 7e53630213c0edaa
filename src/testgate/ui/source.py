"""Where the dashboard's pages get gate runs from: a port, which the command line implements.

Imported by the pages and by `testgate ui`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from testgate.core.layout import IndexEntry, RunPlace
from testgate.core.progress import ShardProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What can be shown of one gate run: the sentence, the record if it can be read, and what is
    wrong with what is stored."""

    sentence: str
    record: Mapping[str, Any] | None
    problems: tuple[str, ...] = ()


class Source(Protocol):
    """Read-only. Every method may raise GateError."""

    @property
    def name(self) -> str:
        """The bucket's."""

    def entries(self, cluster: str, service: str, limit: int) -> Sequence[IndexEntry]:
        """A service's gate runs, newest first, from the index alone."""

    def services(self) -> Iterable[tuple[str, str]]:
        """Cluster and service of all that have a gate run."""

    def show(self, place: RunPlace) -> Shown | None:
        """One gate run; None if nothing is stored of it."""

    def page(self, place: RunPlace) -> bytes | None:
        """Its report page, made anew from the record: a stored page is not trusted here."""

    def executions(self) -> Iterable[str]:
        """Names of those that tell, or lately told, how far they are."""

    def progress(self, execution: str) -> Sequence[ShardProgress]:
        """What the shards of one tell."""
