"""What a row of the catalogue is, and all rows in the order of docs/bad-inputs.md.

A row is an input and the full sentence it must be answered with. To add one is to add a line to the
module of its kind; `python -m tests.bad_inputs > docs/bad-inputs.md` writes the page.
"""

from collections.abc import Callable
from dataclasses import dataclass

from testgate.core.errors import GateError


@dataclass(frozen=True, slots=True, kw_only=True)
class BadInput:
    """`act` hands the input to what reads it: that raises a GateError, or returns its sentence."""

    kind: str
    given: str
    act: Callable[[], object]
    says: str

    def told(self) -> str:
        """What is said of it now."""
        try:
            return str(self.act())
        except GateError as exc:
            return str(exc)


def rows() -> tuple[BadInput, ...]:
    """Every row."""
    from tests.bad_inputs import (
        bundles,
        command_line,
        evidence,
        framework_reports,
        gate_files,
        hook_details,
        hook_events,
        http_checks,
        plans,
        policy_details,
        provisions,
        reports,
    )

    modules = (
        hook_events,
        hook_details,
        policy_details,
        gate_files,
        http_checks,
        plans,
        provisions,
        bundles,
        reports,
        framework_reports,
        evidence,
        command_line,
    )
    return tuple(row for module in modules for row in module.ROWS)
