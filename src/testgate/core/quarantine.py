"""Quarantine: tests that a team has named, with an owner, a reason and an end, as not yet reliable.

What an entry says, which entries count on a day, and how a gate file spells them. Standard library
only; imported by the gate file, the plan and the verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from testgate.core.errors import PlanError

MAX_DAYS = 30
MAX_SHARE_PERCENT = 20
MAX_TEXT_CHARS = 299  # a name of 300 was cut: it may stand for several tests
KEYS = ("test", "owner", "reason", "expires")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEntry:
    """One test, named in full as its report names it. It counts up to and including `expires`."""

    test: str
    owner: str
    reason: str
    expires: date

    def spell(self) -> dict[str, str]:
        """As it stands in a plan."""
        return {
            "test": self.test,
            "owner": self.owner,
            "reason": self.reason,
            "expires": self.expires.isoformat(),
        }

    def counts_on(self, day: date | None) -> bool:
        """Whether it still counts; without a day nothing does."""
        return day is not None and day <= self.expires


def parse_entry(raw: object) -> QuarantineEntry:
    """An entry as a plan spells it. Raises PlanError."""
    if not isinstance(raw, Mapping) or set(raw) != set(KEYS):
        raise PlanError(f"a quarantine entry needs exactly: {', '.join(KEYS)}")
    try:
        expires = date.fromisoformat(str(raw["expires"]))
    except ValueError:
        raise PlanError(f"a quarantine entry expires {raw['expires']!r}, not on a date") from None
    return read_entry(dict(raw) | {"expires": expires})


def read_entry(raw: Mapping[str, object]) -> QuarantineEntry:
    """An entry of a gate file, `expires` a date. Raises PlanError with every problem."""
    problems = [
        f"{key} is {str(raw.get(key))[:80]!r}, expected a text of 1 to {MAX_TEXT_CHARS} characters"
        for key in ("test", "owner", "reason")
        if not _is_text(raw.get(key))
    ]
    expires = raw.get("expires")
    if not isinstance(expires, date) or isinstance(expires, datetime):
        problems.append(f"expires is {str(expires)[:80]!r}, expected a date such as 2026-12-01")
    if problems or not isinstance(expires, date):
        raise PlanError(*problems)
    return QuarantineEntry(
        test=str(raw["test"]), owner=str(raw["owner"]), reason=str(raw["reason"]), expires=expires
    )


def entry_problems(entries: Sequence[QuarantineEntry]) -> list[str]:
    """What is wrong with a suite's entries whatever the day."""
    names = [entry.test for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [f"test {name!r} is quarantined twice" for name in twice]


def expiry_problems(entries: Sequence[QuarantineEntry], today: date) -> list[str]:
    """What is wrong with entries that are published today."""
    problems = []
    for entry in entries:
        days = (entry.expires - today).days
        if days < 0:
            problems.append(
                f"quarantine of {entry.test!r} expired on {entry.expires}; mend the test, or say "
                "anew why and until when"
            )
        elif days > MAX_DAYS:
            problems.append(
                f"quarantine of {entry.test!r} expires on {entry.expires}, in {days} days; at most "
                f"{MAX_DAYS} are allowed"
            )
    return problems


def judging_day(started_at: datetime) -> date:
    """The day by which a gate run counts quarantine: that of its start in UTC, so that a verdict
    is the same whoever gives it, and however often."""
    return started_at.astimezone(UTC).date()


def too_many(quarantined: int, reported: int) -> bool:
    """Whether more of a suite is quarantined than may be."""
    return quarantined * 100 > reported * MAX_SHARE_PERCENT


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_TEXT_CHARS
