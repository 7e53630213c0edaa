"""Rules whose Lambda targets are invoked, where moto answers every publisher with a 500.

moto's own matcher says whether a rule matches, and moto serves all other targets. Imported by this
package alone.
"""

import copy
import json
import logging
from collections.abc import Callable
from typing import Any

import moto.events.models as events_models
from moto.events.models import Rule

from testgate.local.lambdas import LambdaError, LambdaHost
from testgate.local.rights import Authority, Call

_log = logging.getLogger(__name__)
_SERVICE = "events.amazonaws.com"
_served: list[tuple[LambdaHost, Authority]] = []  # the last one installed serves


def install(host: LambdaHost, authority: Authority) -> Callable[[], None]:
    """Let rules made from now on invoke functions on `host`; returns what undoes it."""
    before = events_models.Rule
    serving = (host, authority)
    _served.append(serving)
    events_models.Rule = ServedRule

    def undo() -> None:
        _served.remove(serving)
        events_models.Rule = before

    return undo


class ServedRule(Rule):  # type: ignore[misc]
    """moto's rule with Lambda targets, and without what a disabled or scheduled rule never does."""

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.get_pattern():
            return
        if not self.event_pattern.matches_event(original_event):
            return
        for target in list(self.targets):
            if ":lambda:" in target["Arn"]:
                self._invoke(target, original_event)
            else:
                alone = copy.copy(self)
                alone.targets = [target]
                Rule.send_to_targets(alone, original_event, transform_input)

    def _invoke(self, target: dict[str, Any], event: Any) -> None:
        """As EventBridge: asynchronously, and only with the function's own permission."""
        if not _served:
            return
        host, authority = _served[-1]
        arn = target["Arn"]
        call = Call(action="lambda:InvokeFunction", resource=arn)
        refusal = authority.refusal_of_service(_SERVICE, self.arn, call)
        if refusal is not None:
            _log.warning("rule %s may not invoke %s: %s", self.name, arn, refusal)
            return
        payload = target["Input"].encode() if "Input" in target else json.dumps(event).encode()
        try:
            host.invoke_event(arn, payload)
        except LambdaError as exc:
            _log.warning("rule %s could not invoke %s: %s", self.name, arn, exc)
