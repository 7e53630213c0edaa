"""Which process a container is, with which environment and ports.

Imported by `testgate.local.ecs` alone.
"""

import json
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.core.redaction import MARK, redact
from testgate.local.ecs.images import (
    STAND_IN,
    ImageCommand,
    ImageMap,
    digest_of,
    repository_of,
    tag_of,
)
from testgate.local.ecs.processes import ProcessSpec

HOST = "127.0.0.1"
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")


class TaskStartError(Exception):
    """The task cannot start; the message is its stoppedReason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlan:
    """`ports` maps containerPort to the loopback port; `stand_in` if nobody mapped the image."""

    spec: ProcessSpec
    ports: Mapping[int, int]
    stand_in: bool


def plan_container(
    definition: Mapping[str, Any], images: ImageMap, task_definition_arn: str
) -> ContainerPlan:
    """The process for a container definition.

    Raises:
        TaskStartError: the image is marked as missing, or secrets would have to be resolved.
    """
    image = str(definition["image"])
    command = images.command_for(image)
    if command is not None and command.missing:
        raise TaskStartError(
            f"CannotPullContainerError: {images.source} says that image {image} is missing"
        )
    ports = _ports(definition)
    if command is None:
        environment = _stand_in_environment(definition, ports, images, task_definition_arn)
        return ContainerPlan(spec=_spec(STAND_IN, ports, environment), ports=ports, stand_in=True)
    _refuse_secrets(definition)
    environment = task_environment(definition, ports, os.environ)
    return ContainerPlan(spec=_spec(command, ports, environment), ports=ports, stand_in=False)


def _spec(
    command: ImageCommand, ports: Mapping[int, int], environment: Mapping[str, str]
) -> ProcessSpec:
    port = next(iter(ports.values()), None)
    return ProcessSpec(arguments=command.arguments(port), cwd=command.cwd, environment=environment)


def _ports(definition: Mapping[str, Any]) -> dict[int, int]:
    mappings = definition.get("portMappings") or []
    return {int(m["containerPort"]): free_port() for m in mappings if "containerPort" in m}


def task_environment(
    definition: Mapping[str, Any], ports: Mapping[int, int], parent: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a container's process.

    Search path and locale of this process, the container definition's own, `IMAGE`, and `PORT`:
    the real port of the first port mapping (`PORT_<containerPort>` for each).
    """
    environment = {name: parent[name] for name in _KEPT_VARIABLES if name in parent}
    # Without it the last lines of a stopped Python process would be lost in its buffer.
    environment["PYTHONUNBUFFERED"] = "1"
    for pair in definition.get("environment") or []:
        environment[pair["name"]] = pair["value"]
    environment["IMAGE"] = str(definition["image"])
    for container_port, port in ports.items():
        environment[f"PORT_{container_port}"] = str(port)
    if ports:
        environment["PORT"] = str(next(iter(ports.values())))
    return environment


def _stand_in_environment(
    definition: Mapping[str, Any],
    ports: Mapping[int, int],
    images: ImageMap,
    task_definition_arn: str,
) -> dict[str, str]:
    """What a stand-in sees: what it shows, and its ports; nothing that looks like a secret."""
    bare = {**definition, "environment": []}
    return {
        **task_environment(bare, ports, os.environ),
        "TESTGATE_STAND_IN": json.dumps(shown(definition, images, task_definition_arn)),
    }


def shown(
    definition: Mapping[str, Any], images: ImageMap, task_definition_arn: str
) -> dict[str, object]:
    """What a stand-in answers with; values that look like credentials are taken out."""
    image = str(definition["image"])
    environment = {
        pair["name"]: _without_credentials(pair["name"], pair["value"])
        for pair in definition.get("environment") or []
    }
    secrets = {secret["name"]: MARK for secret in definition.get("secrets") or []}
    return {
        "standIn": stand_in_note(image, images),
        "image": image,
        "repository": repository_of(image),
        "tag": tag_of(image),
        "digest": digest_of(image),
        "container": str(definition["name"]),
        "taskDefinition": task_definition_arn,
        "environment": environment | secrets,
    }


def stand_in_note(image: str, images: ImageMap) -> str:
    """Says that a stand-in answers, and how to put something else in its place."""
    return (
        f"No local process is mapped to image {image}: a stand-in answers in its place. "
        f'Map one by [images."{repository_of(image)}"] in {images.source}.'
    )


def _without_credentials(name: str, value: str) -> str:
    probe = f"{name}=probe"
    return MARK if redact(probe) != probe else redact(value)


_handed_out: set[int] = set()
_handed_out_lock = threading.Lock()


def free_port() -> int:
    """A loopback port that is free now and was not handed out before while others were free."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        with _handed_out_lock:
            if port not in _handed_out:
                _handed_out.add(port)
                return port
    with _handed_out_lock:
        _handed_out.clear()
    return port


def _refuse_secrets(definition: Mapping[str, Any]) -> None:
    if definition.get("secrets"):
        raise TaskStartError(
            "ResourceInitializationError: unable to pull secrets or registry auth: the local ECS "
            f"does not resolve secrets (container {definition['name']})"
        )
