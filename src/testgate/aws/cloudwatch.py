"""CloudWatch: values of metrics over a time, and the states of alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.errors import AccessDeniedError, NotFoundError, PortError, UnavailableError
from testgate.core.metrics import AlarmFacts

Points = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """A metric with its dimensions as they are, and the statistic that is wanted."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str


class CloudWatch:
    """Metrics and alarms of the account and region. Raises PortError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def values(
        self, queries: Sequence[MetricQuery], period_s: int, start: datetime, end: datetime
    ) -> tuple[Points, ...]:
        """Each metric's points from `start` (inclusive) to `end` (exclusive), in that order."""
        asked = [_spell(query, f"m{number}", period_s) for number, query in enumerate(queries)]
        found: dict[str, list[tuple[datetime, float]]] = {item["Id"]: [] for item in asked}
        complete: set[str] = set()
        with port_errors("asking for metrics"):
            pages = self._client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=asked, StartTime=start, EndTime=end, ScanBy="TimestampAscending"
            )
            results = [result for page in pages for result in page.get("MetricDataResults") or ()]
        for result in results:
            _refuse_incomplete(result)
            if result.get("StatusCode") == "Complete":
                complete.add(result["Id"])
            points = zip(result.get("Timestamps") or (), result.get("Values") or (), strict=True)
            found[result["Id"]].extend(points)
        if complete != set(found):
            raise UnavailableError("asking for metrics: CloudWatch did not give all of the data")
        return tuple(tuple(found[item["Id"]]) for item in asked)

    def alarms(self, names: Sequence[str]) -> Mapping[str, AlarmFacts]:
        """The alarms' states, by name. Raises NotFoundError if one does not exist."""
        with port_errors("looking at alarms"):
            answer = self._client.describe_alarms(
                AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100
            )
        described = [*(answer.get("MetricAlarms") or ()), *(answer.get("CompositeAlarms") or ())]
        facts = {
            item["AlarmName"]: AlarmFacts(
                state=item.get("StateValue", ""),
                since=item.get("StateTransitionedTimestamp") or item.get("StateUpdatedTimestamp"),
            )
            for item in described
        }
        missing = [name for name in names if name not in facts]
        if missing:
            raise NotFoundError(f"CloudWatch knows no alarm {missing[0]!r} here")
        return {name: facts[name] for name in names}


def _spell(query: MetricQuery, query_id: str, period_s: int) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions.items()]
    metric = {
        "Namespace": query.namespace,
        "MetricName": query.name,
        "Dimensions": dimensions,
    }
    return {
        "Id": query_id,
        "MetricStat": {"Metric": metric, "Period": period_s, "Stat": query.statistic},
        "ReturnData": True,
    }


def _refuse_incomplete(result: Mapping[str, Any]) -> None:
    """PartialData is followed by the rest on the next page."""
    status = result.get("StatusCode")
    told = "; ".join(str(item.get("Value", "")) for item in result.get("Messages") or ())
    if status == "Forbidden":
        raise AccessDeniedError(f"asking for metrics: Forbidden: {told}")
    if status == "InternalError":
        raise UnavailableError(f"asking for metrics: InternalError: {told}")
    if status not in ("Complete", "PartialData"):
        raise PortError(f"asking for metrics: status {status}: {told}")
