"""Local EventBridge: events of Step Functions and ECS that really fire, and reach functions.

Imported by `testgate.local.world` and by tests.
"""

from testgate.local.events.bus import EventFaults, LocalEvents

__all__ = ["EventFaults", "LocalEvents"]
