"""Numbers and names that the simulation repeats are those of the stack."""

import re
from pathlib import Path

from testgate.core.decision import MAX_TROUBLES, SHORT_DELAY_S
from testgate.core.pacing import LONGEST_DELAY_S
from tests.schedules.bus import NAMES, STATUSES
from tests.schedules.functions import PLACEHOLDERS, TIMEOUTS_S
from tests.schedules.invariants import PROMPT_S
from tests.schedules.reading import A_DISTURBANCE_S
from tests.schedules.states_language.definition import functions_of, load_shipped

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = (ROOT / "infra" / "gate.yaml").read_text()


def resource(name):
    """A resource of the template, as text."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)*)", TEMPLATE, re.MULTILINE)
    assert found is not None
    return found.group(1)


def test_functions_end_after_the_templates_time():
    for function, timeout_s in TIMEOUTS_S.items():
        logical = "".join(part.capitalize() for part in function.value.split("_"))
        assert f"Timeout: {timeout_s}\n" in resource(f"{logical}Function"), function


def test_events_reach_functions_by_the_templates_rules():
    listed = re.search(r"status: \[(.*)\]", resource("FinishRule"))
    assert listed is not None
    assert tuple(listed.group(1).split(", ")) == STATUSES
    names = re.findall(r"- ((?:SERVICE|HOOK)\w+)", resource("CancelRule"))
    assert tuple(names) == NAMES


def test_every_function_of_the_definition_can_be_run():
    named = {name.removesuffix("FunctionArn") for name in functions_of(load_shipped())}
    assert named == set(PLACEHOLDERS)


def test_what_is_excused_is_not_more_than_the_hook_may_take():
    """A lost call costs half a minute, an API that does not answer ten seconds and a short delay:
    the invariant on waiting must not allow for a whole budget of troubles each time."""
    assert A_DISTURBANCE_S < MAX_TROUBLES * SHORT_DELAY_S
    assert PROMPT_S >= 2 * LONGEST_DELAY_S
