"""How a service deployment ended, as CI must know it: pure, so that a table can test it.

Never a success by looking stable: it is one only if ECS says SUCCESSFUL of this very deployment,
the service runs its target revision, and a hook was asked. Imported by `wait`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from testgate.cli.exits import Exit, exit_code
from testgate.core.outcomes import Outcome

ENDED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_NEVER_CALLED = frozenset(
    {"role_not_assumed", "not_allowed_to_invoke", "function_not_found", "not_invoked"}
)
_BY_HAND = frozenset({"stopped_by_hand", "pause_rolled_back"})


class End(StrEnum):
    """What a deployment came to; each has its exit code."""

    SUCCESS = "success"
    REFUSED = "refused"
    ALARM = "rolled_back_by_alarm"
    STOPPED = "stopped_by_hand"
    SUPERSEDED = "superseded"
    NEVER_CALLED = "hook_never_called"
    FAILED = "failed_otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateWord:
    """What the deployment's hooks left: that of the one to blame, or of the gate that passed."""

    outcome: Outcome
    sentence: str
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What ECS and the record bucket say of an ended deployment. `current` are the revisions that
    the service has; `kinds` what ECS's reason means; `overtaken` that a newer deployment began
    before this one ended, `replaced` that a newer one has succeeded since."""

    status: str
    reason: str
    target: str
    current: Sequence[str]
    kinds: Sequence[str] = ()
    alarmed: bool = False
    overtaken: bool = False
    replaced: bool = False
    gate: GateWord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What it came to, in a sentence, and the exit code that says so."""

    end: End
    sentence: str
    code: Exit


def ending_of(deployed: Deployed) -> Ending:
    """What an ended deployment came to."""
    if deployed.status == "SUCCESSFUL":
        return _of_success(deployed)
    gate, kinds = deployed.gate, frozenset(deployed.kinds)
    refused = gate is not None and gate.refused
    if (deployed.status == "STOPPED" and deployed.overtaken) or "superseded" in kinds:
        return _ending(End.SUPERSEDED, f"a newer deployment took its place{_said(deployed)}")
    if kinds & _BY_HAND:
        return _ending(End.STOPPED, f"somebody stopped the deployment{_said(deployed)}")
    if "alarm" in kinds or (deployed.alarmed and not refused):
        return _ending(End.ALARM, f"an alarm rolled the deployment back{_said(deployed)}")
    if gate is not None and refused:
        return Ending(end=End.REFUSED, sentence=gate.sentence, code=exit_code(gate.outcome))
    if kinds & _NEVER_CALLED:
        return _ending(End.NEVER_CALLED, f"the hook could not be called{_said(deployed)}")
    return _ending(End.FAILED, f"the deployment is {deployed.status}{_said(deployed)}")


def _of_success(deployed: Deployed) -> Ending:
    name = deployed.target.rpartition("/")[2]
    if deployed.replaced:
        return _ending(End.SUPERSEDED, f"a newer deployment has replaced revision {name} since")
    if deployed.target not in deployed.current:
        shown = ", ".join(each.rpartition("/")[2] for each in deployed.current) or "none"
        return _ending(
            End.FAILED,
            f"ECS calls the deployment SUCCESSFUL, but the service runs revision {shown}, not its "
            f"target {name}",
        )
    if deployed.gate is None:
        return _ending(
            End.NEVER_CALLED,
            f"revision {name} is in production, and no hook of this stack was ever asked about it",
        )
    return _ending(End.SUCCESS, f"revision {name} is in production: {deployed.gate.sentence}")


_CODES = {
    End.SUCCESS: Exit.PASSED,
    End.ALARM: Exit.ALARM,
    End.STOPPED: Exit.STOPPED,
    End.SUPERSEDED: Exit.SUPERSEDED,
    End.NEVER_CALLED: Exit.NEVER_CALLED,
    End.FAILED: Exit.FAILED_OTHERWISE,
}


def _ending(end: End, sentence: str) -> Ending:
    return Ending(end=end, sentence=sentence, code=_CODES[end])


def _said(deployed: Deployed) -> str:
    return f"; ECS says: {deployed.reason}" if deployed.reason else ""
