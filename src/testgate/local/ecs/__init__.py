"""Local Amazon ECS services: blue/green deployments with lifecycle hooks, tasks as processes.

Stands in front of moto, which keeps clusters and task definitions. Imported by `testgate.local`.
"""

from testgate.local.ecs.behaviour import (
    Behaviour,
    CallBackDelays,
    ExecutionIds,
    HookDetailsMode,
    Stopping,
    TextDetails,
    Throttling,
)
from testgate.local.ecs.control_plane import EcsControlPlane
from testgate.local.ecs.fleet import FleetLimits
from testgate.local.ecs.images import ImageCommand, ImageMap, ImageMapError
from testgate.local.ecs.invoker import (
    HookAnswered,
    HookCall,
    HookFunctionError,
    HookInvoker,
    HookNotInvoked,
    HookResult,
    HookRoleNotAssumed,
    HookThrottled,
)
from testgate.local.ecs.model import DeploymentStatus, HookStatus, Stage
from testgate.local.ecs.settings import EcsSettings
from testgate.local.ecs.transitions import DeploymentTransition, TransitionKind

__all__ = [
    "Behaviour",
    "CallBackDelays",
    "DeploymentStatus",
    "DeploymentTransition",
    "EcsControlPlane",
    "EcsSettings",
    "ExecutionIds",
    "FleetLimits",
    "HookAnswered",
    "HookCall",
    "HookDetailsMode",
    "HookFunctionError",
    "HookInvoker",
    "HookNotInvoked",
    "HookResult",
    "HookRoleNotAssumed",
    "HookStatus",
    "HookThrottled",
    "ImageCommand",
    "ImageMap",
    "ImageMapError",
    "Stage",
    "Stopping",
    "TextDetails",
    "Throttling",
    "TransitionKind",
]
