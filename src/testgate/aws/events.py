"""EventBridge: what a gate run emits when it starts, and when ECS is answered."""

from collections.abc import Mapping
from typing import Any

from testgate.aws.clients import port_errors
from testgate.core.canonical import canonical_json
from testgate.core.errors import UnavailableError

SOURCE = "testgate"
STARTED = "Testgate Gate Run Started"
ANSWERED = "Testgate Gate Run Answered"


class EventBus:
    """The account's default event bus. Raises PortError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def emit(
        self, detail: Mapping[str, object], resources: list[str], kind: str = ANSWERED
    ) -> None:
        """Publish one event of that kind."""
        entry = {
            "Source": SOURCE,
            "DetailType": kind,
            "Detail": canonical_json(detail),
            "Resources": resources,
        }
        with port_errors("emitting an event"):
            answer = self._client.put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise UnavailableError(f"emitting an event: {answer['Entries'][0]}")
