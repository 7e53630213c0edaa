"""Green's own word as a model: what the load balancer would have answered, without a request.

The rest of ask_green's step is real: the inquiry, the answers' form and their judgement. Imported
by the model of the runner's function.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from testgate.core.deadlines import ASK_S, remaining_s
from testgate.core.handoff import parse_time
from testgate.core.identity_answers import TIMES, Answer, answers_problem, parse_inquiry
from tests.schedules.aws.balancer import PORTS
from tests.schedules.aws.caller import Caller
from tests.schedules.journal import Look
from tests.schedules.world import World

_ADDRESS = "10.0.9.9"
_ANSWERS_IN_S = 0.05


def answer_inquiry(world: World, caller: Caller, event: Mapping[str, Any]) -> dict[str, object]:
    """As the step of that name."""
    inquiry = parse_inquiry(event["inquiry"])
    left_s = min(ASK_S, remaining_s(parse_time(event["until"]), world.kernel.now()))
    port = urlsplit(event["run"]["base_url"]).port
    rule = next(name for name, number in PORTS.items() if number == port)
    answers = tuple(_answer(world, caller, rule, turn, left_s) for turn in range(TIMES))
    return {
        "holds": answers_problem(inquiry, answers, event["when"]) is None,
        "answers": [answer.spell() for answer in answers],
    }


def _answer(world: World, caller: Caller, rule: str, turn: int, left_s: float) -> Answer:
    """Several revisions behind a rule answer in turns."""
    if left_s <= turn * _ANSWERS_IN_S:
        return Answer(address=_ADDRESS, problem="the gate's time was over")
    caller.sleep(_ANSWERS_IN_S)
    epoch = world.journal.epochs[-1]
    serving = sorted(epoch.production if rule == "production" else epoch.test)
    if not serving:
        return Answer(address=_ADDRESS, problem="nothing answered")
    revision = serving[turn % len(serving)]
    look = Look(
        execution=caller.execution,
        about=f"answer {rule}",
        shown=frozenset({revision}),
        at_s=world.kernel.now_s,
    )
    caller.looks.append(look)
    world.journal.looks.append(look)
    return Answer(address=_ADDRESS, status=200, value=revision.rpartition("/")[2])
