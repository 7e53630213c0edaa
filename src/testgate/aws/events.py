"""EventBridge: the one event that a verdict emits."""

from collections.abc import Mapping
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.canonical import canonical_json
from testgate.core.errors import UnavailableError

SOURCE = "testgate"
DETAIL_TYPE = "Testgate Gate Run Answered"


class EventBus:
    """The account's default event bus. Raises PortError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def emit(self, detail: Mapping[str, object], resources: list[str]) -> None:
        """Publish one verdict."""
        entry = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": canonical_json(detail),
            "Resources": resources,
        }
        with port_errors("emitting the verdict"):
            answer = self._client.put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise UnavailableError(f"emitting the verdict: {answer['Entries'][0]}")
