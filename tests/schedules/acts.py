"""What operators, other tools and attackers do to a deployment under way.

Imported by the simulation alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.binding import Question
from testgate.core.config import parse_config
from testgate.core.events import POST_PRODUCTION
from testgate.core.layout import gate_key, plan_key
from testgate.core.plan import Plan
from tests.schedules.aws.balancer import RuleState, Target
from tests.schedules.aws.executions import REDRIVABLE
from tests.schedules.controller import Controller
from tests.schedules.kernel import Process
from tests.schedules.schedule import Act, ActKind
from tests.schedules.wire import revision_arn
from tests.schedules.world import World

_BETWEEN_TRIES_S = 2.0
_TRIES = 300


class Actors:
    """Carries acts out."""

    def __init__(self, world: World, controller: Controller, other_plan: Plan) -> None:
        self._world = world
        self._controller = controller
        self._other_plan = other_plan
        self._weak = other_plan.suites[0].name
        self._done: set[int] = set()
        self._kinds: Mapping[ActKind, Callable[[Act], None]] = {
            ActKind.STOP_DEPLOYMENT: lambda _: self._stop_deployment(),
            ActKind.SUPERSEDE: lambda _: self._supersede(),
            ActKind.STOP_EXECUTION: lambda _: self._stop_execution(),
            ActKind.REDRIVE: lambda _: self._redrive(),
            ActKind.START_EXECUTION: lambda _: self._start_execution(),
            ActKind.FORGE_EXECUTION: lambda _: self._forge_execution(),
            ActKind.REPUBLISH: lambda _: self._republish(),
            ActKind.SPOIL_PLAN: lambda _: self._spoil_plan(),
            ActKind.DRIFT_TEST: lambda act: self._drift(act, "test", {self._blue: 100}),
            ActKind.MIX_TEST: lambda act: self._drift(
                act, "test", {self._blue: 50, self._green: 50}
            ),
            ActKind.DRIFT_PRODUCTION: lambda act: self._drift(
                act, "production", {self._blue: 90, self._green: 10}
            ),
            ActKind.STICK: self._stick,
            ActKind.RULE_ABOVE: self._rule_above,
            ActKind.OLD_TARGET: self._old_target,
            ActKind.SICK_TARGET: self._sick_target,
        }

    def begin(self) -> None:
        """Now counts the time of acts that have one; those before an API call come with it."""
        for act in self._world.disturbing.acts:
            if act.function is None:
                self._world.kernel.spawn(str(act.kind), self._later(act), after_s=act.at)

    def act(self, act: Act) -> None:
        """Do it, once."""
        if id(act) in self._done:
            return
        self._done.add(id(act))
        self._world.note(f"somebody: {act.kind}")
        self._kinds[act.kind](act)
        self._world.balancer.changed()

    @property
    def _now_s(self) -> float:
        return self._world.kernel.now_s

    @property
    def _green(self) -> str:
        deployment = self._controller.latest
        assert deployment is not None
        return deployment.green

    @property
    def _blue(self) -> str:
        deployment = self._controller.latest
        assert deployment is not None
        return deployment.blue

    def _later(self, act: Act) -> Callable[[], None]:
        return lambda: self.act(act)

    def _undo(self, act: Act, undo: Callable[[], None]) -> Process | None:
        """Back again after a while, if it lasts only a while."""
        if act.lasts is None:
            return None

        def back() -> None:
            self._world.note(f"somebody: {act.kind} is undone")
            undo()
            self._world.balancer.changed()

        return self._world.kernel.spawn("undo", back, after_s=act.lasts)

    def _stop_deployment(self) -> None:
        if self._controller.latest is not None:
            self._controller.interrupt(self._controller.latest, "ROLLBACK")

    def _supersede(self) -> None:
        self._controller.deploy()

    def _stop_execution(self) -> None:
        for execution in tuple(self._world.executions.by_arn.values()):
            self._world.executions.stop(execution, "", "enough of this")

    def _redrive(self) -> None:
        """As soon as there is something to redrive."""

        def wait_and_redrive() -> None:
            for _ in range(_TRIES):
                for execution in tuple(self._world.executions.by_arn.values()):
                    if execution.status in REDRIVABLE:
                        self._world.executions.redrive(execution)
                        return
                self._world.kernel.sleep(_BETWEEN_TRIES_S)

        self._world.kernel.spawn("redrive", wait_and_redrive)

    def _question(self) -> Question:
        """What the hook asks, or will ask."""
        deployment = self._controller.latest
        assert deployment is not None
        return Question(
            deployment=parse_service_deployment_arn(deployment.arn),
            revision=deployment.target,
            stage=self._world.schedule.setup.stages[0],
            config=parse_config(self._controller.details),
        )

    def _start_execution(self) -> None:
        question = self._question()
        self._world.executions.start(question.execution_name, question.input_json)

    def _forge_execution(self) -> None:
        """Whoever can start executions could try to pass a deployment in advance."""
        question = self._question()
        weaker = replace(question, config=parse_config({"TEST_SUITES": [self._weak]}))
        self._world.executions.start(question.execution_name, weaker.input_json)

    def _republish(self) -> None:
        objects, plan = self._world.storage.objects, self._other_plan
        objects[plan_key(plan.digest)] = plan.json.encode()
        objects[gate_key(plan.gate)] = json.dumps({"plan": plan.digest}).encode()
        self._world.republished_s = self._now_s

    def _spoil_plan(self) -> None:
        """A plan that asks for less, where the published one lies."""
        for key in [key for key in self._world.storage.objects if key.startswith("plans/sha256/")]:
            self._world.storage.objects[key] = self._other_plan.json.encode()

    def _drift(self, act: Act, name: str, forwards: dict[str, int]) -> None:
        rules = self._world.balancer.rules
        before, drifted = rules[name], RuleState(forwards)
        rules[name] = drifted

        def back() -> None:
            if rules[name] is drifted:
                rules[name] = before

        self._undo(act, back)

    def _tested(self) -> str:
        stages = self._world.schedule.setup.stages
        return "production" if stages == (POST_PRODUCTION,) else "test"

    def _stick(self, act: Act) -> None:
        rule = self._world.balancer.rules[self._tested()]
        rule.sticky = True

        def back() -> None:
            rule.sticky = False

        self._undo(act, back)

    def _rule_above(self, act: Act) -> None:
        above, name = self._world.balancer.above, self._tested()
        above[name] = RuleState({self._blue: 1})

        def back() -> None:
            above.pop(name, None)

        self._undo(act, back)

    def _old_target(self, act: Act) -> None:
        targets = self._world.balancer.targets
        group, old = self._green, Target("10.0.0.99", revision_arn(0))
        targets[group] = [*targets[group], old]

        def back() -> None:
            targets[group] = [target for target in targets[group] if target is not old]

        self._undo(act, back)

    def _sick_target(self, act: Act) -> None:
        targets, group = self._world.balancer.targets, self._green
        if not targets[group]:
            return
        first, *rest = targets[group]
        well = Target(first.id, first.revision)
        targets[group] = [Target(first.id, first.revision, "unhealthy"), *rest]

        def back() -> None:
            targets[group] = [
                well if each.id == well.id and each.revision == well.revision else each
                for each in targets[group]
            ]

        self._undo(act, back)
