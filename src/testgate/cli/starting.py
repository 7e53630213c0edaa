"""The image of a gate run, started on this machine so that a test can ask it: by Docker, or on the
local AWS by the process that stands for it there.

Imported by the command `repeat`.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testgate.core.errors import GateError

LISTENS_S = 60.0
_LOOK_S = 0.1
_ENDS_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What the recorded revision runs: image, environment, and the port it listens at."""

    image: str
    port: int
    environment: Mapping[str, str] = field(repr=False)


def container_of(ecs: Any, revision: str, image: str) -> Container:
    """The container of that image in the revision's task definition. Raises GateError, botocore's
    errors."""
    found = ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
    if not found:
        raise GateError(f"ECS knows no revision {revision} any more: give --url")
    task = ecs.describe_task_definition(taskDefinition=found[0]["taskDefinition"])
    containers = task["taskDefinition"]["containerDefinitions"]
    own = next((each for each in containers if each.get("image") == image), containers[0])
    ports = own.get("portMappings") or ()
    if not ports:
        raise GateError(f"container {own.get('name')!r} of the revision maps no port: give --url")
    return Container(
        image=str(own["image"]),
        port=int(ports[0]["containerPort"]),
        environment={each["name"]: each["value"] for each in own.get("environment") or ()},
    )


@contextmanager
def as_process(container: Container, images: Path) -> Iterator[str]:
    """The local process that stands for the image, until it is left; its URL. Raises GateError."""
    from testgate.local.ecs.images import ImageMap  # the local AWS takes a moment to import

    command = ImageMap.load(images).command_for(container.image)
    if command is None or command.missing:
        raise GateError(f"{images} maps no process to image {container.image}: give --url")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {"PORT": str(port), "IMAGE": container.image, "PATH": os.environ.get("PATH", "")}
    process = subprocess.Popen(
        command.arguments(port),
        cwd=command.cwd,
        env={**own, **container.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_it_listens(port, container.image, lambda: process.poll() is None)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def by_docker(container: Container) -> Iterator[str]:
    """The image itself, until it is left; its URL. Raises GateError."""
    if shutil.which("docker") is None:
        raise GateError(
            f"Docker is not here to start {container.image}: start it yourself and give --url"
        )
    variables = [f"{name}={text}" for name, text in container.environment.items()]
    options = [word for each in variables for word in ("--env", each)]
    publish = f"127.0.0.1::{container.port}"
    started = _docker("run", "--rm", "--detach", "--publish", publish, *options, container.image)
    try:
        port = int(
            _docker("port", started, f"{container.port}/tcp").splitlines()[0].rpartition(":")[2]
        )
        _wait_until_it_listens(port, container.image, lambda: _runs(started))
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(GateError):
            _docker("rm", "--force", started)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise GateError(f"docker {arguments[0]}: {said[-1] if said else done.returncode}")
    return done.stdout.strip()


def _runs(container: str) -> bool:
    try:
        return _docker("inspect", "--format", "{{.State.Running}}", container) == "true"
    except GateError:
        return False


def _wait_until_it_listens(port: int, image: str, lives: Any) -> None:
    deadline_s = time.monotonic() + LISTENS_S
    while time.monotonic() < deadline_s:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        if not lives():
            raise GateError(f"{image} ended before it listened")
        time.sleep(_LOOK_S)
    raise GateError(f"{image} does not listen after {LISTENS_S:.0f} s")
