"""One measured budget."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`measured` must not exceed `aim`; both in `unit` ("" for a ratio)."""

    what: str
    measured: float
    against: str
    aim: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the budget holds in this run."""
        return self.measured <= self.aim

    @property
    def measured_text(self) -> str:
        """For people."""
        return f"{self.measured:.2f} {self.unit}".strip()

    @property
    def aim_text(self) -> str:
        """For people."""
        return f"≤ {self.aim:g} {self.unit}".strip()

    def spell(self) -> dict[str, object]:
        """For programs."""
        return {
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit or "ratio",
            "against": self.against,
            "aim": self.aim,
            "met": self.met,
        }
