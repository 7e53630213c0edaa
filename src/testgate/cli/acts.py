"""The demo's acts: one deployment each, what is done to it, and how it must end.

Imported by the demo.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from testgate.core.outcomes import Outcome
from testgate.local.site import Client, Site

PROMOTED, ROLLED_BACK = "SUCCESSFUL", "ROLLBACK_SUCCESSFUL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meddling:
    """Something done to a running deployment when its gate run enters a state."""

    state: str
    says: str
    act: Callable[[Client, Site, str], None]  # with the execution's ARN


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One deployment of the demo. `gate` names a gate file below test_suites/."""

    title: str
    says: str
    version: str
    gate: str = "testgate.toml"
    environment: Mapping[str, str] = field(default_factory=dict)
    meddling: Meddling | None = None
    must_end: str = ROLLED_BACK
    must_be: Outcome = Outcome.FAILED
    production_must_be: str = "1.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an act ended."""

    act: Act
    arn: str
    status: str
    outcome: Outcome
    sentence: str
    production: str
    took_s: float

    @property
    def as_it_must(self) -> bool:
        """Whether deployment, verdict and production are what the act promises."""
        return (self.status, self.outcome, self.production) == (
            self.act.must_end,
            self.act.must_be,
            self.act.production_must_be,
        )


def _drift(client: Client, site: Site, _execution_arn: str) -> None:
    groups = [{"TargetGroupArn": group, "Weight": 50} for group in site.groups]
    client("elbv2").modify_rule(
        RuleArn=site.test_rule,
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
    )


def _stop(client: Client, _site: Site, execution_arn: str) -> None:
    client("stepfunctions").stop_execution(
        executionArn=execution_arn, error="Operator", cause="stopped by an operator"
    )


ACTS = (
    Act(
        title="create",
        says="Create the service with version 1.0.0",
        version="1.0.0",
        must_end=PROMOTED,
        must_be=Outcome.PASSED,
        production_must_be="1.0.0",
    ),
    Act(
        title="promote",
        says="Promote version 1.1.0, which is good",
        version="1.1.0",
        must_end=PROMOTED,
        must_be=Outcome.PASSED,
    ),
    Act(
        title="refuse",
        says="Refuse version 1.2.0, whose checkout fails",
        version="1.2.0",
        environment={"SHOP_FAULT": "checkout"},
    ),
    Act(
        title="no tests",
        says="Refuse a suite that collects nothing",
        version="1.3.0",
        gate="counterexamples/nothing.toml",
        must_be=Outcome.SUITE_ERROR,
    ),
    Act(
        title="elsewhere",
        says="Refuse a suite that passes without asking the new version",
        version="1.3.1",
        gate="counterexamples/elsewhere.toml",
        must_be=Outcome.SUITE_ERROR,
    ),
    Act(
        title="drift",
        says="Refuse when the test listener's weights drift while tests run",
        version="1.4.0",
        environment={"SHOP_FAULT": "slow", "SHOP_DELAY_S": "0.05"},
        meddling=Meddling(state="RunSuite", says="somebody resets the weights", act=_drift),
        must_be=Outcome.INFRA_ERROR,
    ),
    Act(
        title="stopped",
        says="Refuse a gate run that is stopped in the middle",
        version="1.5.0",
        environment={"SHOP_FAULT": "slow", "SHOP_DELAY_S": "0.2"},
        meddling=Meddling(state="RunSuite", says="an operator stops the execution", act=_stop),
        must_be=Outcome.ABORTED,
    ),
)
