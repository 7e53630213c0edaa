"""What can be set of the local ECS.

Imported by `testgate.local`.
"""

from dataclasses import dataclass, field

from testgate.local.ecs.fleet import FleetLimits
from testgate.local.ecs.model import HookDetailsMode


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsSettings:
    """The last two are where hooks start; `EcsControlPlane.behaviour` changes them later."""

    limits: FleetLimits = field(default_factory=FleetLimits)
    hook_details_mode: HookDetailsMode = HookDetailsMode.MERGE
    new_execution_id_each_time: bool = False
