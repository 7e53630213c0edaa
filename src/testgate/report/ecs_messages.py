"""What ECS's word on a deployment means: what happened, why that usually is, and what to do.

For when no gate run tells: the hook was never called, could not be called, or was not understood.
Pure; standard library only. Imported by the command line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from testgate.report.ecs_texts import MESSAGES, NOTHING_TO_RETURN_TO, Message, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One message explained. `kind` names it for programs."""

    kind: str
    happened: str
    usually: str
    to_do: str
    source: Source

    def spell(self) -> dict[str, str]:
        """For programs."""
        return {
            "kind": self.kind,
            "happened": self.happened,
            "usually": self.usually,
            "to_do": self.to_do,
            "source": self.source.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsDeployment:
    """What ECS says of a service deployment. `reason` holds its status and rollback reasons,
    `hooks` the functions of its configured lifecycle hooks, `timed_out` the function of each hook
    whose time ran out, "" for one that has none."""

    status: str
    stage: str = ""
    reason: str = ""
    hooks: Sequence[str] = ()
    timed_out: Sequence[str] = ()


_STAGE = re.compile(r"because ([A-Z_]{4,60}) (?:lifecycle hook\(s\) failed|pause hook)")


def explain(deployment: EcsDeployment) -> tuple[Explanation, ...]:
    """What ECS's word on a deployment means, the cause first; empty if it is not known."""
    said = deployment.reason
    found = [_fill(message, said) for message in _matching(said)]
    if not found and deployment.timed_out:
        found.append(_timed_out(deployment))
    if not found:
        found.extend(_by_status(deployment))
    if NOTHING_TO_RETURN_TO.form.search(said):
        found.append(_fill(NOTHING_TO_RETURN_TO, said))
    return tuple(found)


def _matching(said: str) -> list[Message]:
    """The first message whose form is found: they go from the particular to the general."""
    return [message for message in MESSAGES if message.form.search(said)][:1]


def _fill(message: Message, said: str) -> Explanation:
    match = message.form.search(said)
    groups = {key: value.rstrip(".") for key, value in match.groupdict().items()} if match else {}
    stage = _STAGE.search(said)
    target = groups.get("target", "")
    parts = groups | {
        "stage": f" at {stage[1]}" if stage else "",
        "function": _function_name(target),
    }
    return Explanation(
        kind=message.kind,
        happened=message.happened.format(**parts),
        usually=message.usually.format(**parts),
        to_do=message.to_do.format(**parts),
        source=message.source,
    )


def _function_name(arn: str) -> str:
    """`hook` of `arn:aws:lambda:eu-west-1:123456789012:function:hook`"""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else "NAME"


def _timed_out(deployment: EcsDeployment) -> Explanation:
    """ECS's list of hooks says so in a documented word, whatever its sentence is."""
    target = deployment.timed_out[0]
    lambda_hook = target.startswith("arn:")
    said = f"hook target {target} timed out" if lambda_hook else "pause hook timed out"
    return replace(_fill(_matching(said)[0], said), source=Source.DOCUMENTED)


def _by_status(deployment: EcsDeployment) -> list[Explanation]:
    """What a status says by itself."""
    if deployment.status in ("PENDING", "IN_PROGRESS"):
        return [_still_running(deployment)]
    if deployment.status == "SUCCESSFUL":
        return [_never_asked(deployment)]
    if deployment.status in ("STOPPED", "STOP_REQUESTED", "ROLLBACK_REQUESTED"):
        return [
            Explanation(
                kind="stopped_by_hand",
                happened="the deployment was asked to stop",
                usually="a person or a pipeline called StopServiceDeployment, or a newer "
                "deployment took its place",
                to_do="ask who called it (CloudTrail has it), or ask why about the newest one",
                source=Source.DOCUMENTED,
            )
        ]
    return []


def _still_running(deployment: EcsDeployment) -> Explanation:
    where = f" at {deployment.stage}" if deployment.stage else ""
    return Explanation(
        kind="still_running",
        happened=f"the deployment is still under way{where}, and no gate run of it has ended",
        usually="it has not come to the hook's stage yet, or the gate's tests are running",
        to_do="ask again when it has ended",
        source=Source.DOCUMENTED,
    )


def _never_asked(deployment: EcsDeployment) -> Explanation:
    if deployment.hooks:
        usually = (
            f"its hooks are {', '.join(deployment.hooks)}: none of them is the gate that is looked "
            "for here, or its records were removed when their time was over"
        )
    else:
        usually = "no lifecycle hook is configured for it"
    return Explanation(
        kind="never_asked",
        happened="the deployment went through, and no gate run of it is recorded",
        usually=usually,
        to_do="add the stack's HookFunctionArn as a lifecycle hook at POST_TEST_TRAFFIC_SHIFT to "
        "the service's deploymentConfiguration, or name the gate's stack with --stack",
        source=Source.DOCUMENTED,
    )
