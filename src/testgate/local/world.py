"""The local AWS, assembled: one endpoint URL, behind it moto and what moto lacks.

Imported by the command line, the benchmarks and the tests. One at a time in a process, because
moto keeps its state in module globals.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from testgate.core.errors import GateError
from testgate.local.balancer import Balancer
from testgate.local.clock import ScaledClock
from testgate.local.ecs import EcsControlPlane, EcsSettings
from testgate.local.ecs.images import ImageMap
from testgate.local.events import LocalEvents
from testgate.local.hook_invoker import HookInvocations
from testgate.local.lambdas import LambdaHost
from testgate.local.lambdas.catalog import Settings
from testgate.local.moto.cloudformation import control_planes
from testgate.local.rights import Authority, Call, Guard
from testgate.local.rights.sessions import Session
from testgate.local.server import MotoServer

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """How a local AWS is to be. `time_scale` shortens bake times and callback delays alone.

    `images` is the file that maps container images to local processes; `lambda_python` an
    interpreter with boto3 and awslambdaric, by default the one that `make setup` made. Without
    `enforce_rights` roles may do anything. `ca_file` holds certificates in PEM that functions trust
    in place of the system's own.
    """

    images: Path
    port: int = 0
    region: str = DEFAULT_REGION
    time_scale: float = 1.0
    lambda_python: Path | None = None
    ecs: EcsSettings = field(default_factory=EcsSettings)
    enforce_rights: bool = True
    ca_file: Path | None = None


class LocalAws:
    """A running local AWS; close it, or use it as a context manager."""

    def __init__(self, settings: LocalSettings) -> None:
        clock = ScaledClock(scale=settings.time_scale)
        self.rights = Authority(region=settings.region, enforces=settings.enforce_rights)
        self.server = MotoServer(port=settings.port, region=settings.region)
        self.balancer = Balancer(region=settings.region)
        trusted = {"SSL_CERT_FILE": str(settings.ca_file)} if settings.ca_file else {}
        self.lambdas = LambdaHost(
            python=settings.lambda_python or lambda_python(),
            endpoint_url=lambda: self.server.url,
            region=settings.region,
            clock=clock,
            log_rights=self._may_log,
            machine={"TESTGATE_LOCAL_HOSTS": str(self.balancer.nodes.hosts_file)} | trusted,
        )
        self.ecs = EcsControlPlane(
            client=self.client,
            invoke_hook=HookInvocations(host=self.lambdas, authority=self.rights),
            images=ImageMap.load(settings.images),
            balancer=self.balancer,
            clock=clock,
            region=settings.region,
            settings=settings.ecs,
        )
        self._undo_services: Callable[[], None] = _nothing
        self.events = LocalEvents(
            host=self.lambdas, authority=self.rights, clock=clock, region=settings.region
        )

    @property
    def url(self) -> str:
        """The endpoint URL for every service."""
        return self.server.url

    def client(self, service: str) -> Any:
        """A boto3 client of this AWS."""
        return self.server.client(service)

    def __enter__(self) -> Self:
        self.balancer.install()
        self.lambdas.install()
        self.events.install(self.ecs)
        self._undo_services = control_planes.install(self.ecs)
        self.server.front.set_guard(Guard(self.rights))
        for part in (self.ecs, self.balancer, self.lambdas):
            self.server.front.add_route(part.route)
        self.server.front.add_observer(self.ecs.observe)
        self.server.start()
        self.server.reset()  # moto's state outlives a local AWS of this process before this one
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _may_log(self, function: Settings, action: str, arn: str) -> bool:
        session = Session(role_arn=function.role_arn, name=function.name)
        return self.rights.refusal(session, Call(action=action, resource=arn)) is None

    def close(self) -> None:
        """Stop everything; no process of it is left."""
        self._undo_services()
        self._undo_services = _nothing
        self.events.close()
        self.ecs.close()
        self.lambdas.close()
        self.balancer.close()
        self.server.close()


def _nothing() -> None:
    """What is left to undo once everything is."""


def lambda_python() -> Path:
    """The interpreter that `make setup` made for local functions. Raises GateError."""
    path = Path(sys.prefix) / "lambda-runtime" / "bin" / "python"
    if not path.exists():
        raise GateError(
            f"there is no Lambda runtime at {path}: run `make setup` in Testgate's repository"
        )
    return path
