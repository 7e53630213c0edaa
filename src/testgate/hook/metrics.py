"""The metrics hook, one call of it: do metrics and alarms hold since the traffic has come?

All that is decided here was decided in `testgate.core.metrics`. Imported by hooks/metrics.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from testgate.aws.clients import client
from testgate.aws.cloudwatch import CloudWatch, MetricQuery
from testgate.aws.ecs import pick_entry
from testgate.core.answers import HookAnswer
from testgate.core.deadlines import EXPIRY_RESERVE_S
from testgate.core.facts import DeploymentFacts
from testgate.core.inquiry import Inquiry, Waiting
from testgate.core.kinds import METRICS
from testgate.core.layout import RunPlace, parse_check_key
from testgate.core.metrics import (
    AlarmLook,
    Result,
    decide_metrics,
    due_at,
    due_checks,
    first_window,
    look_at_alarm,
    make_checks,
    numbered,
    plan_sentence,
    spell_alarm_looks,
    stored_alarm_looks,
    worst_result,
)
from testgate.core.metrics_config import MetricsConfig, balancer_dimensions, parse_metrics
from testgate.hook.flow import Call, Decided, infra
from testgate.hook.inquiring import Inquiring, inquiring_from_environment


def metrics_from_environment(environment: Mapping[str, str], call: Call) -> "MetricsHook":
    """The hook as its function is deployed: RECORD_BUCKET names where it tells its answers."""
    return MetricsHook(
        inquiring=inquiring_from_environment(METRICS, environment, call),
        cloudwatch=CloudWatch(client("cloudwatch")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsHook:
    """One call of the hook, with everything it needs from outside."""

    inquiring: Inquiring
    cloudwatch: CloudWatch

    def answer(self, raw: object) -> HookAnswer:
        """The answer to one event; a final one has been recorded, logged and emitted."""
        return self.inquiring.answer(raw, parse_metrics, self._decide)

    def _decide(
        self, inquiry: Inquiry, config: MetricsConfig, deployment: DeploymentFacts
    ) -> Decided:
        skipped = self.inquiring.skip(inquiry, config.on_create, deployment)
        if skipped is not None:
            return skipped

        def note(asked_at: datetime) -> Waiting:
            return Waiting(
                inquiry=inquiry,
                asked_at=asked_at,
                deadline=self.inquiring.deadline(asked_at, config, deployment),
                sentence=plan_sentence(config, first_window(asked_at, config.interval_s)),
            )

        asked_at = self.inquiring.first_asked(inquiry, note)
        begin, now = first_window(asked_at, config.interval_s), self.inquiring.now()
        expires_at = deployment.expiry(self.inquiring.function_arn)
        needed = due_at(config, begin, config.checks) + timedelta(seconds=EXPIRY_RESERVE_S)
        if expires_at is not None and needed > expires_at:
            return infra(
                f"the hook's own timeout ends at {expires_at.isoformat(timespec='seconds')}, and "
                f"{config.checks} checks with {EXPIRY_RESERVE_S} s in reserve need until "
                f"{needed.isoformat(timespec='seconds')}; give it more timeoutInMinutes"
            )
        due = due_checks(config, begin, now)
        values = self._values(inquiry, config, begin, due)
        alarms = self._alarms(inquiry, config, begin, due)
        checks = make_checks(config, begin, due, values, alarms)
        return decide_metrics(config, begin, checks, now)

    def _values(
        self, inquiry: Inquiry, config: MetricsConfig, begin: datetime, due: int
    ) -> tuple[Mapping[int, float], ...]:
        """Each metric's values by check, read anew at each call."""
        if not due or not config.metrics:
            return tuple({} for _ in config.metrics)
        filling = self._filling(inquiry, config)
        queries = [
            MetricQuery(
                namespace=metric.namespace,
                name=metric.name,
                dimensions=metric.filled(filling),
                statistic=metric.statistic,
            )
            for metric in config.metrics
        ]
        end = begin + timedelta(seconds=due * config.interval_s)
        found = self.cloudwatch.values(queries, config.interval_s, begin, end)
        return tuple(numbered(config, begin, points) for points in found)

    def _filling(self, inquiry: Inquiry, config: MetricsConfig) -> dict[str, str]:
        """What placeholders in dimensions stand for."""
        filling = {
            "CLUSTER": inquiry.deployment.cluster,
            "SERVICE": inquiry.deployment.service,
            "REVISION": inquiry.revision_id,
        }
        if any(metric.needs_balancer for metric in config.metrics):
            entry = pick_entry(self.inquiring.ecs.revision(inquiry.revision), config.container)
            filling |= balancer_dimensions(entry.resolved_group, entry.production_rule)
        return filling

    def _alarms(
        self, inquiry: Inquiry, config: MetricsConfig, begin: datetime, due: int
    ) -> Mapping[int, Mapping[str, AlarmLook]]:
        """What was made of the alarms at each check. A state has no past to be asked for, so each
        look is stored once, where this hook's role alone writes."""
        if not config.alarms or not due:
            return {}
        place, bucket = self.inquiring.place(inquiry), self.inquiring.answering.bucket
        stored: dict[int, set[Result]] = {}
        for key in bucket.keys(place.checks):
            told = parse_check_key(key)
            if told is not None:
                stored.setdefault(told[0], set()).add(Result(told[1]))
        for number in [number for number in range(1, due + 1) if number not in stored]:
            stored[number] = {self._look(place, config, begin, number)}
        looks = {}
        for number in range(1, due + 1):
            result = worst_result(stored[number])
            document = (
                None
                if result is Result.GOOD
                else bucket.get_json(place.check(number, result.value))
            )
            looks[number] = stored_alarm_looks(config, result, document)
        return looks

    def _look(self, place: RunPlace, config: MetricsConfig, begin: datetime, number: int) -> Result:
        """Look at the alarms for one check, and store what was seen."""
        now = self.inquiring.now()
        facts = self.cloudwatch.alarms(config.alarms)
        due = due_at(config, begin, number)
        looks = {name: look_at_alarm(config, facts[name], due, now) for name in config.alarms}
        result = worst_result(look.result for look in looks.values())
        self.inquiring.refuse_if_abandoned()
        self.inquiring.answering.bucket.put_json_once(
            place.check(number, result.value), spell_alarm_looks(number, now, looks)
        )
        return result
