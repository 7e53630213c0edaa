"""Whose control plane services of templates are made by.

Imported by `testgate.local.world`, which starts long before moto is loaded, and by `ecs_service`.
"""

from collections.abc import Callable
from typing import Any, Protocol

from testgate.local.ecs.behaviour import Behaviour


class ControlPlane(Protocol):
    """What a service of a template asks of the local ECS."""

    @property
    def behaviour(self) -> Behaviour: ...

    def wait_until_ended(self, deployment_arn: str, timeout_s: float) -> dict[str, Any]: ...


_installed: list[ControlPlane] = []  # the last one serves


def install(control_plane: ControlPlane) -> Callable[[], None]:
    """Let services of templates be that control plane's; returns what undoes it."""
    _installed.append(control_plane)
    return lambda: _installed.remove(control_plane)


def serving() -> ControlPlane:
    """The control plane that serves now.

    Raises:
        LookupError: this moto runs without one.
    """
    if not _installed:
        raise LookupError("there is no local ECS control plane to make a service")
    return _installed[-1]
