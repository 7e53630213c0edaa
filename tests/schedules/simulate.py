"""Runs one schedule to its end, in virtual time, and hands back what happened."""

import contextlib
import io
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from testgate.core.identity_check import IdentityCheck
from testgate.core.layout import gate_key, plan_key, suite_bundle_key, suite_key
from testgate.core.plan import Plan, Suite
from tests.schedules.acts import Actors
from tests.schedules.aws.balancer import Balancer
from tests.schedules.aws.deployments import Deployments
from tests.schedules.aws.executions import Executions
from tests.schedules.aws.storage import Storage
from tests.schedules.bus import Bus
from tests.schedules.controller import Controller
from tests.schedules.disturbing import Disturbing
from tests.schedules.functions import Functions
from tests.schedules.journal import Journal
from tests.schedules.kernel import Kernel
from tests.schedules.leavings import MIN_TESTS
from tests.schedules.schedule import GateName, Schedule, SuiteSpec
from tests.schedules.states_language.definition import load_shipped
from tests.schedules.suites import SuiteModel
from tests.schedules.world import World

GATE = "shop"
BUNDLE = "sha256:" + "b" * 64
OTHER_SUITE = SuiteSpec(name="second")  # all that a republished gate consists of
_CHECK = IdentityCheck(path="/version", jmespath="revision", expect="{revision}")
HORIZON_S = 40_000.0  # eleven hours: past every deadline that a schedule can have


@dataclass(frozen=True, slots=True)
class Happened:
    """A schedule and its end."""

    schedule: Schedule
    world: World

    @property
    def journal(self) -> Journal:
        return self.world.journal


@cache
def _definition() -> Mapping[str, Any]:
    return load_shipped()


def simulate(schedule: Schedule) -> Happened:
    """Everything that follows from a schedule. Raises what breaks the simulation itself."""
    kernel, disturbing, journal, storage = Kernel(), Disturbing(schedule), Journal(), Storage()
    bus = Bus(kernel, disturbing, journal)
    world = World(
        schedule=schedule,
        kernel=kernel,
        disturbing=disturbing,
        journal=journal,
        storage=storage,
        balancer=Balancer(journal, lambda: kernel.now_s),
        deployments=Deployments(
            kernel=kernel,
            disturbing=disturbing,
            journal=journal,
            expiry_told=schedule.setup.expiry_told,
            continues=schedule.setup.continues,
            publish=bus.publish,
        ),
        executions=Executions(_definition(), kernel, disturbing, journal, bus.publish),
        plan=plan_of(schedule.suites, asks=schedule.setup.asks_identity),
    )
    specs = {spec.name: spec for spec in (*schedule.suites, OTHER_SUITE)}
    functions = Functions(world, SuiteModel(world, specs))
    world.executions.invoke = functions.invoke_from_machine
    bus.run = functions.run
    _publish(world)
    controller = Controller(world, _details(world))
    actors = Actors(world, controller, plan_of((OTHER_SUITE,)))
    world.act = actors.act
    kernel.spawn("begin", lambda: _begin(controller, actors))
    with contextlib.redirect_stdout(io.StringIO()) as printed, _quiet():
        kernel.run(HORIZON_S)
    journal.logged.extend(printed.getvalue().splitlines())
    return Happened(schedule, world)


def _begin(controller: Controller, actors: Actors) -> None:
    world = controller.world
    controller.deploy()
    world.kernel.wait(controller.asked, timeout_s=HORIZON_S)
    world.disturbing.began_s = world.kernel.now_s
    actors.begin()


@contextlib.contextmanager
def _quiet() -> Any:
    """What steps log is no news here."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def plan_of(specs: tuple[SuiteSpec, ...], *, asks: bool = False) -> Plan:
    """The plan that publishing these suites makes."""
    waves = sorted({spec.wave for spec in specs})
    return Plan(
        gate=GATE,
        identity=_CHECK if asks else None,
        waves=tuple(tuple(_suite(spec) for spec in specs if spec.wave == wave) for wave in waves),
    )


def _suite(spec: SuiteSpec) -> Suite:
    return Suite(
        name=spec.name,
        bundle=BUNDLE,
        timeout_s=spec.timeout_s,
        min_tests=MIN_TESTS * spec.shards,
        blocking=spec.blocking,
        shards=spec.shards,
        attempts=spec.attempts,
    )


def _publish(world: World) -> None:
    plan, objects = world.plan, world.storage.objects
    objects[plan_key(plan.digest)] = plan.json.encode()
    objects[gate_key(GATE)] = json.dumps({"plan": plan.digest}).encode()
    for suite in (*plan.suites, *plan_of((OTHER_SUITE,)).suites):
        objects[suite_key(suite.name)] = json.dumps(suite.spell()).encode()
        objects[suite_bundle_key(suite.bundle)] = b"zip"


def _details(world: World) -> dict[str, Any]:
    """The hookDetails that the service is configured with."""
    setup = world.schedule.setup
    details: dict[str, Any] = {"TIMEOUT_SECONDS": setup.timeout_s}
    match setup.gate:
        case GateName.BY_NAME:
            details["GATE"] = GATE
        case GateName.PINNED:
            details["GATE"] = f"{GATE}@{world.plan.digest}"
        case GateName.BY_SUITES:
            details["TEST_SUITES"] = world.suite_names
    return {**details, "ON_CREATE": "skip"} if setup.skips_first else details
