"""What can be set of the local ECS.

Imported by `testgate.local`.
"""

from dataclasses import dataclass, field

from testgate.local.ecs.behaviour import Behaviour
from testgate.local.ecs.fleet import FleetLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsSettings:
    """What it starts with; `EcsControlPlane.limits` and `.behaviour` change it later."""

    limits: FleetLimits = field(default_factory=FleetLimits)
    behaviour: Behaviour = field(default_factory=Behaviour)
