"""The kinds of hooks: what each is called, and at which lifecycle stages it can answer.

Standard library only; imported by decisions, shells and what stores their answers.
"""

from dataclasses import dataclass

from testgate.core.events import GATED_STAGES, POST_PRODUCTION, POST_TEST

PRE_SCALE_UP = "PRE_SCALE_UP"
POST_SCALE_UP = "POST_SCALE_UP"
PRE_PRODUCTION = "PRE_PRODUCTION_TRAFFIC_SHIFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookKind:
    """`name` stands in answers and names runs; `title` in sentences, with its article."""

    name: str
    title: str
    stages: tuple[str, ...]


TEST_GATE = HookKind(name="test-gate", title="a test gate", stages=GATED_STAGES)
# Once tasks run it is too late to admit them.
ADMISSION = HookKind(name="admission", title="an admission hook", stages=(PRE_SCALE_UP,))
APPROVAL = HookKind(
    name="approval",
    title="an approval hook",
    stages=(PRE_SCALE_UP, POST_SCALE_UP, POST_TEST, PRE_PRODUCTION, POST_PRODUCTION),
)
# From the first stage at which the new revision has traffic to be measured.
METRICS = HookKind(
    name="metrics", title="a metrics hook", stages=(POST_TEST, PRE_PRODUCTION, POST_PRODUCTION)
)
